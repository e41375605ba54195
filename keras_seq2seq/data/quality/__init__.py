"""What is wrong with pairs that can be read, and which of them to hold out."""
