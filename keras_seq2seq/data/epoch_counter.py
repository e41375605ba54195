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

    A run that was broken off in the midst of an epoch goes on with `EpochCounter(epoch, batch)`
    and `fit(..., initial_epoch=epoch)`: the dataset leaves out the first `batch` batches of that
    epoch, without the work of making them, and gives the later epochs in full. `fit` then warns
    once that its input ran out of data, because the first epoch is shorter than the others.

    Args:
        epoch: int. The epoch before `fit` sets it. Defaults to 0.
        batch: int. Batches to leave out at the beginning of that epoch. Defaults to 0.

    Example:

    ```python
    counter = EpochCounter()
    dataset = make_dataset(pairs, source_tokenizer, target_tokenizer, epoch_counter=counter)
    model.fit(dataset, epochs=10, initial_epoch=4, callbacks=[counter])
    ```
    """

    def __init__(self, epoch: int = 0, batch: int = 0):
        super().__init__()
        self.epoch = epoch
        self.batch = batch

    def on_epoch_begin(self, epoch, logs=None):
        if epoch != self.epoch:
            self.epoch, self.batch = epoch, 0
