"""SentencePiece models that the product did not make, with every option that changes ids."""

import io
import random

import sentencepiece
from sample_lines import EXACT, LINES
from sentencepiece import sentencepiece_model_pb2

from keras_seq2seq.text import SentencePieceTokenizer

OPTIONS = {
    "charsmap": {"normalization_rule_name": "nmt_nfkc"},
    "usual": {"normalization_rule_name": "nmt_nfkc", "remove_extra_whitespaces": True},
    "lower": {"normalization_rule_name": "nmt_nfkc_cf", "model_type": "bpe"},
    "suffix": {"treat_whitespace_as_suffix": True, "remove_extra_whitespaces": True},
    "suffix_bpe": {"treat_whitespace_as_suffix": True, "model_type": "bpe"},
    "plain": {"add_dummy_prefix": False, "remove_extra_whitespaces": True},
    "user": {
        "user_defined_symbols": ["cat s", "<0x41>x", "▁the", " "],
        "byte_fallback": True,
    },
    "user_bpe": {"user_defined_symbols": ["cat", "at", "▁t", "고양"], "model_type": "bpe"},
    "bytes_bpe": {"byte_fallback": True, "model_type": "bpe", "unk_piece": "a", "bos_piece": "t"},
    "user_nfkc": {
        "user_defined_symbols": ["Ａ", "ﬁ", "  x"],
        "normalization_rule_name": "nfkc",
        "remove_extra_whitespaces": True,
    },
}


def stranger(name, change=None):
    """A tokenizer over a model that was trained with `OPTIONS[name]`, and perhaps changed."""
    options = {"remove_extra_whitespaces": False, "normalization_rule_name": "identity"}
    model = io.BytesIO()
    sentencepiece.set_min_log_level(2)
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(LINES),
        model_writer=model,
        vocab_size=500,
        hard_vocab_limit=False,
        pad_id=0,
        unk_id=1,
        bos_id=2,
        eos_id=3,
        **{**options, **OPTIONS[name]},
    )
    proto = sentencepiece_model_pb2.ModelProto.FromString(model.getvalue())
    if change:
        change(proto)
    return SentencePieceTokenizer(proto.SerializeToString(), EXACT)


def with_ties(proto):
    """Scores of which sums are often the same, or nearly so."""
    dice = random.Random(7)
    for piece in proto.pieces[4:]:
        piece.score = -dice.choice([0.1, 0.2, 0.3, 0.7, 1.1])


def with_unused(proto):
    """Every third piece is only there to be joined further."""
    for piece in proto.pieces[4::3]:
        if piece.type == piece.NORMAL:
            piece.type = piece.UNUSED
