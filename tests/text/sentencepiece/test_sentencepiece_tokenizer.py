import io

import keras
import numpy as np
import pytest
import sentencepiece
import tensorflow as tf
import tensorflow_text
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizer_samples import EXACT, LINES, TEXT, make

from keras_seq2seq.text import (
    EOS,
    SPECIAL_TOKENS,
    UNK,
    Normalization,
    SentencePieceTokenizer,
)


@pytest.mark.parametrize("name", ["unigram-bytes", "bpe-bytes"])
@settings(max_examples=40, deadline=None)
@given(texts=st.lists(TEXT, min_size=1, max_size=10))
def test_any_text_comes_back_but_the_space_mark(name, texts):
    tokenizer = make(name)
    ids = tokenizer.tokenize(texts)
    assert UNK not in ids.flat_values.numpy()
    back = [text.decode() for text in tokenizer.detokenize(ids).numpy()]
    # SentencePiece writes the space as U+2581 and cannot tell the two apart.
    assert back == [text.replace("\u2581", " ") for text in texts]


@pytest.mark.parametrize("text", [" ", "  a", "a  b", "a ", " \x00 ", "\u3000a", "\n"])
def test_spaces_and_control_characters_come_back(text):
    tokenizer = make("unigram-bytes")
    ids = tokenizer.tokenize_python(text)
    assert tokenizer.detokenize_python(ids) == text
    assert tokenizer.detokenize([ids]).numpy()[0].decode() == text


def test_without_bytes_a_foreign_character_is_unknown():
    tokenizer = make("unigram-unk")
    ids = tokenizer.tokenize_python("the ψ")
    assert UNK in ids
    assert tokenizer.detokenize_python(ids) == "the  \u2047 "


def test_broken_bytes_are_replaced():
    tokenizer = make("unigram-bytes")
    ids = [tokenizer.tokens().index(f"<0x{byte:02X}>") for byte in "한".encode()]
    assert tokenizer.detokenize_python(ids) == "한"
    assert tokenizer.detokenize_python(ids[:2]) == "\ufffd"
    assert tokenizer.detokenize([ids[:2], ids[1:]]).numpy()[0].decode() == "\ufffd"


@pytest.mark.parametrize("model_type", ["unigram", "bpe"])
@pytest.mark.parametrize("byte_fallback", [False, True])
@pytest.mark.parametrize("lines", [["a"], ["hello"], LINES[:5], ["ab" * 20000], ["\u2581"]])
def test_a_tiny_corpus_gives_a_smaller_vocabulary(model_type, byte_fallback, lines):
    tokenizer = SentencePieceTokenizer.learn(
        lines, 8000, model_type=model_type, byte_fallback=byte_fallback
    )
    assert 4 < tokenizer.vocabulary_size < 1000
    for text in set(lines) - {"\u2581"}:
        assert tokenizer.detokenize_python(tokenizer.tokenize_python(text)) == text


def test_the_size_is_kept_where_the_corpus_suffices():
    lines = [f"{word} {i * 7919 % 997}" for i in range(100) for word in ("cat", "mat", "sat")]
    for model_type in ("unigram", "bpe"):
        tokenizer = SentencePieceTokenizer.learn(lines, 50, model_type=model_type)
        assert tokenizer.vocabulary_size == 50


def test_a_size_below_the_characters_says_what_to_do():
    with pytest.raises(ValueError, match="size` 10 is too small.* Raise vocabulary_size"):
        SentencePieceTokenizer.learn(LINES, 10)
    with pytest.raises(ValueError, match="byte_fallback.*character_coverage"):
        SentencePieceTokenizer.learn(LINES, 200, byte_fallback=True)


def test_wrong_options_are_refused():
    with pytest.raises(ValueError, match="'word'.*unigram"):
        SentencePieceTokenizer.learn(LINES, 100, model_type="word")
    for coverage in (0.5, 1.5):
        with pytest.raises(ValueError, match=f"character_coverage.*{coverage}"):
            SentencePieceTokenizer.learn(LINES, 100, character_coverage=coverage)


def test_first_use_inside_of_a_graph():
    proto = make("unigram-unk").proto
    expected = [make("unigram-unk").tokenize_python("the cat")]
    fresh = SentencePieceTokenizer(proto, EXACT)
    dataset = tf.data.Dataset.from_tensors(["the cat"]).map(fresh.tokenize)
    assert next(iter(dataset)).to_list() == expected
    made = []

    @tf.function
    def made_while_tracing(text):
        made.append(SentencePieceTokenizer(proto, EXACT))
        return made[0].tokenize(text)

    assert made_while_tracing(tf.constant(["the cat"])).to_list() == expected
    assert made[0].tokenize(["the cat"]).to_list() == expected


