"""GRU."""

import keras

from keras_seq2seq.layers.cells.keras_cell import KerasCell


@keras.saving.register_keras_serializable(package="keras_seq2seq")
class GRU(KerasCell, keras.layers.GRU):
    """`keras.layers.GRU` as a `StepLayer`; its state is [h].

    Reference: [Cho et al., 2014](https://arxiv.org/abs/1406.1078), section 2.3.
    """
