"""Statements: 저는 어제 도서관에서 책을 읽었어요. <-> I read a book at the library yesterday."""

from dataclasses import replace
from functools import cache
from math import isqrt

from keras_seq2seq.phrasebook import english_morphology as english
from keras_seq2seq.phrasebook.grammar.events import (
    Event,
    nouns_for,
    nouns_of,
    people_with,
    places_of,
    sample_event,
)
from keras_seq2seq.phrasebook.grammar.lexicon import Noun, Person, Time, Verb, load_lexicon
from keras_seq2seq.phrasebook.grammar.noun_phrases import COUNTS
from keras_seq2seq.phrasebook.grammar.predicates import (
    MODES,
    PAST,
    Mode,
    allows,
    english_predicate,
    korean_predicate,
)
from keras_seq2seq.phrasebook.grammar.sampler import Sampler
from keras_seq2seq.phrasebook.grammar.times import sample_time

Pair = tuple[str, str]

_MODE_WEIGHTS = [mode.weight for mode in MODES]
_SCENES = (
    PAST,
    Mode("present", "progressive"),
    Mode("past", "progressive"),
)


def finish(korean: str, english: str, mark: str = ".") -> Pair:
    """Capitalises the English side and closes both with `mark`."""
    return korean + mark, english[0].upper() + english[1:] + mark


@cache
def _subjects(kinds: tuple[str, ...]) -> tuple[Person, ...]:
    return tuple(p for p in people_with("subject") if p.kind in kinds)


def sample_subject(sampler: Sampler, third: bool = False) -> Person:
    """Somebody to speak of; with `third`, neither the speaker nor of the family.

    In a question 어머니 would rather be the hearer's mother than the speaker's.
    """
    kinds = (("pronoun", "casual"), ("name",), ("kin",), ("role",))
    kind = sampler.weighted(kinds, (36, 26, 0 if third else 20, 18))
    while True:
        person = sampler.pick(_subjects(kind))
        if not (third and is_first(person)):
            return person


def is_first(person: Person) -> bool:
    """Whether `person` includes the speaker."""
    return person.korean in ("저", "나", "우리")


def korean_subject(sampler: Sampler, person: Person) -> str:
    """The subject with 은/는, now and then with 이/가 (께서 for the honoured)."""
    if sampler.chance(0.72):
        return person.korean_subject("는")
    if person.honorific:
        return f"{person.korean}께서"
    return person.korean_subject("가")


def sample_style(sampler: Sampler, subject: Person | None = None) -> str:
    """-요 or -습니다; 나 does not go with the latter."""
    if subject is not None and subject.kind == "casual":
        return "polite"
    return "formal" if sampler.chance(0.28) else "polite"


@cache
def verbs_in(mode: Mode) -> tuple[Verb, ...]:
    """Verbs that are natural in `mode`."""
    return tuple(verb for verb in load_lexicon().verbs if allows(verb, mode))


@cache
def _breadth(verbs: tuple[Verb, ...]) -> tuple[int, ...]:
    return tuple(6 + isqrt(len(nouns_for(verb))) for verb in verbs)


def sample_verb(sampler: Sampler, mode: Mode) -> Verb:
    """A verb that is natural in `mode`; one with many objects (eat, buy) comes more often."""
    verbs = verbs_in(mode)
    return sampler.weighted(verbs, _breadth(verbs))


def state(
    subject: Person, event: Event, mode: Mode, time: Time | None = None, front: bool = False
) -> str:
    """The English statement without its final mark."""
    predicate = english_predicate(event.verb, mode, subject.agreement)
    adverb = time.english if time and time.kind == "frequency" else ""
    clause = f"{subject.subject} {event.english(predicate.statement(adverb), mode.habitual)}"
    if time is None or adverb:
        return clause
    return f"{time.english} {clause}" if front else f"{clause} {time.english}"


def sample_subject_for(sampler: Sampler, verb: Verb, third: bool = False) -> Person:
    """A subject for `verb`; 돌아가시다 is "to die", so 돌아가다 takes no honoured one."""
    while True:
        subject = sample_subject(sampler, third)
        if not (subject.honorific and "plain" in verb.flags):
            return subject


