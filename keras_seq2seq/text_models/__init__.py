"""Models over strings: tokenizers and a model over ids in one."""

from typing import TYPE_CHECKING

# Lazy, so that texts are checked where neither Keras nor TensorFlow is.
if TYPE_CHECKING:
    from keras_seq2seq.text_models.learn_shortlist import learn_shortlist as learn_shortlist
    from keras_seq2seq.text_models.text_seq2seq import TextSeq2Seq as TextSeq2Seq
else:
    from keras_seq2seq.lazy_names import lazy_names

    __getattr__, __dir__, __all__ = lazy_names(__name__)
