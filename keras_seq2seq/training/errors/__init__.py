"""What ends a run before its time."""
