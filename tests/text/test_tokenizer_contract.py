"""What every tokenizer promises."""

import inspect

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizer_samples import NAMES, TEXT, make

from keras_seq2seq.text import (
    BOS,
    EOS,
    PAD,
    SPECIAL_TOKENS,
    UNK,
    ByteTokenizer,
    CharacterTokenizer,
    Normalization,
    SentencePieceTokenizer,
    Tokenizer,
)

every_tokenizer = pytest.mark.parametrize("name", NAMES)


def strings(tensor):
    return [text.decode() for text in tensor.numpy()]  # raises if it is not UTF-8


@every_tokenizer
@settings(max_examples=25, deadline=None)
@given(texts=st.lists(TEXT, min_size=1, max_size=12))
def test_graph_and_python_agree(name, texts):
    tokenizer = make(name)
    ids = tokenizer.tokenize(texts)
    assert ids.dtype == tf.int32
    assert ids.to_list() == [tokenizer.tokenize_python(text) for text in texts]
    back = [tokenizer.detokenize_python(row) for row in ids.to_list()]
    assert strings(tokenizer.detokenize(ids)) == back


@every_tokenizer
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_any_ids_give_the_same_valid_text(name, data):
    tokenizer = make(name)
    # The first ids hold the bytes, so that broken characters come up often.
    some_id = st.one_of(st.integers(0, 263), st.integers(-2, tokenizer.vocabulary_size + 1))
    rows = data.draw(st.lists(st.lists(some_id, max_size=8), min_size=1, max_size=12))
    expected = [tokenizer.detokenize_python(row) for row in rows]
    assert strings(tokenizer.detokenize(tf.ragged.constant(rows, dtype=tf.int32))) == expected


@every_tokenizer
@settings(max_examples=25, deadline=None)
@given(texts=st.lists(st.binary(max_size=10), min_size=1, max_size=8))
def test_bytes_that_are_not_utf8_are_tokenized_as_replacement_characters(name, texts):
    tokenizer = make(name)
    expected = [tokenizer.tokenize_python(text.decode("utf-8", "replace")) for text in texts]
    assert tokenizer.tokenize(tf.constant(texts)).to_list() == expected


@every_tokenizer
def test_direct_call_map_and_batched_map_agree(name):
    tokenizer = make(name)
    texts = ["the cat", "", "고양이가 앉았다.", "Größe"]
    direct = tokenizer.tokenize(texts).to_list()
    dataset = tf.data.Dataset.from_tensor_slices(texts)
    assert [row.numpy().tolist() for row in dataset.map(tokenizer.tokenize)] == direct
    batched = next(iter(dataset.batch(4).map(tokenizer.tokenize)))
    assert batched.to_list() == direct
    assert tokenizer(tf.constant(texts)).to_list() == direct
    ids = tf.data.Dataset.from_tensors(batched).map(tokenizer.detokenize)
    assert strings(next(iter(ids))) == strings(tokenizer.detokenize(direct))


@every_tokenizer
def test_rank_in_is_rank_out(name):
    tokenizer = make(name)
    one = tokenizer.tokenize("the cat")
    assert not isinstance(one, tf.RaggedTensor) and one.shape.rank == 1
    assert one.numpy().tolist() == tokenizer.tokenize_python("the cat")
    expected = tokenizer.detokenize_python(one.numpy())
    assert tokenizer.detokenize(one).numpy().decode() == expected
    assert tokenizer.detokenize([[one.numpy().tolist()] * 2]).to_list() == [[expected.encode()] * 2]
    beams = tf.reshape(tf.tile(one, [4]), [2, 2, -1])  # [B, K, T]
    assert tokenizer.detokenize(beams).shape == [2, 2]
    assert tokenizer.tokenize(tf.constant(["a", "b"])).shape.rank == 2


@every_tokenizer
def test_lists_and_arrays_are_taken(name):
    tokenizer = make(name)
    expected = [tokenizer.tokenize_python("the"), []]
    for texts in (["the", ""], ("the", ""), np.array(["the", ""]), [b"the", b""]):
        assert tokenizer.tokenize(texts).to_list() == expected
    assert tokenizer.tokenize([]).to_list() == []
    assert tokenizer.detokenize(tf.zeros([0, 3], tf.int32)).shape == [0]
    assert strings(tokenizer.detokenize(tf.zeros([2, 0], tf.int32))) == ["", ""]
    for integer in (np.uint8, np.int64):
        ids = np.array([expected[0]], np.int64).astype(integer)
        assert strings(tokenizer.detokenize(ids)) == [tokenizer.detokenize_python(ids[0])]


@every_tokenizer
def test_lone_surrogates_count_as_replacement_characters(name):
    tokenizer = make(name)
    assert tokenizer.tokenize(["a\ud83d"]).to_list() == tokenizer.tokenize(["a\ufffd"]).to_list()
    assert tokenizer.tokenize_python("a\ud83d") == tokenizer.tokenize_python("a\ufffd")


@every_tokenizer
def test_pad_bos_and_eos_are_dropped_wherever_they_stand(name):
    tokenizer = make(name)
    ids = tokenizer.tokenize_python("the cat sat")
    framed = [BOS, *ids[:2], PAD, EOS, *ids[2:], EOS, PAD, PAD]
    assert tokenizer.detokenize_python(framed) == "the cat sat"
    assert strings(tokenizer.detokenize([framed, framed])) == ["the cat sat"] * 2
    assert tokenizer.detokenize_python([PAD, BOS, EOS]) == ""


