"""A directory that TensorFlow Serving can be started in, and a card that tells of the model."""