def statement(sampler: Sampler) -> Pair:
    """A statement in any mode: 저는 안 먹었어요, 민수는 가고 싶어 해요, ..."""
    mode = sampler.weighted(MODES, _MODE_WEIGHTS)
    verb = sample_verb(sampler, mode)
    subject = sample_subject_for(sampler, verb)
    positive = not mode.negation and mode.chain not in ("can", "experience")
    # What is habit or experience is hardly of "this apple".
    bare = (mode.habitual or mode.chain == "experience") and sampler.chance(0.8)
    counts = positive and not mode.habitual
    event = sample_event(sampler, verb, subject, counts=counts, manners=positive, bare=bare)
    time = sample_time(sampler, verb, mode)
    front = time is not None and time.kind == "when" and sampler.chance(0.25)
    predicate = korean_predicate(
        verb,
        mode,
        sample_style(sampler, subject),
        respectful=subject.honorific,
        inner=is_first(subject),
    )
    words = [korean_subject(sampler, subject), event.korean(predicate)]
    if time is not None:
        words.insert(0 if front else 1, time.korean)
    return finish(" ".join(words), state(subject, event, mode, time, front))


def counted_people(sampler: Sampler) -> Pair:
    """학생 세 명이 책을 읽고 있어요. <-> Three students are reading a book."""
    person = sampler.pick(people_with("counted"))
    number, number_en = sampler.pick(COUNTS[:6])
    name = person.english if number == "한" else english.plural(person.english)
    korean = f"{person.korean} {number} 명"
    subject = replace(
        person,
        korean=korean,
        english=f"{number_en} {name}",
        kind="group",
        agreement="3s" if number == "한" else "pl",
        honorific=False,
    )
    mode = sampler.pick(_SCENES)
    verb = sample_verb(sampler, mode)
    while verb.flags & {"stative", "morning"}:
        verb = sample_verb(sampler, mode)
    event = sample_event(sampler, verb, subject, counts=False, bare=True)
    time = sample_time(sampler, verb, mode, frequency=False)
    return _present(sampler, subject, event, mode, time)


def animal_scene(sampler: Sampler) -> Pair:
    """고양이 두 마리가 정원에서 자고 있어요. <-> Two cats are sleeping in the garden."""
    noun = sampler.pick(nouns_of(("animal",)))
    draw = sampler.random.random()
    agreement = "3s"
    if draw < 0.4:
        number, number_en = sampler.pick(COUNTS[:6])
        korean, text = f"{noun.korean} {number} 마리", f"{number_en} {noun.plural}"
        if number == "한":
            text = f"one {noun.english}"
        else:
            agreement = "pl"
    elif draw < 0.7:
        korean, text = noun.korean, f"the {noun.english}"
    else:
        korean, text = f"그 {noun.korean}", f"that {noun.english}"
    subject = Person(korean, text, "animal", agreement, "it", False, frozenset())
    verb = sampler.pick(_animal_verbs())
    event = Event(verb)
    if sampler.chance(0.6):
        place = sampler.pick(places_of(_habitat(noun)))
        event = replace(event, circumstances=(f"{place.korean}에서",), complements=(place.at,))
    return _present(sampler, subject, event, sampler.pick(_SCENES), None)


def _present(
    sampler: Sampler, subject: Person, event: Event, mode: Mode, time: Time | None
) -> Pair:
    style = sample_style(sampler)
    predicate = korean_predicate(event.verb, mode, style, inner=False)
    words = [subject.korean_subject("가"), event.korean(predicate)]
    if time is not None:
        words.insert(0, time.korean)
    return finish(" ".join(words), state(subject, event, mode, time, front=True))


@cache
def _animal_verbs() -> tuple[Verb, ...]:
    return tuple(verb for verb in load_lexicon().verbs if "animal" in verb.flags)


def _habitat(noun: Noun) -> tuple[str, ...]:
    if "pet" in noun.classes:
        return ("yard", "home", "play")
    return ("farm",) if "farm" in noun.classes else ("zoo",)
