"""Corpora that are too large for memory: read in parts, tokenised once, read from disk.

The ids lie in plain `.npy` files: NumPy maps them, and an operator of TensorFlow opens them, which
makes any order of rows possible without Python. TFRecord files are read from their beginning only,
which allows neither the order that runs in memory have nor a start in the midst of it; array_record
allows both, but is read by Python.
"""