@every_tokenizer
def test_special_tokens_are_never_made_from_text(name):
    tokenizer = make(name)
    ids = tokenizer.tokenize_python("<pad><s></s> </s> <s>")
    assert ids and not {PAD, BOS, EOS} & set(ids)


@every_tokenizer
def test_ids_outside_of_the_vocabulary_count_as_unk(name):
    tokenizer = make(name)
    unknown = tokenizer.detokenize_python([UNK])
    for i in (-1, tokenizer.vocabulary_size, 10**12):
        assert tokenizer.detokenize_python([i]) == unknown
        assert strings(tokenizer.detokenize([[i]])) == [unknown]


@every_tokenizer
def test_names_of_ids(name):
    tokenizer = make(name)
    tokens = tokenizer.tokens()
    assert tuple(tokens[:4]) == SPECIAL_TOKENS
    assert len(tokens) == len(set(tokens)) == tokenizer.vocabulary_size
    assert [tokenizer.id_to_token(i) for i in range(len(tokens))] == tokens
    for i in (-1, len(tokens)):
        with pytest.raises(ValueError, match=f"no token {i}"):
            tokenizer.id_to_token(i)


@every_tokenizer
@pytest.mark.parametrize(
    "text", [1, None, [1], [["a"]], tf.constant([1]), tf.constant([["a"]]), tf.constant(1.0)]
)
def test_wrong_text_is_refused(name, text):
    with pytest.raises(ValueError, match="Cannot tokenize"):
        make(name).tokenize(text)


@every_tokenizer
@pytest.mark.parametrize("ids", [1, None, "a", [1.5], [["a"]], tf.constant([1.0]), tf.constant(1)])
def test_wrong_ids_are_refused(name, ids):
    with pytest.raises(ValueError, match="Cannot detokenize"):
        make(name).detokenize(ids)


@pytest.mark.parametrize("tokenizer_class", [ByteTokenizer, CharacterTokenizer])
def test_wrong_normalization_is_refused(tokenizer_class):
    with pytest.raises(ValueError, match="normalization.*'NFC'"):
        tokenizer_class(normalization="NFC")


@every_tokenizer
def test_every_argument_is_in_the_config(name):
    tokenizer = make(name)
    arguments = set(inspect.signature(type(tokenizer).__init__).parameters) - {"self", "kwargs"}
    config = tokenizer.get_config()
    assert arguments <= set(config)
    assert all(hasattr(tokenizer, argument) for argument in arguments)
    assert not {"vocabulary", "proto"} & {key for key, value in config.items() if value is not None}
    again = type(tokenizer).from_config(config)
    assert again.normalization == tokenizer.normalization
    assert again.name == tokenizer.name
    assert tokenizer.has_vocabulary
    assert again.has_vocabulary == (name == "byte")


@pytest.mark.parametrize("tokenizer_class", [CharacterTokenizer, SentencePieceTokenizer])
@pytest.mark.parametrize(
    "use",
    [
        lambda tokenizer: tokenizer.tokenize(["a"]),
        lambda tokenizer: tokenizer.tokenize_python("a"),
        lambda tokenizer: tokenizer.detokenize([[4]]),
        lambda tokenizer: tokenizer.detokenize_python([4]),
        lambda tokenizer: tokenizer.vocabulary_size,
        lambda tokenizer: tokenizer.tokens(),
        lambda tokenizer: tokenizer.vocabulary_state(),
        lambda tokenizer: tokenizer.save_assets("/nowhere"),
    ],
)
def test_a_missing_vocabulary_says_so(tokenizer_class, use):
    with pytest.raises(ValueError, match="has no vocabulary yet.*load_assets"):
        use(tokenizer_class())


@pytest.mark.parametrize("tokenizer_class", [CharacterTokenizer, SentencePieceTokenizer])
class TestLearning:
    def test_an_empty_corpus_is_refused(self, tokenizer_class):
        for lines in ([], ["", "  \n"]):
            with pytest.raises(ValueError, match="corpus is empty"):
                tokenizer_class.learn(lines, 100)

    def test_a_line_that_is_no_text_is_named(self, tokenizer_class):
        with pytest.raises(ValueError, match="Line 2 .*7"):
            tokenizer_class.learn(["a", 7], 100)
        with pytest.raises(ValueError, match="one string"):
            tokenizer_class.learn("abc", 100)

    @pytest.mark.parametrize("size", [4, 0, -1, 10.5, "8000"])
    def test_a_wrong_size_is_refused(self, tokenizer_class, size):
        with pytest.raises(ValueError, match="vocabulary_size"):
            tokenizer_class.learn(["abc"], size)

    def test_lines_are_normalized_and_read_once(self, tokenizer_class):
        normalization = Normalization("NFKC", lowercase=True)
        tokenizer = tokenizer_class.learn((t for t in ["ＡＢ", "ab"]), 100, normalization)
        assert {"a", "b"} <= set("".join(tokenizer.tokens()[4:]))
        assert "A" not in "".join(tokenizer.tokens()[4:])
        assert tokenizer.tokenize_python("ＡＢ") == tokenizer.tokenize_python("ab")

    def test_the_same_lines_give_the_same_vocabulary(self, tokenizer_class):
        lines = [f"line {i} of {i * 7919 % 101}" for i in range(200)]
        states = [tokenizer_class.learn(lines, 60).vocabulary_state() for _ in range(2)]
        assert states[0] == states[1]


def test_the_base_class_only_declares():
    with pytest.raises(TypeError, match="abstract.*cut.*cut_python"):
        Tokenizer()
