"""What a run came to."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class TrainingSummary:
    """What a run came to.

    Attributes:
        epochs: int. Epochs that were run.
        best_epoch: int. The epoch whose weights were kept, counted from 1.
        valid_loss: float. Its validation loss, nats per token.
        valid_perplexity: float.
        seconds: float. Time spent in `fit`.
        parameters: int.
    """

    epochs: int
    best_epoch: int
    valid_loss: float
    valid_perplexity: float
    seconds: float
    parameters: int
