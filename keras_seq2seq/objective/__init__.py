"""What training aims at: loss, metrics, learning rate, optimizer (keras.ops only)."""

from keras_seq2seq.lazy_names import lazy_names

# Lazy, so that curves can be compared without waiting for a backend.
__getattr__, __dir__, __all__ = lazy_names(
    __name__,
    {
        "Monitor": "keras_seq2seq.objective.monitor",
        "Perplexity": "keras_seq2seq.objective.perplexity",
        "SequenceCrossentropy": "keras_seq2seq.objective.sequence_crossentropy",
        "TokenAccuracy": "keras_seq2seq.objective.token_accuracy",
        "WarmupSchedule": "keras_seq2seq.objective.warmup_schedule",
        "recoverable": "keras_seq2seq.objective.recoverable_optimizer",
    },
)
