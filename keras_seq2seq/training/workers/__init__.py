"""Several devices and several processes as one run: who they are, and what they agree upon."""
