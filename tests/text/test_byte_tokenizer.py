from hypothesis import given, settings
from hypothesis import strategies as st

from keras_seq2seq.text import ByteTokenizer, Normalization

EXACT = ByteTokenizer(Normalization(None, collapse_whitespace=False, drop_invisible=False))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=12), min_size=1, max_size=8))
def test_any_text_comes_back(texts):
    ids = EXACT.tokenize(texts)
    assert ids.to_list() == [[4 + byte for byte in text.encode()] for text in texts]
    assert [text.decode() for text in EXACT.detokenize(ids).numpy()] == texts


def test_260_ids_whatever_is_asked():
    tokenizer = ByteTokenizer.learn(["a"], 8000, Normalization("NFD"))
    assert tokenizer.vocabulary_size == 260
    assert tokenizer.normalization == Normalization("NFD")
    assert tokenizer.id_to_token(4 + 0x41) == "<0x41>"


def test_jamo_come_back_as_syllables():
    tokenizer = ByteTokenizer(Normalization("NFD"))
    ids = tokenizer.tokenize(["각"])
    assert ids.shape[0] == 1 and len(ids[0]) == 9
    assert tokenizer.detokenize(ids).numpy()[0].decode() == "각"


def test_a_cut_character_is_replaced():
    ids = EXACT.tokenize_python("a한")
    assert EXACT.detokenize_python(ids[:-1]) == "a\ufffd"
    assert EXACT.detokenize([ids[:-1]]).numpy()[0].decode() == "a\ufffd"
    assert EXACT.detokenize_python([1]) == "\ufffd"
