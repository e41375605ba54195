"""Small sequence-to-sequence models in Keras: train in a notebook, ship to servers and phones."""

from keras_seq2seq.lazy_names import lazy_names
from keras_seq2seq.version import __version__ as __version__

__getattr__, __dir__, __all__ = lazy_names(
    {
        "Attention": "keras_seq2seq.layers.attention",
        "Bridge": "keras_seq2seq.layers.bridge",
        "ByteTokenizer": "keras_seq2seq.text.byte_tokenizer",
        "CharacterTokenizer": "keras_seq2seq.text.character_tokenizer",
        "Decoder": "keras_seq2seq.layers.decoder",
        "Encoder": "keras_seq2seq.layers.encoder",
        "Generator": "keras_seq2seq.layers.generator",
        "Normalization": "keras_seq2seq.text.normalization",
        "Perplexity": "keras_seq2seq.training.perplexity",
        "Phrasebook": "keras_seq2seq.data.phrasebook",
        "RecurrentStack": "keras_seq2seq.layers.recurrent_stack",
        "SentencePieceTokenizer": "keras_seq2seq.text.sentencepiece_tokenizer",
        "Seq2Seq": "keras_seq2seq.models.seq2seq",
        "SequenceCrossentropy": "keras_seq2seq.training.sequence_crossentropy",
        "TextSeq2Seq": "keras_seq2seq.models.text_seq2seq",
        "TokenAccuracy": "keras_seq2seq.training.token_accuracy",
        "make_dataset": "keras_seq2seq.data.pipeline",
        "read_pairs": "keras_seq2seq.data.parallel_text",
    }
)
