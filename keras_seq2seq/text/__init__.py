"""Text to ids and back, in the graph and in plain Python."""

from keras_seq2seq.lazy_names import lazy_names

# Lazy, so that models over ids work with another Keras backend, without TensorFlow.
__getattr__, __dir__, __all__ = lazy_names(
    __name__,
    {
        "BOS": "keras_seq2seq.text.special_tokens",
        "ByteTokenizer": "keras_seq2seq.text.byte_tokenizer",
        "CharacterTokenizer": "keras_seq2seq.text.character_tokenizer",
        "EOS": "keras_seq2seq.text.special_tokens",
        "Normalization": "keras_seq2seq.text.normalization",
        "PAD": "keras_seq2seq.text.special_tokens",
        "SPECIAL_TOKENS": "keras_seq2seq.text.special_tokens",
        "SentencePieceTokenizer": "keras_seq2seq.text.sentencepiece.sentencepiece_tokenizer",
        "SubwordSampler": "keras_seq2seq.text.sentencepiece.subword_sampler",
        "TOKENIZERS": "keras_seq2seq.text.tokenizers",
        "Tokenizer": "keras_seq2seq.text.tokenizer",
        "UNK": "keras_seq2seq.text.special_tokens",
        "encode_pair": "keras_seq2seq.text.framing",
        "encode_source": "keras_seq2seq.text.framing",
        "tokenizer_from_state": "keras_seq2seq.text.tokenizers",
    },
)
