"""Whether training changes anything at all."""

import math

import keras

from keras_seq2seq.objective.recoverable_optimizer import loss_scale_of
from keras_seq2seq.specs.known_names import KnownNames
from keras_seq2seq.training.messages import Logs, Say, quiet


class LearningWatch(KnownNames, keras.callbacks.Callback):
    """Counts the steps that the optimizer applied, and tells an epoch in which it did little.

    With a loss scale (`mixed_float16`) a step whose gradients overflow is left out and the scale
    is halved. Once it is 0 no step will be applied any more, and training ends with the epoch. An
    epoch whose validation perplexity is beyond any number is told, too.

    Args:
        say: Is given each message for the user.

    Attributes:
        steps: int. Batches since the run began.
        applied: int. Those behind which the weights were updated.

    Example:

    ```python
    watch = LearningWatch(say=print)
    model.fit(dataset, callbacks=[watch])
    watch.applied, watch.steps
    ```
    """

    checkpointed = ("steps", "before")

    def __init__(self, say: Say = quiet):
        super().__init__()
        self.say = say
        self.steps = 0
        self.before = [0, 0]  # steps and applied ones when the epoch began

    @property
    def applied(self) -> int:
        # Checkpoints of earlier versions do not know how many batches there were.
        return min(int(self.model.optimizer.iterations.numpy()), self.steps)

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        self.steps += 1

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        steps, applied = self.steps - self.before[0], self.applied - self.before[1]
        scale = loss_scale_of(self.model.optimizer)
        if scale is not None and applied < steps / 2:
            self.say(
                f"Epoch {epoch + 1}: {steps - applied:,} of {steps:,} steps were left out, because "
                f"gradients overflow in float16 (loss scale {scale:g})."
            )
        if scale == 0.0:
            self.model.stop_training = True
        perplexity = (logs or {}).get("val_perplexity", 0.0)
        if not math.isfinite(perplexity):
            self.say(f"Epoch {epoch + 1}: the validation perplexity is {perplexity:g}.")
        self.before = [self.steps, self.applied]
