"""A method as a Keras model, so that every backend compiles it."""

import keras


class CompiledMethod(keras.Model):
    """Runs a function over tensors as `call`: `predict_on_batch` compiles it on any backend.

    Args:
        owner: the `keras.Model` whose weights the function uses.
        function: callable that takes the inputs by name.

    Call arguments:
        inputs: dict of tensors with batch axis B.

    Returns:
        What the function returns: a nest of tensors with batch axis B.
    """

    def __init__(self, owner, function, **kwargs):
        super().__init__(**kwargs)
        self.owner = owner
        self.function = function

    def call(self, inputs):
        return self.function(**inputs)

    def predict_on_batch(self, x):
        """The outputs of a batch; in the scope of a strategy each device computes all of them."""
        rows = len(next(iter(x.values())))
        return keras.tree.map_structure(lambda array: array[:rows], super().predict_on_batch(x))
