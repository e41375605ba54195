import unicodedata

import pytest

from keras_seq2seq.evaluation.romanization import has_hangul, romanize


@pytest.mark.parametrize(
    ("korean", "latin"),
    [
        ("가", "ga"),  # the first syllable of Unicode
        ("힣", "hit"),  # the last one
        ("저는 학생이에요.", "jeoneun haksaengieyo."),
        ("값 없다 꽃", "gap eopda kkot"),
        ("▁물을 a</s>", "▁muleul a</s>"),
    ],
)
def test_syllables_are_spelled_and_the_rest_stays(korean, latin):
    assert romanize(korean) == latin
    assert romanize(unicodedata.normalize("NFD", korean)) == latin


def test_every_syllable_becomes_latin_letters():
    for code in range(0xAC00, 0xD7A4):
        latin = romanize(chr(code))
        assert latin.isascii() and latin.isalpha(), chr(code)


@pytest.mark.parametrize("text", ["물", "a 물", "ㅋ", unicodedata.normalize("NFD", "물")])
def test_hangul_is_seen(text):
    assert has_hangul(text)


@pytest.mark.parametrize("text", ["", "water", "水", "みず", "</s>", "▁"])
def test_other_scripts_are_not_hangul(text):
    assert not has_hangul(text)
