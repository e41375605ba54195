"""Back to the last good state after a loss that is not finite."""

import math
from dataclasses import dataclass, replace
from typing import Any

from keras_seq2seq.data.sentence_pairs import SentencePairs
from keras_seq2seq.training.errors import NonFiniteLoss, TrainingError
from keras_seq2seq.training.messages import Say, quiet
from keras_seq2seq.training.recovery.checkpoint import Checkpoint
from keras_seq2seq.training.recovery.checkpoint_store import CheckpointStore
from keras_seq2seq.training.recovery.progress import Progress
from keras_seq2seq.training.run_directory import RunDirectory

ATTEMPTS = 3
_MEND = (
    "Lower training.learning_rate, set training.clip_norm = 1, or use "
    'training.precision = "float32".'
)


@dataclass
class Rollback:
    """Prepares the way around a batch whose loss or gradient is not finite.

    The last checkpoint that was not made by the clock is written anew with a lower learning
    rate and without that batch, so that training, started from it, goes around; if that does
    not help, the one before it. Since their places depend on the configuration alone, a run that
    is killed at any moment of this takes the same course. All such batches are listed in
    `bad_batches.json`.

    Args:
        run: Where `bad_batches.json` is written.
        store: The checkpoints.
        pairs: What the batches are made of.
        say: Is given each message for the user.

    Raises:
        TrainingError: it is the third time in a row, or there is nothing to go back to.
    """

    run: RunDirectory
    store: CheckpointStore
    pairs: SentencePairs
    say: Say = quiet

    def prepare(self, failure: NonFiniteLoss, batches: int) -> Checkpoint:
        """Returns the checkpoint to start from, saved already; an epoch has so many batches."""
        candidates = list(self.store.readable(timed=False))
        if not candidates:
            raise TrainingError(f"{failure} There is no checkpoint to go back to. {_MEND}")
        known = candidates[0].progress
        progress = known.roll_back(failure)
        candidates = [c for c in candidates if progress.leaves_something(c.place, batches)]
        if not candidates:
            raise TrainingError(f"{failure} No other batch is left to train on. {_MEND}")
        # Where the last one did not help, it was none of the good states itself.
        checkpoint = candidates[min(known.rollbacks_in_a_row, len(candidates) - 1)]
        progress = progress.at(*checkpoint.place)
        records = (*progress.bad_batches, self._record(failure, progress))
        checkpoint.state.update(replace(progress, bad_batches=records).to_state())
        try:
            self.run.write_json(self.run.bad_batches.name, records)
            self.store.save(checkpoint)
        except OSError as error:  # this process knows the way all the same
            self.say(f"The rollback could not be written down: {error}. Training goes on.")
        if progress.rollbacks_in_a_row >= ATTEMPTS:
            raise TrainingError(
                f"{failure} This was the third time in a row, with an ever lower learning rate. "
                f"{_MEND} The batches are listed in {self.run.bad_batches}."
            )
        self.say(
            f"{failure} Back to epoch {progress.epoch + 1}, batch {progress.batch + 1}, with "
            f"{progress.learning_rate_factor:g} times the learning rate and without that batch; "
            f"see {self.run.bad_batches.name}"
        )
        return checkpoint

    def _record(self, failure: NonFiniteLoss, progress: Progress) -> dict[str, Any]:
        figures = {"loss": failure.loss, "gradient_norm": failure.gradient_norm}
        finite = {k: v if v is None or math.isfinite(v) else str(v) for k, v in figures.items()}
        return {
            "epoch": failure.epoch + 1,
            "batch": failure.batch + 1,
            **finite,
            "back_to": {"epoch": progress.epoch + 1, "batch": progress.batch + 1},
            "learning_rate_factor": progress.learning_rate_factor,
            "pairs": [
                {"number": n, "source": self.pairs.sources[n], "target": self.pairs.targets[n]}
                for n in failure.pairs
            ],
        }
