"""The checkpoints of a run for those who do not write."""

from keras_seq2seq.training.recovery.checkpoint import Checkpoint
from keras_seq2seq.training.recovery.checkpoint_store import CheckpointStore


class FollowedStore(CheckpointStore):
    """Checkpoints that the chief writes: this process reads them."""

    def save(self, checkpoint: Checkpoint) -> None:
        pass

    def clear(self) -> None:
        pass

    def remove_leftovers(self) -> None:
        pass
