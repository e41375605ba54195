"""The plain recurrence of the seed: h = tanh(W x + U h)."""

import keras

from keras_seq2seq.layers.cells.keras_cell import KerasCell


@keras.saving.register_keras_serializable(package="keras_seq2seq")
class SimpleRNN(KerasCell, keras.layers.SimpleRNN):
    """`keras.layers.SimpleRNN` as a `StepLayer`; its state is [h].

    Args:
        units, go_backwards, recurrent_dropout: see `StepLayer`.
        use_cudnn: any. Of no effect: no such kernel is used.
    """

    def __init__(self, units: int, use_cudnn: bool | str = "auto", **kwargs):
        super().__init__(units, **kwargs)
