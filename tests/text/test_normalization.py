import itertools
import re
import unicodedata

import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_seq2seq.text import Normalization, tokenizer_from_state
from keras_seq2seq.text.byte_tokenizer import ByteTokenizer
from keras_seq2seq.text.characters import INVISIBLE, UNSEEN, WHITE_SPACE
from keras_seq2seq.text.inputs import LONG_TEXT, LONGEST_RUN

# Normalization forms of code points that this Python does not know are not promised.
KNOWN = st.characters(exclude_categories=["Cs", "Cn"])
TRICKY = st.sampled_from(
    "\x00\t\n\x1c\u0085\u00a0\u200b\u3000\ufeff\ufffd ΣΑİIẞŉǅﬁ½가각\u1100\u1161\u11a8"
    "\u0301\u0323\u0307\u0345\u1e9b\U0001d165\U0001f600\x7f\u00ad\u034f\u200d\u2060\u3164\uffa0"
)
TEXT = st.text(st.one_of(KNOWN, TRICKY), max_size=12)
ALL = [
    Normalization(*arguments)
    for arguments in itertools.product(["NFC", "NFKC", "NFD", None], *[[False, True]] * 3)
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
    keeping = Normalization(form, lowercase=True, drop_invisible=False)
    points = [chr(c) for c in range(0x110000) if unicodedata.category(chr(c)) not in ("Cs", "Cn")]
    texts = ["x".join(points[i : i + 500]) for i in range(0, len(points), 500)]
    expected = [normalization.normalize_python(text).encode() for text in texts]
    assert in_graph(normalization, texts) == expected
    assert not re.search(f"[{INVISIBLE}]", b"".join(expected).decode())
    expected = [keeping.normalize_python(text).encode() for text in texts]
    assert in_graph(keeping, texts) == expected


@settings(max_examples=100, deadline=None)
@given(st.lists(st.binary(max_size=12), max_size=8))
def test_bytes_that_are_not_utf8_become_replacement_characters(texts):
    normalization = Normalization(None, collapse_whitespace=False, drop_invisible=False)
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


def test_invisible_characters_go_and_leave_no_trace():
    normalization = Normalization()
    for text in (
        "Kranken\u00adschwester",
        "\ufeffKrankenschwester\u2060",
        "Kranken\u200bschwester\0",
    ):
        assert normalization.normalize_python(text) == "Krankenschwester"
        assert in_graph(normalization, [text]) == [b"Krankenschwester"]
    # Before the form, so that a mark finds its letter; and before white space collapses.
    assert normalization.normalize_python("caf e\u00ad\u0301 \u202a \x1fa") == "caf é a"
    assert Normalization(None).normalize_python("a\x85b\tc\x1fd\x86") == "a b cd"
    for text in ("क्\u200dष", "می\u200cخواهم", "❤\ufe0f", "👩\u200d👧", "\u115f\u1161"):
        assert normalization.normalize_python(text) == unicodedata.normalize("NFC", text)
    assert Normalization(drop_invisible=False).normalize_python("a\u00ad\0") == "a\u00ad\0"


def test_classes_of_unseen_characters():
    points = [chr(c) for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF]
    dropped = set(re.findall(f"[{INVISIBLE}]", "".join(points)))
    full = tf.strings.regex_full_match(points, f"[{INVISIBLE}]").numpy()
    assert {point for point, match in zip(points, full, strict=True) if match} == dropped
    white = set(re.findall(f"[{WHITE_SPACE}]", "".join(points)))
    assert {c for c in points if unicodedata.category(c) == "Cc"} <= dropped | white
    assert not dropped & white and not dropped & set(re.findall(f"[{UNSEEN}]", "".join(points)))
    # Nothing else than what is assigned to be unseen, and the reserved U+2065 among it.
    assert {unicodedata.category(c) for c in dropped - {"\u2065"}} == {"Cc", "Cf", "Mn", "Lo"}


@pytest.mark.parametrize(
    "text", ["", " ", "\u200b", "\ufeff \u00ad", "\0", "\u200d", "\ufe0f\u200c"]
)
def test_blank_is_where_nothing_is_seen(text):
    assert Normalization().is_blank(text)
    assert tf.strings.regex_full_match(text, Normalization().blank)
    assert Normalization(drop_invisible=False).is_blank(text) == (text.strip(" ") == "")
    assert not Normalization().is_blank(f"{text}a") and not Normalization().is_blank(
        f"\u0301{text}"
    )


def test_a_config_of_an_earlier_version_keeps_what_it_kept():
    state = ByteTokenizer().vocabulary_state()
    assert tokenizer_from_state(state).tokenize_python("a\u00adb") == [101, 102]
    del state["normalization"]["drop_invisible"]
    old = tokenizer_from_state(state)
    assert old.normalization == Normalization(drop_invisible=False)
    assert old.tokenize_python("a\u00adb") == [101, 198, 177, 102]
    assert old.tokenize(["a\u00adb"]).to_list() == [[101, 198, 177, 102]]


@pytest.mark.parametrize("form", ["NFC", "NFKC", "NFD"])
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_runs_of_marks_end_in_long_texts(form, data):
    """Their order takes the square of their number: 1 MB took minutes."""
    normalization = Normalization(form)
    run = st.builds(
        lambda base, marks, n: base + marks * n,
        st.sampled_from("aé각ạ\u0958 "),
        st.sampled_from(["\u0301\u0323", "\u0323\u0301\u0345", "\u0302", "\U0001d165\u0591"]),
        st.sampled_from([1, 10, LONGEST_RUN // 2, LONGEST_RUN, LONG_TEXT]),
    )
    texts = ["".join(row) for row in data.draw(st.lists(st.lists(run, max_size=12), max_size=6))]
    expected = [normalization.normalize_python(text) for text in texts]
    assert in_graph(normalization, texts) == [text.encode() for text in expected]
    assert [normalization.normalize_python(text) for text in expected] == expected
    for text, raw in zip(expected, texts, strict=True):
        runs = ("".join("m" if unicodedata.combining(c) else " " for c in text)).split()
        assert len(text) <= LONG_TEXT or max(map(len, runs), default=0) <= LONGEST_RUN
        if len(raw) <= LONG_TEXT // 2:  # no form makes it twice as long
            assert text == " ".join(unicodedata.normalize(form, raw).split())


def test_a_million_marks():
    text = "e" + "\u0301\u0323" * 500_000
    for normalization in (Normalization("NFC"), Normalization("NFD", drop_invisible=False)):
        found = normalization.normalize_python(text)
        assert len(found) <= LONGEST_RUN + 1
        assert in_graph(normalization, [text]) == [found.encode()]
