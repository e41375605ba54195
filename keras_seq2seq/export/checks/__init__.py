"""What an artefact must pass before it gets its name."""
