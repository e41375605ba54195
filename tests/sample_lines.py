"""What tokenizers of tests learn, and normalization that changes nothing."""

from keras_seq2seq.text import Normalization

EXACT = Normalization(None, collapse_whitespace=False, drop_invisible=False)
LINES = [
    "A cat sat on the mat.",
    "The rat sat on the cat's mat, and the cat sat on the rat.",
    "고양이가 매트에 앉았다.",
    "쥐가 고양이 위에 앉았다.",
    "Größe über Straße, this is it",
] * 4
