"""What a step has come to, under JAX."""

import keras

from keras_seq2seq.specs.known_names import KnownNames
from keras_seq2seq.training.messages import Logs


class StateOfStep(KnownNames, keras.callbacks.Callback):
    """Lets the other callbacks see weights behind a step: under JAX `fit` keeps them to itself."""

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        self.model.jax_state_sync()
