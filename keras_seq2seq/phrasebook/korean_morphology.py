"""Korean word forms: Hangul arithmetic, particles and the conjugation of stems.

A modern Hangul syllable is ``0xAC00 + (lead * 21 + vowel) * 28 + final``, so the final consonant
on which every particle and ending depends is a remainder, and no table of words is needed.
"""

from __future__ import annotations

from dataclasses import dataclass

LEADS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
FINALS = ("", *"ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ")

# particle: (after a final consonant, after a vowel)
PARTICLES = {
    "는": ("은", "는"),
    "가": ("이", "가"),
    "를": ("을", "를"),
    "와": ("과", "와"),
    "로": ("으로", "로"),
    "예요": ("이에요", "예요"),
    "였어요": ("이었어요", "였어요"),
    "였습니다": ("이었습니다", "였습니다"),
}

IRREGULAR_CLASSES = ("", "ㅂ", "ㄷ", "ㅅ", "르")

# After these vowels 아 is chosen, else 어; it is then swallowed by, or fused with, an open vowel.
_BRIGHT = "ㅏㅑㅗ"
_ABSORBING = "ㅏㅐㅓㅔㅕ"
_FUSED = {"ㅗ": "ㅘ", "ㅜ": "ㅝ", "ㅣ": "ㅕ", "ㅚ": "ㅙ"}


