"""Tells a dataset which epoch it is in."""

from __future__ import annotations

import keras


class EpochCounter(keras.callbacks.Callback):
    """The number of the epoch, set by `fit` and read by the dataset.

    `fit` makes more iterators of a dataset than there are epochs (one more at the end of each
    epoch, and one to build the model), and starts at a later epoch when it resumes. A dataset
    that counted its iterators would therefore deliver an order that depends on such details.
    With this callback the order of epoch n depends on the seed and on n alone, and a resumed
    run sees what an unbroken one would have seen.

    Args:
        epoch: int. The epoch before `fit` sets it. Defaults to 0.

    Example:

    ```python
    counter = EpochCounter()
    dataset = make_dataset(pairs, source_tokenizer, target_tokenizer, epoch_counter=counter)
    model.fit(dataset, epochs=10, initial_epoch=4, callbacks=[counter])
    ```
    """

    def __init__(self, epoch: int = 0):
        super().__init__()
        self.epoch = epoch

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch
