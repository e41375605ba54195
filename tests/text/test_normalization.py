import itertools
import unicodedata

import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_seq2seq.text import Normalization
from keras_seq2seq.text.normalization import WHITE_SPACE

# Normalization forms of code points that this Python does not know are not promised.
KNOWN = st.characters(exclude_categories=["Cs", "Cn"])
TRICKY = st.sampled_from(
    "\x00\t\n\x1c\u0085\u00a0\u200b\u3000\ufeff\ufffd ΣΑİIẞŉǅﬁ½가각\u1100\u1161\u11a8"
    "\u0301\u0323\u0307\u0345\u1e9b\U0001d165\U0001f600"
)
TEXT = st.text(st.one_of(KNOWN, TRICKY), max_size=12)
ALL = [
    Normalization(*arguments)
    for arguments in itertools.product(["NFC", "NFKC", "NFD", None], [False, True], [False, True])
]


def in_graph(normalization, texts):
    return normalization(tf.constant(texts, tf.string)).numpy().tolist()


@pytest.mark.parametrize("normalization", ALL, ids=str)
@settings(max_examples=15, deadline=None)
@given(texts=st.lists(TEXT, max_size=16))
def test_graph_and_python_agree(normalization, texts):
    expected = [normalization.normalize_python(text) for text in texts]
    assert in_graph(normalization, texts) == [text.encode() for text in expected]
    # Doing it twice changes nothing.
    assert [normalization.normalize_python(text) for text in expected] == expected


@pytest.mark.parametrize("form", ["NFC", "NFKC", "NFD"])
def test_every_known_code_point(form):
    normalization = Normalization(form, lowercase=True)
    points = [chr(c) for c in range(0x110000) if unicodedata.category(chr(c)) not in ("Cs", "Cn")]
    texts = ["x".join(points[i : i + 500]) for i in range(0, len(points), 500)]
    expected = [normalization.normalize_python(text).encode() for text in texts]
    assert in_graph(normalization, texts) == expected


@settings(max_examples=100, deadline=None)
@given(st.lists(st.binary(max_size=12), max_size=8))
def test_bytes_that_are_not_utf8_become_replacement_characters(texts):
    normalization = Normalization(None, collapse_whitespace=False)
    expected = [text.decode("utf-8", "replace").encode() for text in texts]
    assert in_graph(normalization, texts) == expected


def test_lone_surrogates_become_replacement_characters():
    assert Normalization().normalize_python("a\ud83d b\udc00") == "a\ufffd b\ufffd"


def test_white_space_is_the_unicode_property():
    # Python's own class, less the four information separators.
    python = {chr(c) for c in range(0x110000) if chr(c).isspace()} - set("\x1c\x1d\x1e\x1f")
    points = [chr(c) for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF]
    full = tf.strings.regex_full_match(points, f"[{WHITE_SPACE}]").numpy()
    assert {point for point, match in zip(points, full, strict=True) if match} == python
    assert len(python) == 25


def test_white_space_collapses_and_the_ends_go():
    normalization = Normalization()
    assert normalization.normalize_python("\u3000a \t\n\u2028b\u00a0") == "a b"
    assert Normalization(collapse_whitespace=False).normalize_python(" a  b ") == " a  b "


def test_nfd_takes_hangul_apart_and_compose_puts_it_together():
    normalization = Normalization("NFD")
    apart = normalization.normalize_python("각")
    assert apart == "\u1100\u1161\u11a8"
    assert normalization.compose_python(apart) == "각"
    assert normalization.compose(tf.constant(apart)).numpy().decode() == "각"
    assert Normalization(None).compose_python(apart) == apart
    assert Normalization(None).compose(tf.constant(apart)).numpy().decode() == apart


@pytest.mark.parametrize("shape", [[], [3], [2, 2], [0]])
def test_the_shape_stays(shape):
    for normalization in ALL:
        assert normalization(tf.fill(shape, " A  B ")).shape == shape


@pytest.mark.parametrize("form, near", [("nfkc", "NFKC"), ("NFDD", "NFD"), ("nfc ", "NFC")])
def test_a_wrong_form_names_the_nearest(form, near):
    with pytest.raises(ValueError, match=f"Did you mean '{near}'"):
        Normalization(form)


def test_a_wrong_switch_is_refused():
    with pytest.raises(ValueError, match="lowercase.*'yes'"):
        Normalization(lowercase="yes")


@pytest.mark.parametrize("normalization", ALL, ids=str)
def test_config_round_trip(normalization):
    assert Normalization.from_config(normalization.get_config()) == normalization


def test_an_unknown_key_names_the_nearest():
    with pytest.raises(ValueError, match="lower_case.*Did you mean 'lowercase'"):
        Normalization.from_config({"lower_case": True})
