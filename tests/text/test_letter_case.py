import zlib

import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_seq2seq.text import letter_case

GREEK = st.text(st.sampled_from("ΣσςΑαΒ\u0301 ;.'x\n\x00İI"), max_size=12)


def in_graph(texts):
    return [text.decode() for text in letter_case.lower(tf.constant(texts)).numpy()]


def test_every_code_point_as_in_python():
    # Blocks of code points with a space between, so that no sigma is final.
    points = [chr(c) for c in range(0x20000) if not 0xD800 <= c <= 0xDFFF]
    texts = [" ".join(points[i : i + 512]) for i in range(0, len(points), 512)]
    assert in_graph(texts) == [letter_case.lower_python(text) for text in texts]


def test_the_table_is_that_of_unicode_13_on_every_python():
    table = letter_case.lower_table()
    assert len(table) == 1392
    assert zlib.crc32(repr(sorted(table.items())).encode()) == 1700467821


@pytest.mark.parametrize(
    "text, lowered",
    [
        ("ΟΔΟΣ", "οδος"),
        ("ΟΔΟΣ, ΣΑΣ!", "οδος, σας!"),
        ("ΣΙΣΥΦΟΣ\n", "σισυφος\n"),
        ("Σ", "σ"),
        ("Α\u0301Σ", "α\u0301ς"),
        ("İSTANBUL", "i\u0307stanbul"),
        ("ẞ ÄÖ", "ß äö"),
        ("\u2c2f\ua7c0", "\u2c2f\ua7c0"),  # capitals of Unicode 14 stay
        ("", ""),
    ],
)
def test_known_words(text, lowered):
    assert letter_case.lower_python(text) == lowered
    assert in_graph([text]) == [lowered]


def test_nul_does_not_cut_the_text():
    assert in_graph(["A\x00B"]) == ["a\x00b"]


@settings(max_examples=50, deadline=None)
@given(st.lists(GREEK, max_size=8))
def test_sigma_is_the_same_in_graph_and_python(texts):
    assert [letter_case.lower_python(text) for text in texts] == (in_graph(texts) if texts else [])


@pytest.mark.parametrize("shape", [[], [3], [2, 2], [0], [0, 2]])
def test_the_shape_stays(shape):
    lowered = letter_case.lower(tf.fill(shape, "AB"))
    assert lowered.shape == shape
    assert set(lowered.numpy().ravel() if shape else [lowered.numpy()]) <= {b"ab"}
