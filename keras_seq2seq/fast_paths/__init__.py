"""Versions of a few functions that a backend computes faster than `keras.ops` does."""