def decompose(syllable: str) -> tuple[str, str, str]:
    """Splits one Hangul syllable into lead, vowel and final ('' when open).

    >>> decompose("한")
    ('ㅎ', 'ㅏ', 'ㄴ')
    """
    offset = ord(syllable) - 0xAC00 if len(syllable) == 1 else -1
    if not 0 <= offset < 11172:
        raise ValueError(f"Expected one composed Hangul syllable (가..힣). Received: {syllable!r}")
    return LEADS[offset // 588], VOWELS[offset % 588 // 28], FINALS[offset % 28]


def compose(lead: str, vowel: str, final: str = "") -> str:
    """Joins lead, vowel and final into one syllable: the inverse of `decompose`.

    >>> compose("ㄱ", "ㅏ", "ㅇ")
    '강'
    """
    index = (LEADS.index(lead) * 21 + VOWELS.index(vowel)) * 28 + FINALS.index(final)
    return chr(0xAC00 + index)


def final_consonant(word: str) -> str:
    """The final consonant of the last syllable of `word`, '' when it ends in a vowel.

    >>> final_consonant("책"), final_consonant("사과")
    ('ㄱ', '')
    """
    return decompose(word[-1:])[2]


def add_final(word: str, final: str) -> str:
    """Gives the last, open, syllable of `word` the consonant `final`.

    >>> add_final("가", "ㄹ")
    '갈'
    """
    lead, vowel, _ = decompose(word[-1:])
    return word[:-1] + compose(lead, vowel, final)


def attach_particle(noun: str, particle: str) -> str:
    """Attaches `particle` (its form after a vowel) in the form that `noun` asks for.

    Args:
        noun: str. Ends in a Hangul syllable.
        particle: str. One of `PARTICLES`, or an invariant one such as "에서".

    Returns:
        str. The noun with its particle; pronouns contract (저 + 가 = 제가).

    >>> attach_particle("책", "를"), attach_particle("서울", "로"), attach_particle("저", "가")
    ('책을', '서울로', '제가')
    """
    if particle == "가" and noun in ("저", "나"):
        return {"저": "제가", "나": "내가"}[noun]
    closed, open_ = PARTICLES.get(particle, (particle, particle))
    final = final_consonant(noun)
    if particle == "로" and final == "ㄹ":
        return noun + open_
    return noun + (closed if final else open_)


@dataclass(frozen=True)
class Conjugation:
    """The forms of one Korean verb or adjective.

    Vowel contraction, the loss of ㅡ and of a final ㄹ, and 하다 follow from the spelling;
    which stems are irregular does not (걷다 "walk" is, 닫다 "close" is not), so it is given.

    Args:
        stem: str. The dictionary form without 다, e.g. "먹".
        irregular: str. "" (regular), "ㅂ", "ㄷ", "ㅅ" or "르". Defaults to "".
        honorific: bool. Whether `stem` ends in the honorific (으)시. Defaults to False.

    Raises:
        ValueError: if `irregular` is unknown or `stem` does not end in a Hangul syllable.

    >>> walk = Conjugation("걷", "ㄷ")
    >>> walk.polite(), walk.formal(), walk.with_si().polite(), walk.future_modifier()
    ('걸어요', '걷습니다', '걸으세요', '걸을')
    """

    stem: str
    irregular: str = ""
    honorific: bool = False

    def __post_init__(self):
        decompose(self.stem[-1:])
        if self.irregular not in IRREGULAR_CLASSES:
            raise ValueError(
                f"Unknown irregular class {self.irregular!r} of the stem {self.stem!r}. "
                f"Expected one of {IRREGULAR_CLASSES}."
            )

    def infinitive(self) -> str:
        """The 아/어 form: 먹어, 가, 마셔, 도와, 불러, 해."""
        head, last = self.stem[:-1], self.stem[-1]
        lead, vowel, final = decompose(last)
        if last == "하":
            return head + "해"
        if self.irregular == "르":
            # 부르 -> 불러, 모르 -> 몰라: the ㄹ doubles and the harmony is of the vowel before.
            return add_final(head, "ㄹ") + ("라" if _is_bright(head) else "러")
        if self.irregular == "ㅂ":
            return head + compose(lead, vowel) + ("와" if last in "돕곱" else "워")
        if self.irregular == "ㄷ":
            return head + compose(lead, vowel, "ㄹ") + _a_or_eo(vowel)
        if self.irregular == "ㅅ":
            return head + compose(lead, vowel) + _a_or_eo(vowel)
        if final:
            return self.stem + _a_or_eo(vowel)
        if vowel == "ㅡ":
            return head + compose(lead, "ㅏ" if head and _is_bright(head) else "ㅓ")
        if vowel in _ABSORBING:
            return self.stem
        if vowel in _FUSED:
            return head + compose(lead, _FUSED[vowel])
        return self.stem + "어"

    def polite(self) -> str:
        """Present in the -요 style: 먹어요; honorific 시어요 is said 세요."""
        return self.stem[:-1] + "세요" if self.honorific else self.infinitive() + "요"

    def past_stem(self) -> str:
        """The stem of the past: 먹었, 갔, 했."""
        return add_final(self.infinitive(), "ㅆ")

    def past_polite(self) -> str:
        """Past in the -요 style: 먹었어요."""
        return self.past_stem() + "어요"

    def formal(self, question: bool = False) -> str:
        """Present in the -습니다 style: 먹습니다, 갑니다, 만듭니다, 먹습니까."""
        tail = "니까" if question else "니다"
        stem = _drop_l(self.stem, self)
        return add_final(stem, "ㅂ") + tail if not final_consonant(stem) else stem + "습" + tail

    def past_formal(self, question: bool = False) -> str:
        """Past in the -습니다 style: 먹었습니다, 먹었습니까."""
        return self.past_stem() + ("습니까" if question else "습니다")

    def with_eu(self, ending: str) -> str:
        """Adds an ending of the (으) kind that keeps ㄹ: 면, 러, 려고 (먹으면, 가면, 만들면)."""
        return self._eu_stem() + ending

    def with_si(self) -> Conjugation:
        """The honorific stem: 먹으시, 가시, 만드시, 들으시, 도우시."""
        return Conjugation(_drop_l(self._eu_stem(), self) + "시", honorific=True)

    def future_modifier(self) -> str:
        """Before nouns, future: 먹을, 갈, 만들, 들을, 도울."""
        return add_final(_drop_l(self._eu_stem(), self), "ㄹ")

    def past_modifier(self) -> str:
        """Before nouns, past of verbs and present of adjectives: 먹은, 간, 만든, 도운, 추운."""
        return add_final(_drop_l(self._eu_stem(), self), "ㄴ")

    def propositive(self) -> str:
        """Formal "let us": 먹읍시다, 갑시다, 만듭시다."""
        return add_final(_drop_l(self._eu_stem(), self), "ㅂ") + "시다"

    def _eu_stem(self) -> str:
        """The stem as (으)-endings meet it: 먹으, 가, 만들, 들으, 도우, 지으."""
        head, (lead, vowel, final) = self.stem[:-1], decompose(self.stem[-1])
        if self.irregular == "ㅂ":
            return head + compose(lead, vowel) + "우"
        if self.irregular == "ㄷ":
            return head + compose(lead, vowel, "ㄹ") + "으"
        if self.irregular == "ㅅ":
            return head + compose(lead, vowel) + "으"
        return self.stem if final in ("", "ㄹ") else self.stem + "으"


def _is_bright(word: str) -> bool:
    return decompose(word[-1])[1] in _BRIGHT


def _a_or_eo(vowel: str) -> str:
    return "아" if vowel in _BRIGHT else "어"


def _drop_l(stem: str, conjugation: Conjugation) -> str:
    """Regular stems lose a final ㄹ before ㄴ, ㅂ, ㅅ and the modifier ㄹ."""
    lead, vowel, final = decompose(stem[-1])
    if final != "ㄹ" or conjugation.irregular:
        return stem
    return stem[:-1] + compose(lead, vowel)
