"""What goes wrong when artefacts are written or read."""


class ExportError(ValueError):
    """An artefact cannot be written or read, or does not do what the model does."""
