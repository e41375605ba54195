"""One verb in one mode, on both sides: 안 먹었어요 <-> didn't eat.

A mode is a tense, a chain of auxiliaries (progressive, "can", "want to", ...) and a negation.
Each Korean form has exactly one English form, so that nothing is left to guess: 안 is n't,
-지 않다 is the full "not", -어요 is the simple present and -고 있다 the progressive.
"""

from dataclasses import dataclass

from keras_seq2seq.phrasebook import english_morphology as english
from keras_seq2seq.phrasebook.grammar.lexicon import Verb
from keras_seq2seq.phrasebook.korean_morphology import Conjugation

BE = {"1s": ("am", "was"), "3s": ("is", "was"), "pl": ("are", "were")}

_HAVE = Conjugation("있")
_LACK = Conjugation("없")
_STAY_RESPECTFUL = Conjugation("계시", honorific=True)
_NOT = Conjugation("않")
_UNABLE = Conjugation("못하")
_WANT = Conjugation("싶")
_DO = Conjugation("하")


@dataclass(frozen=True)
class Mode:
    """How a verb is used.

    Args:
        tense: str. "present", "past" or "future".
        chain: str. "plain", "progressive", "can", "want", "must", "plan" or "experience".
        negation: str. "" (none), "short" (안, 못, 없다) or "long" (-지 않다, -지 못하다);
            for the chain "can", 못 is "unable".
        weight: int. How often the phrasebook draws it.
    """

    tense: str
    chain: str = "plain"
    negation: str = ""
    weight: int = 1

    @property
    def habitual(self) -> bool:
        """Whether a countable object is generic: "reads books", not "reads a book"."""
        return self.chain in ("plain", "can") and self.tense == "present"

    @property
    def time_tense(self) -> str:
        """Which time expressions fit; "" for none."""
        if self.chain == "plain":
            return self.tense
        if self.chain == "progressive":
            return "progressive" if self.tense == "present" else "past"
        if self.chain in ("want", "must", "plan"):
            return "future" if self.tense == "present" else "past"
        return ""


PAST = Mode("past")
PRESENT = Mode("present")
FUTURE = Mode("future")
MODES = (
    Mode("present", weight=24),
    Mode("past", weight=28),
    Mode("future", weight=15),
    Mode("present", "progressive", weight=9),
    Mode("past", "progressive", weight=4),
    Mode("present", "progressive", "long", weight=2),
    Mode("present", negation="short", weight=4),
    Mode("past", negation="short", weight=6),
    Mode("future", negation="short", weight=3),
    Mode("present", negation="long", weight=3),
    Mode("past", negation="long", weight=5),
    Mode("future", negation="long", weight=2),
    Mode("present", "can", weight=5),
    Mode("past", "can", weight=2),
    Mode("present", "can", "short", weight=3),
    Mode("past", "can", "short", weight=2),
    Mode("present", "can", "unable", weight=3),
    Mode("past", "can", "unable", weight=4),
    Mode("past", "can", "long", weight=2),
    Mode("present", "want", weight=6),
    Mode("present", "want", "long", weight=3),
    Mode("past", "want", weight=2),
    Mode("present", "must", weight=5),
    Mode("past", "must", weight=2),
    Mode("present", "plan", weight=4),
    Mode("present", "experience", weight=3),
    Mode("present", "experience", "short", weight=2),
)


def allows(verb: Verb, mode: Mode) -> bool:
    """Whether `verb` is natural in `mode` (nobody wants to lose a key)."""
    flags = verb.flags
    if "negative" in flags:
        return mode.chain == "plain" and not mode.negation and mode.tense != "future"
    if "stative" in flags:
        split = mode.negation == "short" and "long" in flags
        return mode.chain == "plain" and mode.tense != "future" and not split
    if "accident" in flags:
        return mode.chain == "plain" and mode.tense == "past"
    if mode.chain == "progressive" and "noprogressive" in flags:
        return False
    if mode.chain == "experience":
        # "has opened the window" is no experience; "has been to" translates 간 적이 있다 only.
        return verb.article != "the" and (verb.frame != "goal" or verb.korean == "가다")
    if "once" in flags and mode.chain == "plain" and mode.tense == "present":
        return False
    if "involuntary" in flags and mode.chain not in ("plain", "progressive"):
        return False
    # 공부하다 is not negated by a preceding 안 or 못.
    particle = (mode.chain, mode.negation) in (("plain", "short"), ("can", "unable"))
    return not (particle and "long" in flags)


def finite(verb: Conjugation, tense: str, style: str, question: bool = False) -> str:
    """Conjugates the last word of a clause; `style` is "polite" (-요) or "formal" (-습니다)."""
    if tense == "future":
        tail = {"polite": "거예요", "formal": "것입니까" if question else "것입니다"}[style]
        return f"{verb.future_modifier()} {tail}"
    if style == "polite":
        return verb.past_polite() if tense == "past" else verb.polite()
    return verb.past_formal(question) if tense == "past" else verb.formal(question)


