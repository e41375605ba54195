"""Text to ids and back, in the graph and in plain Python."""

from typing import TYPE_CHECKING

# Lazy, so that models over ids work with another Keras backend, without TensorFlow.
if TYPE_CHECKING:
    from keras_seq2seq.text.byte_tokenizer import ByteTokenizer as ByteTokenizer
    from keras_seq2seq.text.character_tokenizer import CharacterTokenizer as CharacterTokenizer
    from keras_seq2seq.text.framing import encode_pair as encode_pair
    from keras_seq2seq.text.framing import encode_source as encode_source
    from keras_seq2seq.text.normalization import Normalization as Normalization
    from keras_seq2seq.text.sentencepiece.sentencepiece_tokenizer import (
        SentencePieceTokenizer as SentencePieceTokenizer,
    )
    from keras_seq2seq.text.sentencepiece.subword_sampler import SubwordSampler as SubwordSampler
    from keras_seq2seq.text.special_tokens import BOS as BOS
    from keras_seq2seq.text.special_tokens import EOS as EOS
    from keras_seq2seq.text.special_tokens import PAD as PAD
    from keras_seq2seq.text.special_tokens import SPECIAL_TOKENS as SPECIAL_TOKENS
    from keras_seq2seq.text.special_tokens import UNK as UNK
    from keras_seq2seq.text.tokenizer import Tokenizer as Tokenizer
    from keras_seq2seq.text.tokenizers import TOKENIZERS as TOKENIZERS
    from keras_seq2seq.text.tokenizers import tokenizer_from_state as tokenizer_from_state
else:
    from keras_seq2seq.lazy_names import lazy_names

    __getattr__, __dir__, __all__ = lazy_names(__name__)
