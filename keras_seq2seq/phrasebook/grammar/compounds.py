"""Sentences of two clauses: 저는 운동한 후에 쉬었어요. <-> I rested after exercising."""

from functools import cache

from keras_seq2seq.phrasebook import english_morphology as english
from keras_seq2seq.phrasebook.grammar.events import (
    Event,
    nouns_for,
    places_of,
    sample_event,
    sellers_of,
)
from keras_seq2seq.phrasebook.grammar.lexicon import Adjective, Person, Verb, load_lexicon
from keras_seq2seq.phrasebook.grammar.noun_phrases import object_phrase
from keras_seq2seq.phrasebook.grammar.predicates import (
    BE,
    FUTURE,
    PAST,
    PRESENT,
    Mode,
    allows,
    english_predicate,
    korean_predicate,
)
from keras_seq2seq.phrasebook.grammar.sampler import Sampler
from keras_seq2seq.phrasebook.grammar.statements import (
    Pair,
    finish,
    is_first,
    sample_style,
    sample_subject,
    state,
)
from keras_seq2seq.phrasebook.korean_morphology import Conjugation

_FAILURES = (
    Mode("past", "can", "unable"),
    Mode("past", negation="short"),
    Mode("past", negation="long"),
)
_WEATHER = (
    ("비가 오면", "if it rains"),
    ("눈이 오면", "if it snows"),
    ("날씨가 좋으면", "if the weather is good"),
    ("날씨가 나쁘면", "if the weather is bad"),
)
_MEANS = (
    (
        "시간이 있으면",
        "time",
        ("swim", "exercise", "meet", "read", "watch", "help", "hike", "fish"),
    ),
    ("시간이 있으면", "time", ("draw", "take a walk", "rest", "clean", "cook", "visit", "travel")),
    ("돈이 있으면", "money", ("travel", "buy", "learn", "move", "shop")),
)
_DAILY = (
    "eat", "drink", "read", "write", "watch", "listen to", "study", "do", "cook", "boil", "clean",
    "wash", "call", "meet", "exercise", "swim", "rest", "take a walk", "shop", "practice", "play",
    "help", "wait for", "draw", "bake", "fix", "go", "work", "buy", "check",
)  # fmt: skip
# What one does at the same time as something else.
_ASIDE = {
    "listen to": ("study", "clean", "cook", "draw", "exercise", "do", "read", "rest", "walk"),
    "drink": ("read", "study", "work", "write", "rest", "watch"),
    "eat": ("watch", "read", "work", "talk"),
    "sing": ("clean", "cook", "walk", "work", "do"),
    "wait for": ("read", "drink", "eat", "draw"),
    "talk": ("walk", "eat", "drink", "cook", "work"),
}
# Where one goes to do something; what is bought decides for itself.
_ERRANDS = {
    "eat": "food", "drink": "food", "read": "study", "study": "study", "swim": "swim",
    "exercise": "sport", "work": "work", "fish": "fishing", "take a walk": "outdoors",
    "meet": "food", "buy": "shop", "travel": "country",
}  # fmt: skip


def sequence(sampler: Sampler) -> Pair:
    """저는 저녁을 먹고 책을 읽었어요. <-> I ate dinner and read a book."""
    mode = sampler.pick((PAST, FUTURE))
    subject, first, second = _two_events(sampler)
    lead = first.korean(f"{_linking(first.verb, subject).stem}고")
    then = english_predicate(second.verb, mode, subject.agreement)
    words = second.english(then.main if mode is FUTURE else then.statement())
    text = f"{state(subject, first, mode)} and {words}"
    return _compose(sampler, subject, lead, second, mode, text)


def before_or_after(sampler: Sampler) -> Pair:
    """자기 전에 책을 읽어요, 운동한 후에 쉬었어요. <-> ... before sleeping, after exercising."""
    mode = sampler.pick((PAST, PRESENT, FUTURE))
    subject, first, second = _two_events(sampler)
    lead = _linking(first.verb, subject)
    link, word = f"{lead.past_modifier()} 후에", "after"
    if sampler.chance(0.5):
        link, word = f"{lead.stem}기 전에", "before"
    text = f"{state(subject, second, mode)} {word} {_gerund(first, mode)}"
    return _compose(sampler, subject, first.korean(link), second, mode, text)


def meanwhile(sampler: Sampler) -> Pair:
    """음악을 들으면서 공부했어요. <-> ... studied while listening to music."""
    mode = sampler.pick((PAST, PRESENT, Mode("present", "progressive")))
    subject = sample_subject(sampler)
    aside = sampler.pick(tuple(_ASIDE))
    first = _bare_event(sampler, sampler.pick(_verbs((aside,))), subject)
    second = _bare_event(sampler, sampler.pick(_verbs(_ASIDE[aside])), subject)
    link = _linking(first.verb, subject).with_eu("면서")
    text = f"{state(subject, second, mode)} while {_gerund(first, mode)}"
    return _compose(sampler, subject, first.korean(link), second, mode, text)


