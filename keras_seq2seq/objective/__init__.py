"""What training aims at: loss, metrics, learning rate, optimizer (keras.ops only)."""

from typing import TYPE_CHECKING

# Lazy, so that curves can be compared without waiting for a backend.
if TYPE_CHECKING:
    from keras_seq2seq.objective.monitor import Monitor as Monitor
    from keras_seq2seq.objective.perplexity import Perplexity as Perplexity
    from keras_seq2seq.objective.recoverable_optimizer import recoverable as recoverable
    from keras_seq2seq.objective.sequence_crossentropy import (
        SequenceCrossentropy as SequenceCrossentropy,
    )
    from keras_seq2seq.objective.token_accuracy import TokenAccuracy as TokenAccuracy
    from keras_seq2seq.objective.warmup_schedule import WarmupSchedule as WarmupSchedule
else:
    from keras_seq2seq.lazy_names import lazy_names

    __getattr__, __dir__, __all__ = lazy_names(__name__)
