"""What is looked at in files from elsewhere before a library reads them."""
