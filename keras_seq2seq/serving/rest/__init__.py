"""TensorFlow Serving's REST API, version 1."""
