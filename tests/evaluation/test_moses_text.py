import pytest

from keras_seq2seq.evaluation import lowercased_tokenised
from keras_seq2seq.evaluation.moses_text import check_moses_language, moses_signature


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "I don't KNOW.", "i don 't know ."),
        ("en", "Mr. Smith paid $3.50, twice!", "mr. smith paid $ 3.50 , twice !"),
        ("de", "Ein 50-jähriger, z. B. hier.", "ein 50-jähriger , z. b. hier ."),
        ("fr", "L'été est là.", "l' été est là ."),
        ("de", "„Ja“ – “nein”…", '" ja " - " nein " ...'),
        ("de", "a < b & c", "a < b & c"),  # no HTML
        ("ko", "저는 학생이에요.", "저는 학생이에요 ."),
        ("de", "", ""),
    ],
)
def test_text_becomes_that_of_the_published_tables(language, text, expected):
    assert lowercased_tokenised([text], language) == [expected]


def test_prepared_text_stays_as_it_is():
    once = lowercased_tokenised(["Zwei Männer, z. B. Anna's „Hunde“, laufen (schnell)."], "de")
    assert lowercased_tokenised(once, "de") == once


def test_an_unknown_language_is_refused_by_name():
    with pytest.raises(ValueError, match="'deu' is not known to Moses.*Did you mean 'de'"):
        lowercased_tokenised(["a"], "deu")
    check_moses_language("ko")


def test_the_signature_names_language_and_version():
    assert moses_signature("fr").startswith("norm:moses|tok:moses-fr|case:lc|version:sacremoses-")
