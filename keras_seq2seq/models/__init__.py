"""Models over ids: Seq2Seq and Ensemble."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keras_seq2seq.models.decodable import Decodable as Decodable
    from keras_seq2seq.models.ensemble import Ensemble as Ensemble
    from keras_seq2seq.models.model_spec import ModelSpec as ModelSpec
    from keras_seq2seq.models.presets import PRESETS as PRESETS
    from keras_seq2seq.models.presets import preset_arguments as preset_arguments
    from keras_seq2seq.models.seq2seq import Seq2Seq as Seq2Seq
else:
    from keras_seq2seq.lazy_names import lazy_names

    __getattr__, __dir__, __all__ = lazy_names(__name__)
