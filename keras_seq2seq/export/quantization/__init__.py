"""Smaller numbers in `.tflite` files, and what they cost in quality."""
