"""Models over ids: Seq2Seq and Ensemble."""

from keras_seq2seq.lazy_names import lazy_names

__getattr__, __dir__, __all__ = lazy_names(
    __name__,
    {
        "Ensemble": "keras_seq2seq.models.ensemble",
        "Seq2Seq": "keras_seq2seq.models.seq2seq",
        "PRESETS": "keras_seq2seq.models.presets",
        "preset_arguments": "keras_seq2seq.models.presets",
    },
)
