from hypothesis import given
from hypothesis import strategies as st

from keras_seq2seq.text_models.sentence_splitter import split_long_text


def parts(text, most):
    return [text[a:b] for a, b in split_long_text(text, lambda part: len(part) <= most)]


def test_what_fits_stays_whole():
    assert parts("One. Two.", 20) == ["One. Two."]
    assert parts("", 5) == [] and parts("   ", 2) == []


def test_sentences_keep_their_closing_marks():
    text = 'He said "Stop!" Then (so it is told.) he left... "No?" Yes'
    assert parts(text, 22) == [
        'He said "Stop!"',
        "Then (so it is told.)",
        "he left...",
        '"No?"',
        "Yes",
    ]
    assert parts("나는 갔다.  너는 왔다.\n끝", 8) == ["나는 갔다.", "너는 왔다.", "끝"]
    assert parts("我去。你来！好？", 4) == ["我去。", "你来！", "好？"]


def test_long_sentences_are_cut_at_clauses_then_at_words():
    assert parts("a b c, d e f, g h i", 13) == ["a b c, d e f,", "g h i"]
    assert parts("one two three four", 9) == ["one two", "three", "four"]
    assert parts("tiny enormousword tiny", 6) == ["tiny", "enormousword", "tiny"]


@given(st.text("ab .,!\n。\"'", max_size=60), st.integers(1, 20))
def test_nothing_but_white_space_is_lost(text, most):
    spans = split_long_text(text, lambda part: len(part) <= most)
    assert spans == sorted(spans)
    rest = text
    for start, end in reversed(spans):
        rest = rest[:start] + rest[end:]
    assert not rest.strip()


def greedy(words, most):
    found = []
    for word in words:
        if found and len(found[-1]) + 1 + len(word) <= most:
            found[-1] += f" {word}"
        else:
            found.append(word)
    return found


@given(
    st.lists(st.text("abc", min_size=1, max_size=9), min_size=1, max_size=60), st.integers(9, 60)
)
def test_words_are_joined_as_one_by_one(words, most):
    text = " ".join(words)
    assert parts(text, most) == greedy(words, most)


def test_a_million_words_ask_few_questions():
    asked = []

    def fits(part):
        asked.append(len(part))
        return len(part) <= 300

    text = "ab " * 300_000
    assert len(split_long_text(text, fits)) == 3000
    assert len(asked) < 60_000 and sum(asked) < 30 * len(text)
