"""Hangul in Latin letters, for pictures on machines without a Korean font."""

import functools
import unicodedata

_INITIALS = "g kk n d tt r m b pp s ss - j jj ch k t p h".replace("-", "").split(" ")
_VOWELS = "a ae ya yae eo e yeo ye o wa wae oe yo u wo we wi yu eu ui i".split()
_FINALS = "- k k k n n n t l k m l l l p l m p p t t ng t t k t p t".replace("-", "").split(" ")
_FIRST, _LAST = 0xAC00, 0xD7A3  # 가, 힣


def romanize(text: str) -> str:
    """Writes each Hangul syllable in Latin letters; everything else stays, composed to NFC.

    Letter by letter as in the Revised Romanization of Korean, without the changes of sound
    between syllables: readable, not a transcription.

    >>> romanize("저는 학생이에요.")
    'jeoneun haksaengieyo.'
    >>> romanize("ㅋㅋ")
    'kk'
    """
    return "".join(map(_romanize_character, unicodedata.normalize("NFC", text)))


def _romanize_character(character: str) -> str:
    code = ord(character)
    if not _FIRST <= code <= _LAST:
        return _letters().get(character, character)
    # A syllable's place in Unicode is (initial * 21 + vowel) * 28 + final.
    initial, rest = divmod(code - _FIRST, len(_VOWELS) * len(_FINALS))
    vowel, final = divmod(rest, len(_FINALS))
    return _INITIALS[initial] + _VOWELS[vowel] + _FINALS[final]


@functools.cache
def _letters() -> dict[str, str]:
    """Letters that stand alone, such as ㅋ, in Latin ones; initials go before finals."""
    found = {}
    for first, latin in ((0x11A7, _FINALS), (0x1161, _VOWELS), (0x1100, _INITIALS)):
        for code, text in enumerate(latin, first):
            letter = "HANGUL LETTER " + unicodedata.name(chr(code)).split(" ", 2)[2]
            if text:  # ㅇ is mute as an initial, and has no Latin letter but as a final
                found[unicodedata.lookup(letter)] = text
    return found


def has_hangul(text: str) -> bool:
    """Whether a text holds Hangul, as syllables or as single letters (jamo).

    >>> has_hangul("물"), has_hangul("water")
    (True, False)
    """
    return any(unicodedata.name(character, "").startswith("HANGUL") for character in text)