def purpose(sampler: Sampler) -> Pair:
    """책을 사러 서점에 갔어요. <-> ... went to the bookstore to buy a book."""
    mode = sampler.pick((PAST, FUTURE, Mode("present", "want"), Mode("present", "plan")))
    going = _verbs(("go",))[0]
    subject = sample_subject(sampler)
    verb = sampler.pick(_verbs(tuple(_ERRANDS)))
    places, noun = (), None
    while not places:
        noun = sampler.pick(nouns_for(verb)) if verb.english == "buy" else None
        places = sellers_of(noun) if noun else places_of((_ERRANDS[verb.english],))
    place = sampler.pick(places)
    if noun:
        aim = Event(verb, object=object_phrase(noun, verb.particle, verb.article))
    else:
        aim = _bare_event(sampler, verb, subject)
    trip = Event(going, (f"{place.korean}에",), complements=(place.to,))
    link = _linking(verb, subject).with_eu("러")
    text = f"{state(subject, trip, mode)} to {aim.english(verb.english)}"
    return _compose(sampler, subject, aim.korean(link), trip, mode, text)


def cause(sampler: Sampler) -> Pair:
    """저는 바빠서 못 갔어요. <-> I couldn't go because I was busy."""
    adjective = sampler.pick(_causes())
    mode = sampler.pick(_FAILURES)
    verb = sampler.pick(tuple(v for v in _verbs(_DAILY) if allows(v, mode)))
    subject = _sample_pronominal(sampler)
    while subject.honorific and "plain" in adjective.roles:
        subject = _sample_pronominal(sampler)
    event = sample_event(sampler, verb, subject, counts=False, manners=False)
    stem = adjective.conjugation.with_si() if subject.honorific else adjective.conjugation
    was = BE[subject.agreement][1]
    text = f"{state(subject, event, mode)} because {subject.pronoun} {was} {adjective.english}"
    return _compose(sampler, subject, f"{stem.infinitive()}서", event, mode, text)


def weather_condition(sampler: Sampler) -> Pair:
    """비가 오면 저는 집에서 쉴 거예요. <-> If it rains, I will rest at home."""
    condition, condition_en = sampler.pick(_WEATHER)
    subject, _, event = _two_events(sampler)
    text = f"{condition_en}, {state(subject, event, FUTURE)}"
    korean, text = _compose(sampler, subject, "", event, FUTURE, text)
    return f"{condition} {korean}", text


def means_condition(sampler: Sampler) -> Pair:
    """수진은 시간이 있으면 여행할 거예요. <-> Sujin will travel if she has time."""
    condition, means, leisure = sampler.pick(_MEANS)
    subject = _sample_pronominal(sampler)
    while subject.honorific:
        subject = _sample_pronominal(sampler)
    event = sample_event(sampler, sampler.pick(_verbs(leisure)), subject, manners=False)
    have = "has" if subject.agreement == "3s" else "have"
    text = f"{state(subject, event, FUTURE)} if {subject.pronoun} {have} {means}"
    return _compose(sampler, subject, condition, event, FUTURE, text)


def _compose(
    sampler: Sampler, subject: Person, lead: str, event: Event, mode: Mode, text: str
) -> Pair:
    """Subject, subordinate clause, main clause."""
    style = sample_style(sampler, subject)
    predicate = korean_predicate(
        event.verb, mode, style, respectful=subject.honorific, inner=is_first(subject)
    )
    words = (subject.korean_subject("는"), lead, event.korean(predicate))
    return finish(" ".join(word for word in words if word), text)


def _gerund(event: Event, mode: Mode) -> str:
    return event.english(english.gerund(event.verb.english), mode.habitual)


def _two_events(sampler: Sampler) -> tuple[Person, Event, Event]:
    """A subject, a bare event, and another event that may have a place or a companion."""
    subject = sample_subject(sampler)
    verbs = _verbs(_DAILY)
    first, second = sampler.pick(verbs), sampler.pick(verbs)
    while first.korean == second.korean or first.english == second.english:
        second = sampler.pick(verbs)
    main = sample_event(sampler, second, subject, counts=False, manners=False, bare=True)
    return subject, _bare_event(sampler, first, subject), main


def _bare_event(sampler: Sampler, verb: Verb, subject: Person) -> Event:
    return sample_event(sampler, verb, subject, False, circumstances=0, manners=False, bare=True)


def _sample_pronominal(sampler: Sampler) -> Person:
    """A subject that English can take up again as I, we, he, she or they."""
    while True:
        subject = sample_subject(sampler)
        if subject.pronoun:
            return subject


def _linking(verb: Verb, subject: Person) -> Conjugation:
    """Before another verb only words of respect of their own are used: 주무시기 전에."""
    own = verb.respectful != verb.conjugation.with_si()
    return verb.respectful if own and subject.honorific else verb.conjugation


@cache
def _verbs(english_words: tuple[str, ...]) -> tuple[Verb, ...]:
    return tuple(v for v in load_lexicon().verbs if v.english in english_words)


@cache
def _causes() -> tuple[Adjective, ...]:
    return tuple(a for a in load_lexicon().adjectives if "cause" in a.roles)
