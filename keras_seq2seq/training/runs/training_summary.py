"""What a run came to."""

import dataclasses
import math


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
        steps: Batches in all.
        applied_steps: Those behind which the weights were updated: fewer where gradients
            overflow in float16.
        problem: Why the model is of no use, or hardly any; blank if nothing is known against it.
    """

    epochs: int
    best_epoch: int
    valid_loss: float
    valid_perplexity: float
    seconds: float
    parameters: int
    steps: int = 0
    applied_steps: int = 0
    problem: str = ""


def judge(summary: TrainingSummary, vocabulary_size: int) -> tuple[str, bool]:
    """What is to be said against a run, blank if nothing; and whether it has learnt at all.

    Whoever guesses among V tokens has the perplexity V. A run that is no better may just be
    short, and is warned; one without a step or a finite figure has learnt nothing.
    """
    perplexity = summary.valid_perplexity
    if summary.steps and not summary.applied_steps:
        return (
            f"Nothing was learnt: none of {summary.steps:,} steps was applied, because all "
            'gradients overflow in float16. Use training.precision = "float32" or '
            '"mixed_bfloat16".'
        ), False
    if not (math.isfinite(perplexity) and math.isfinite(summary.valid_loss)):
        return (
            f"Nothing was learnt: the best validation loss is {summary.valid_loss:.4g}, its "
            f"perplexity {perplexity:g}. Lower training.learning_rate."
        ), False
    if perplexity > vocabulary_size:
        return (
            f"Little was learnt: the best validation perplexity, {perplexity:,.0f}, is above that "
            f"of guessing among the {vocabulary_size:,} tokens of the vocabulary. Train longer, or "
            "with another training.learning_rate; are source and target in their right columns?"
        ), True
    return "", True
