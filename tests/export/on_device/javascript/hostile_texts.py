"""Texts that nobody writes, and that a tokenizer reads nevertheless."""

import random
import unicodedata

from javascript import PAIR

PARTS = [
    *("cat", "the ", "sat on", "고양이", "매트에 ", "\u1100\u1161\u11a8", "ß", "Größe", ".", ","),
    *(" ", "  ", "\t", "\n", "\u00a0", "\u3000", "\u2028", "\x00", "\x1f", "\u200b", "\u00ad"),
    *(
        "\u2581",
        "\ufeff",
        "\ufffd",
        "\ufffe",
        "\u200d",
        "\ufe0f",
        "\u115f",
        "😀",
        "👩‍👩‍👧",
        "\U0010fffd",
    ),
    *(
        "<s>",
        "</s>",
        "<pad>",
        "<unk>",
        "<0x41>",
        "\u2047",
        "Σ",
        "ΑΣ",
        "Α\u0301Σ",
        "İ",
        "ﬁ",
        "①",
        "Ａ",
    ),
    *("\u0301", "\u0323\u0301", "e\u0301\u0323", "\u212b", "\u0958", "\ud800", "\udfff"),
]
RANGES = [(0x20, 0x7F), (0x80, 0x250), (0x250, 0x3100), (0xAC00, 0xD7A4), (0x1D000, 0x1FA00)]
LONG = [
    "a" * 5000,
    "가" * 9000 + " b",
    " " * 600_000 + "a",
    "a cat \n" * 30_000,
    "\u0301" * 10_000,
    ("e" + "\u0301" * 100) * 200,
    "\u9999" * 6000 + "a cat",
    "ab " * 50_000 + "고양이",
    "고양이가 " * 1300 + "\u1100\u1161" * 3000,
    "ﷺ" * 4000,  # four words each by NFKC
    "😀" * 4097,
    "\u200b" * 5000 + "cat",
    "\ud800" * 5000,
    "ΑΣ" * 3000,
]


def hostile_texts(count, seed=7):
    """That many texts of which Python and JavaScript know all characters."""
    dice = random.Random(seed)
    texts = []
    while len(texts) < count:
        text = "".join(_part(dice) for _ in range(dice.randrange(14)))
        if is_fair(text):
            texts.append(text)
    return texts


def is_fair(text):
    """Whether no character is newer than this Python, and no two surrogates stand side by side."""
    return not PAIR.search(text) and all(unicodedata.category(c) != "Cn" for c in text)


def _part(dice):
    if dice.random() < 0.7:
        return dice.choice(PARTS)
    return chr(dice.randrange(*dice.choice(RANGES)))


def random_ids(count, size, seed=7):
    """Rows of ids, some of them outside of a vocabulary of that size."""
    dice = random.Random(seed)
    return [[dice.randrange(-3, size + 3) for _ in range(dice.randrange(16))] for _ in range(count)]