def test_assets(tmp_path):
    tokenizer = make("unigram-bytes")
    tokenizer.save_assets(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["vocabulary.spm"]
    other = SentencePieceTokenizer(make("unigram-unk").proto, EXACT)
    assert other.vocabulary_size < 256  # fills the tables that loading must drop
    other.load_assets(tmp_path)
    assert other.proto == tokenizer.proto
    assert other.tokens() == tokenizer.tokens()
    assert other.tokenize(["the ψ"]).to_list() == tokenizer.tokenize(["the ψ"]).to_list()
    assert other.detokenize([[300]]).numpy() == tokenizer.detokenize([[300]]).numpy()


def test_a_path_is_read_by_the_constructor_only(tmp_path):
    make("unigram-bytes").save_assets(tmp_path)
    path = tmp_path / "vocabulary.spm"
    for given_path in (path, str(path)):
        tokenizer = SentencePieceTokenizer(given_path)
        assert tokenizer.proto == make("unigram-bytes").proto
        assert str(path) not in str(tokenizer.get_config())
    with pytest.raises(ValueError, match="must not name a vocabulary file"):
        SentencePieceTokenizer.from_config({"proto": str(path)})
    with pytest.raises(ValueError, match="Cannot read.*missing.spm"):
        SentencePieceTokenizer(tmp_path / "missing.spm")


@pytest.mark.parametrize("proto", [b"not a model", b"", 7])
def test_a_damaged_model_is_refused(proto):
    with pytest.raises(ValueError, match="not a SentencePiece model"):
        SentencePieceTokenizer(proto)


def test_a_model_with_other_special_ids_is_refused(tmp_path):
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(LINES), model_writer=model, vocab_size=80, hard_vocab_limit=False
    )
    with pytest.raises(ValueError, match=r"\(-1, 0, 1, 2\).*expected \(0, 1, 2, 3\)"):
        SentencePieceTokenizer(model.getvalue())
    (tmp_path / "vocabulary.spm").write_bytes(model.getvalue())
    with pytest.raises(ValueError, match="vocabulary.spm"):
        SentencePieceTokenizer().load_assets(tmp_path)


@pytest.mark.parametrize(
    "options, text",
    [
        ({"add_dummy_prefix": False}, " the cat"),
        ({"treat_whitespace_as_suffix": True}, "the cat "),
        ({"user_defined_symbols": ["<sep>"]}, "the<sep> cat"),
        ({"remove_extra_whitespaces": True}, "the cat"),
    ],
)
def test_models_trained_elsewhere(options, text):
    model = io.BytesIO()
    options = {"remove_extra_whitespaces": False, "normalization_rule_name": "identity"} | options
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(LINES), model_writer=model, vocab_size=80, hard_vocab_limit=False,
        pad_id=0, unk_id=1, bos_id=2, eos_id=3, **options,
    )  # fmt: skip
    tokenizer = SentencePieceTokenizer(model.getvalue(), EXACT)
    ids = tokenizer.tokenize([text])
    assert ids.to_list() == [tokenizer.tokenize_python(text)]
    assert tokenizer.detokenize(ids).numpy()[0].decode() == text
    assert tokenizer.detokenize_python(ids.to_list()[0]) == text


def test_default_normalization():
    assert SentencePieceTokenizer().normalization == Normalization()


def test_a_tokenizer_outlives_a_new_random_seed():
    """Setting a seed empties TensorFlow's cache of kernels, which must not own the model."""
    tokenizer = SentencePieceTokenizer.learn(["a cat sat on a mat", "a rat sat on a cat"], 20)
    in_graph = tf.function(lambda text: tokenizer.tokenize(text).to_tensor())
    expected = in_graph(tf.constant(["a rat on a mat"]))
    keras.utils.set_random_seed(3)
    np.testing.assert_array_equal(in_graph(tf.constant(["a rat on a mat"])), expected)
    np.testing.assert_array_equal(tokenizer.tokenize(["a rat on a mat"]).to_tensor(), expected)


@pytest.mark.parametrize("model_type", ["unigram", "bpe"])
@pytest.mark.parametrize(
    "lines",
    [
        ["a <b> c <s>"] * 9,
        ["x </s> y <unk> z <pad>", "<s>", "<pad><pad> <pad> <unk >"] * 9,
        ["x<s>y", "z<s>q", "c<pad>d", "<pad>f", "g<unk>", "<unk>h</s>", "j</s>"] * 30,
        ["progress ▅▅▂ ▅", "▅", "one\x1ftwo", "\U0010ffff \U0010fffe ▅\x1f"] * 9,
        ["tab\there", "line\nbreak", "\ufffd", "<0x41>", "\u2047 ⁇", "\ufdd0"] * 9,
    ],
)
def test_every_line_of_the_corpus_comes_back(model_type, lines):
    tokenizer = SentencePieceTokenizer.learn(lines, 200, EXACT, model_type=model_type)
    assert tokenizer.tokens()[:4] == list(SPECIAL_TOKENS)
    ids = tokenizer.tokenize(lines)
    assert ids.to_list() == list(map(tokenizer.tokenize_python, lines))
    assert ids.flat_values.numpy().min() > EOS
    assert [text.decode() for text in tokenizer.detokenize(ids).numpy()] == lines
    assert list(map(tokenizer.detokenize_python, ids.to_list())) == lines


def test_the_operator_of_tflite_reads_names_of_special_tokens_as_text():
    lines = ["a <b> c <s>", "</s> <unk> <pad>"]
    tokenizer = SentencePieceTokenizer.learn(lines * 9, 100, EXACT)
    operator = tensorflow_text.FastSentencepieceTokenizer(tokenizer.proto)
    for line in lines:
        assert operator.tokenize(line).numpy().tolist() == tokenizer.tokenize_python(line)
