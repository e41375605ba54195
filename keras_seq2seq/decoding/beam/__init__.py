"""Beam search in its parts."""
