"""Models over ids: Seq2Seq and Ensemble."""

from keras_seq2seq.lazy_names import lazy_names

__getattr__, __dir__, __all__ = lazy_names(
    __name__,
    {
        "Decodable": "keras_seq2seq.models.decodable",
        "Ensemble": "keras_seq2seq.models.ensemble",
        "Seq2Seq": "keras_seq2seq.models.seq2seq",
        "ModelSpec": "keras_seq2seq.models.model_spec",
        "PRESETS": "keras_seq2seq.models.presets",
        "preset_arguments": "keras_seq2seq.models.presets",
    },
)
