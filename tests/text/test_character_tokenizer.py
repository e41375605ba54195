import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_seq2seq.text import UNK, CharacterTokenizer, Normalization

EXACT = Normalization(None, collapse_whitespace=False, drop_invisible=False)


def test_most_frequent_first_then_by_code_point():
    tokenizer = CharacterTokenizer.learn(["ccc bb", "a ddd"], 8)
    assert tokenizer.vocabulary == ("c", "d", " ", "b")
    assert tokenizer.vocabulary_size == 8
    assert CharacterTokenizer.learn(["ab"], 1000).vocabulary_size == 6


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(min_size=1, max_size=12), min_size=1, max_size=8))
def test_a_covered_text_comes_back(texts):
    tokenizer = CharacterTokenizer.learn(texts, 1000, EXACT)
    ids = tokenizer.tokenize(texts)
    assert UNK not in ids.flat_values.numpy()
    assert ids.row_lengths().numpy().tolist() == [len(text) for text in texts]
    assert [text.decode() for text in tokenizer.detokenize(ids).numpy()] == texts


def test_other_characters_are_unknown():
    tokenizer = CharacterTokenizer(["b", "m"], EXACT)
    for outside in ("a", "c", "z", "\x00", "\U0010ffff"):
        assert tokenizer.tokenize([f"b{outside}m"]).to_list() == [[4, UNK, 5]]
    assert tokenizer.detokenize_python([4, UNK]) == "b\ufffd"


def test_an_empty_vocabulary_knows_nothing():
    tokenizer = CharacterTokenizer([])
    assert tokenizer.tokenize(["ab", ""]).to_list() == [[UNK, UNK], []]


def test_jamo_come_back_as_syllables():
    tokenizer = CharacterTokenizer.learn(["한국말 각"], 100, Normalization("NFD"))
    assert "\u1112" in tokenizer.vocabulary and "한" not in tokenizer.vocabulary
    ids = tokenizer.tokenize(["말한국"])  # a syllable order that was not learned
    assert tokenizer.detokenize(ids).numpy()[0].decode() == "말한국"


@pytest.mark.parametrize(
    "vocabulary, message",
    [
        (["a", "bc"], "Item 1 .*'bc'"),
        (["a", ""], "Item 1 "),
        (["a", 3], "Item 1 .*3"),
        (["\ud800"], "Item 0 "),
        (["a", "b", "a"], "'a' twice.*item 2"),
        ("abc", "list of characters"),
        (7, "list of characters"),
    ],
)
def test_a_wrong_vocabulary_is_refused(vocabulary, message):
    with pytest.raises(ValueError, match=message):
        CharacterTokenizer(vocabulary)


def test_assets_hold_any_character(tmp_path):
    vocabulary = ("\n", "\r", " ", "\x00", "\u2028", '"', "\\", "한", "\U0001f600", "\x85")
    CharacterTokenizer(vocabulary).save_assets(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["vocabulary.txt"]
    tokenizer = CharacterTokenizer(["x"], EXACT)
    assert tokenizer.tokenize_python("x") == [4]
    assert tokenizer.id_to_token(4) == "x"
    tokenizer.load_assets(tmp_path)
    assert tokenizer.vocabulary == vocabulary
    # Nothing of the earlier vocabulary is left.
    assert tokenizer.id_to_token(4) == "\n"
    assert tokenizer.tokenize(["x\n\x00"]).to_list() == [[UNK, 4, 7]]
    assert tokenizer.detokenize([[4, 7]]).numpy()[0] == b"\n\x00"


def test_damaged_assets_are_named(tmp_path):
    with pytest.raises(ValueError, match="vocabulary.txt"):
        CharacterTokenizer().load_assets(tmp_path)
    for content in ('["a", ', '["ab"]', '{"a": 1}', "3"):
        (tmp_path / "vocabulary.txt").write_text(content)
        with pytest.raises(ValueError, match="vocabulary.txt"):
            CharacterTokenizer().load_assets(tmp_path)
