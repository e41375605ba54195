"""Versions of models: found, loaded, swapped and unloaded while requests go on."""
