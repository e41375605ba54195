"""Questions: 어제 뭘 샀어요? <-> What did you buy yesterday?

A question without a subject asks the hearer ("you"); -세요? and -습니까? differ in style only.
"""

from dataclasses import replace
from functools import cache

from keras_seq2seq.phrasebook.grammar.events import Event, nouns_for, sample_event
from keras_seq2seq.phrasebook.grammar.lexicon import Person, Time, Verb
from keras_seq2seq.phrasebook.grammar.noun_phrases import counted_english
from keras_seq2seq.phrasebook.grammar.predicates import (
    FUTURE,
    PAST,
    PRESENT,
    Mode,
    english_predicate,
    korean_predicate,
)
from keras_seq2seq.phrasebook.grammar.sampler import Sampler
from keras_seq2seq.phrasebook.grammar.statements import (
    Pair,
    finish,
    korean_subject,
    sample_style,
    sample_subject_for,
    sample_verb,
    state,
    verbs_in,
)
from keras_seq2seq.phrasebook.grammar.times import sample_time
from keras_seq2seq.phrasebook.korean_morphology import attach_particle

YOU = Person("", "you", "hearer", "pl", "you", False, frozenset())
_WHO = Person("누구", "who", "asked", "3s", "", False, frozenset())
_GOAL_VERBS = ("가다", "이사하다", "살다", "도착하다")
_YES_NO = (
    PRESENT,
    PAST,
    FUTURE,
    Mode("present", "progressive"),
    Mode("present", "can"),
    Mode("present", "want"),
    Mode("present", "must"),
    Mode("present", "experience"),
    Mode("past", negation="short"),
    Mode("present", negation="short"),
)
_YES_NO_WEIGHTS = (6, 8, 5, 3, 3, 3, 2, 3, 2, 1)
_WH = (PRESENT, PAST, FUTURE, Mode("present", "progressive"), Mode("present", "want"))
_WH_WEIGHTS = (4, 8, 5, 2, 3)
_EVENTFUL = (PAST, FUTURE, Mode("present", "want"), Mode("present", "must"))


def yes_no_question(sampler: Sampler) -> Pair:
    """민수는 책을 읽었어요? <-> Did Minsu read a book?"""
    mode = sampler.weighted(_YES_NO, _YES_NO_WEIGHTS)
    verb = sample_verb(sampler, mode)
    while verb.flags & {"negative"}:
        verb = sample_verb(sampler, mode)
    subject = _sample_asked(sampler, verb)
    counts = not mode.habitual and not mode.negation and mode.chain == "plain"
    bare = mode.habitual or mode.chain == "experience"
    event = sample_event(sampler, verb, _known(subject), counts=counts, manners=False, bare=bare)
    time = sample_time(sampler, verb, mode, frequency=False)
    korean = _ask_korean(sampler, subject, event, mode, time)
    return finish(korean, _ask(subject, event, mode, time), "?")


def what_question(sampler: Sampler) -> Pair:
    """어제 뭘 샀어요? <-> What did you buy yesterday?"""
    mode = sampler.weighted(_WH, _WH_WEIGHTS)
    verb = sampler.pick(_verbs_of_what(mode))
    # 뭘 드셨어요? could be either of eat and drink; only one of them may be asked for so.
    honour = verb.owns_respectful_what
    subject = _sample_asked(sampler, verb, honour)
    event = sample_event(sampler, verb, _known(subject), counts=False, manners=False)
    event = replace(event, object=None)
    time = sample_time(sampler, verb, mode, frequency=False)
    style = sample_style(sampler)
    word = "무엇을" if style == "formal" else "뭘"
    korean = _ask_korean(sampler, subject, event, mode, time, word, style, honour)
    return finish(korean, f"what {_ask(subject, event, mode, time)}", "?")


def whom_question(sampler: Sampler) -> Pair:
    """누구를 만났어요? <-> Who did you meet?"""
    mode = sampler.weighted(_WH, _WH_WEIGHTS)
    verb = sampler.pick(_verbs_of_whom(mode))
    subject = _sample_asked(sampler, verb)
    event = sample_event(sampler, verb, _known(subject), counts=False, manners=False)
    event = replace(event, object=None)
    time = sample_time(sampler, verb, mode, frequency=False)
    word = "누구에게" if verb.frame == "call" else "누구를"
    korean = _ask_korean(sampler, subject, event, mode, time, word=word)
    return finish(korean, f"who {_ask(subject, event, mode, time)}", "?")


def who_question(sampler: Sampler) -> Pair:
    """누가 창문을 열었어요? <-> Who opened the window?"""
    mode = sampler.weighted(_WH[:4], _WH_WEIGHTS[:4])
    verb = sample_verb(sampler, mode)
    while "negative" in verb.flags:
        verb = sample_verb(sampler, mode)
    event = sample_event(sampler, verb, None, counts=not mode.habitual, manners=False)
    time = sample_time(sampler, verb, mode, frequency=False)
    predicate = korean_predicate(verb, mode, sample_style(sampler), question=True)
    words = ["누가", event.korean(predicate)]
    if time is not None:
        words.insert(0, time.korean)
    return finish(" ".join(words), state(_WHO, event, mode, time), "?")