def korean_predicate(
    verb: Verb,
    mode: Mode,
    style: str = "polite",
    question: bool = False,
    respectful: bool = False,
    inner: bool = True,
) -> str:
    """The Korean verb phrase, without its arguments.

    Args:
        verb: Verb.
        mode: Mode.
        style: str. "polite" or "formal".
        question: bool. Whether the clause asks. Defaults to False.
        respectful: bool. Whether the subject is honoured with (으)시. Defaults to False.
        inner: bool. Whether the speaker (or, in a question, the hearer) is the subject: wishes
            of others are reported with -고 싶어 하다. Defaults to True.
    """
    prefix, tail = _chain(verb, mode, respectful, inner)
    return prefix + finite(tail, mode.tense, style, question)


def _chain(verb: Verb, mode: Mode, respectful: bool, inner: bool) -> tuple[str, Conjugation]:
    """The words before the last one, and the stem of the last one, which takes the tense."""
    stem = verb.respectful if respectful else verb.conjugation
    # Of two verbs the last one carries (으)시, unless the first has a word of its own (드시다).
    own = verb.respectful != verb.conjugation.with_si()
    base = stem.stem if own else verb.conjugation.stem
    exists = _LACK if mode.negation else _HAVE
    prefix, tail = "", stem
    if mode.chain == "progressive":
        prefix, tail = f"{base}고 ", _STAY_RESPECTFUL if respectful else _HAVE
    elif mode.chain == "want":
        prefix = f"{base}고 " if inner else f"{base}고 싶어 "
        tail = _honour(_WANT if inner else _DO, respectful)
    elif mode.chain == "must":
        prefix, tail = f"{stem.infinitive()}야 ", _DO
    elif mode.chain == "plan":
        lead = stem if own else verb.conjugation
        prefix, tail = f"{lead.with_eu('려고')} ", _honour(_DO, respectful)
    elif mode.chain == "experience":
        return f"{stem.past_modifier()} 적이 ", exists
    elif mode.chain == "can" and mode.negation == "unable":
        return "못 ", stem
    elif mode.chain == "can" and mode.negation == "long":
        return f"{base}지 ", _honour(_UNABLE, respectful)
    elif mode.chain == "can":
        return f"{stem.future_modifier()} 수 ", exists
    elif mode.negation == "short":
        return "안 ", stem
    elif mode.negation == "long":
        return f"{base}지 ", _honour(_NOT, respectful)
    return (f"{prefix}{tail.stem}지 ", _NOT) if mode.negation else (prefix, tail)


def _honour(verb: Conjugation, respectful: bool) -> Conjugation:
    return verb.with_si() if respectful else verb


@dataclass(frozen=True)
class EnglishPredicate:
    """An English verb group that can be stated or inverted into a question.

    `fused` is the statement where it differs from `auxiliary` + `main` ("eats" for "does eat").
    """

    auxiliary: str
    main: str
    fused: str = ""

    def statement(self, adverb: str = "") -> str:
        """The words after the subject; a frequency adverb stands before the main verb."""
        if self.fused:
            return f"{adverb} {self.fused}".strip()
        return " ".join(word for word in (self.auxiliary, adverb, self.main) if word)


def english_predicate(
    verb: Verb, mode: Mode, agreement: str, question: bool = False
) -> EnglishPredicate:
    """The English verb group of `verb` in `mode` for a subject of `agreement`."""
    base = verb.english
    past, third = mode.tense == "past", agreement == "3s"
    be = BE[agreement][past]
    do = "did" if past else "does" if third else "do"
    if mode.chain == "progressive":
        main = english.gerund(base)
        return EnglishPredicate(be, f"not {main}" if mode.negation else main)
    if mode.chain == "can":
        can = "could" if past else "can"
        if mode.negation == "unable":
            return EnglishPredicate(english.contract_not(can), base)
        if not mode.negation:
            return EnglishPredicate(can, base)
        return EnglishPredicate("could not" if past else "cannot", base)
    if mode.chain == "experience":
        have = "has" if third else "have"
        never = "never" if mode.negation else "ever" if question else ""
        return EnglishPredicate(have, f"{never} {verb.participle}".strip())
    heads = {"want": ("want to", "wanted to"), "must": ("have to", "had to")}
    heads["plan"] = ("plan to", "planned to")
    if mode.chain in heads:
        head, head_past = heads[mode.chain]
        if mode.negation:
            return EnglishPredicate(do, f"not {head} {base}")
        fused = head_past if past else english.third_person(head) if third else head
        return EnglishPredicate(do, f"{head} {base}", f"{fused} {base}")
    negative = mode.negation or ("long" if "negative" in verb.flags else "")
    auxiliary = "will" if mode.tense == "future" else do
    if negative == "short":
        return EnglishPredicate(english.contract_not(auxiliary), base)
    if negative == "long":
        return EnglishPredicate(auxiliary, f"not {base}")
    if mode.tense == "future":
        return EnglishPredicate("will", base)
    fused = verb.past if past else english.third_person(base) if third else base
    return EnglishPredicate(do, base, fused)
