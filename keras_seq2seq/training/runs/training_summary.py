"""What a run came to."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class TrainingSummary:
    """What a run came to.

    Attributes:
        epochs: How many were run.
        best_epoch: The one whose weights were kept, counted from 1.
        valid_loss: Its validation loss, nats per token.
        valid_perplexity: The exponential of that, without label smoothing.
        seconds: Time spent in `fit`.
        parameters: Their number.
    """

    epochs: int
    best_epoch: int
    valid_loss: float
    valid_perplexity: float
    seconds: float
    parameters: int
