"""What the command line shows while it works, and what it keeps off the screen."""
