import json

import pytest
from tokenizer_samples import NAMES, make

from keras_seq2seq.text import ByteTokenizer, CharacterTokenizer, tokenizer_from_state

TEXTS = ["The cat", " ", "고양이 ψ\x00", "Größe\n"]


@pytest.mark.parametrize("name", NAMES)
def test_a_tokenizer_comes_back_from_json(name):
    tokenizer = make(name)
    state = json.loads(json.dumps(tokenizer.vocabulary_state()))
    assert {"class", "normalization", "vocabulary"} == set(state)
    again = tokenizer_from_state(state)
    assert type(again) is type(tokenizer)
    assert again.vocabulary_state() == tokenizer.vocabulary_state()
    for text in TEXTS:
        assert again.tokenize_python(text) == tokenizer.tokenize_python(text)
    assert again.tokenize(TEXTS).to_list() == tokenizer.tokenize(TEXTS).to_list()


def changed(state, **changes):
    return {key: value for key, value in (state | changes).items() if value != "absent"}


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"class": "Character_Tokenizer"}, "Did you mean 'CharacterTokenizer'"),
        ({"class": None}, "Unknown tokenizer class None"),
        ({"class": "SentencePieceTokenizer", "vocabulary": "%%"}, "base64"),
        ({"class": "SentencePieceTokenizer", "vocabulary": None}, "base64"),
        ({"class": "SentencePieceTokenizer", "vocabulary": "AAAA"}, "not a SentencePiece model"),
        ({"vocabulary": "absent"}, "lacks the key 'vocabulary'"),
        ({"class": "absent"}, "lacks the key 'class'"),
        ({"vocabulary": ["ab"]}, "Item 0 .*'ab'"),
        ({"vocabulary": None}, "without a vocabulary"),
        ({"normalization": {"form": "NFX"}}, "Unknown normalization form 'NFX'"),
        ({"normalization": None}, "must be a dict"),
    ],
)
def test_a_wrong_state_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        tokenizer_from_state(changed(CharacterTokenizer(["a"]).vocabulary_state(), **changes))


def test_a_state_that_is_no_dict_is_refused():
    with pytest.raises(ValueError, match="must be a dict"):
        tokenizer_from_state([ByteTokenizer().vocabulary_state()])