def where_question(sampler: Sampler) -> Pair:
    """어디에 가요? 어디에서 책을 샀어요? <-> Where do you go? Where did you buy a book?"""
    mode = sampler.weighted(_WH, _WH_WEIGHTS)
    goal = sampler.chance(0.35)
    verb = sampler.pick(_verbs_of_where(mode, goal))
    subject = _sample_asked(sampler, verb)
    event = sample_event(
        sampler, verb, _known(subject), counts=False, circumstances=0, manners=False
    )
    if goal or verb.places == ("@sells",):
        event = replace(event, circumstances=(), complements=())
    time = sample_time(sampler, verb, mode, frequency=False)
    word = f"어디{verb.particle or '에'}" if goal else "어디에서"
    event = replace(event, circumstances=(word, *event.circumstances))
    korean = _ask_korean(sampler, subject, event, mode, time)
    return finish(korean, f"where {_ask(subject, event, mode, time)}", "?")


def when_question(sampler: Sampler) -> Pair:
    """언제, 왜, 몇 시에: when, why, what time."""
    mode = sampler.pick(_EVENTFUL)
    verb = sample_verb(sampler, mode)
    while verb.flags & {"stative", "accident", "involuntary", "timeless"}:
        verb = sample_verb(sampler, mode)
    subject = _sample_asked(sampler, verb)
    words = (("언제", "when"), ("언제", "when"), ("왜", "why"), ("몇 시에", "what time"))
    word, text = sampler.random.choice(words)
    event = sample_event(sampler, verb, _known(subject), counts=False, manners=False)
    timed = word == "왜" and mode is PAST
    time = sample_time(sampler, verb, mode, frequency=False) if timed else None
    event = replace(event, circumstances=(word, *event.circumstances))
    korean = _ask_korean(sampler, subject, event, mode, time)
    return finish(korean, f"{text} {_ask(subject, event, mode, time)}", "?")


def how_many_question(sampler: Sampler) -> Pair:
    """사과를 몇 개 샀어요? <-> How many apples did you buy?"""
    mode = sampler.pick((PAST, FUTURE, Mode("present", "want")))
    verb = sampler.pick(_verbs_of_count(mode))
    noun = sampler.pick(tuple(noun for noun in nouns_for(verb) if noun.counters))
    counter, measure = sampler.pick(noun.counters)
    subject = _sample_asked(sampler, verb)
    time = sample_time(sampler, verb, mode, frequency=False)
    event = Event(verb, (f"{attach_particle(noun.korean, '를')} 몇 {counter}",))
    korean = _ask_korean(sampler, subject, event, mode, time)
    text = f"how many {counted_english(noun, measure)} {_ask(subject, event, mode, time)}"
    return finish(korean, text, "?")


def _ask_korean(
    sampler: Sampler,
    subject: Person,
    event: Event,
    mode: Mode,
    time: Time | None,
    word: str = "",
    style: str = "",
    may_honour: bool = True,
) -> str:
    """The Korean question; `word` is the question word that stands before the verb."""
    hearer = subject is YOU
    predicate = korean_predicate(
        event.verb,
        mode,
        style or sample_style(sampler),
        question=True,
        respectful=may_honour and sampler.chance(0.5) if hearer else subject.honorific,
        inner=hearer,
    )
    words = [event.korean(f"{word} {predicate}".strip())]
    if time is not None:
        words.insert(0, time.korean)
    if not hearer:
        words.insert(0, korean_subject(sampler, subject))
    return " ".join(words)


def _ask(subject: Person, event: Event, mode: Mode, time: Time | None) -> str:
    """The English question from its auxiliary on."""
    predicate = english_predicate(event.verb, mode, subject.agreement, question=True)
    body = event.english(predicate.main, mode.habitual)
    text = f"{predicate.auxiliary} {subject.subject} {body}"
    return f"{text} {time.english}" if time is not None else text


def _sample_asked(sampler: Sampler, verb: Verb, may_honour: bool = True) -> Person:
    """The hearer or a third person."""
    if sampler.chance(0.5):
        return YOU
    while True:
        subject = sample_subject_for(sampler, verb, third=True)
        if may_honour or not subject.honorific:
            return subject


def _known(subject: Person) -> Person | None:
    return None if subject is YOU else subject


@cache
def _verbs_of_what(mode: Mode) -> tuple[Verb, ...]:
    return tuple(
        verb
        for verb in verbs_in(mode)
        if verb.frame in ("object", "source") and verb.particle == "를" and verb.owns_what
        if "@" not in verb.objects[0] and len(nouns_for(verb)) > 3
        if "negative" not in verb.flags
    )


@cache
def _verbs_of_whom(mode: Mode) -> tuple[Verb, ...]:
    return tuple(
        verb
        for verb in verbs_in(mode)
        if verb.frame == "call" or verb.objects in (("@person",), ("@name",))
    )


@cache
def _verbs_of_where(mode: Mode, goal: bool) -> tuple[Verb, ...]:
    if goal:
        return tuple(v for v in verbs_in(mode) if v.korean in _GOAL_VERBS)
    frames = ("object", "none", "dative")
    verbs = [v for v in verbs_in(mode) if v.places and v.frame in frames]
    return tuple(v for v in verbs if "involuntary" not in v.flags)


@cache
def _verbs_of_count(mode: Mode) -> tuple[Verb, ...]:
    return tuple(
        verb
        for verb in verbs_in(mode)
        if verb.frame == "object"
        and verb.article == "gen"
        and not verb.flags & {"stative", "uncounted"}
        if any(noun.counters for noun in nouns_for(verb))
    )
