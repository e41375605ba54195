"""Which pairs make a batch, and how it comes to the model."""
