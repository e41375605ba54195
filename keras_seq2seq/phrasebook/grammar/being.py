"""What things are and where: 방에 고양이 두 마리가 있어요. <-> There are two cats in the room."""

from keras_seq2seq.phrasebook import english_morphology as english
from keras_seq2seq.phrasebook.grammar.events import nouns_of, people_with, places_of
from keras_seq2seq.phrasebook.grammar.lexicon import Noun, Person
from keras_seq2seq.phrasebook.grammar.noun_phrases import COUNTS, counted_english
from keras_seq2seq.phrasebook.grammar.predicates import BE, finite
from keras_seq2seq.phrasebook.grammar.sampler import Sampler
from keras_seq2seq.phrasebook.grammar.statements import (
    Pair,
    finish,
    is_first,
    sample_style,
    sample_subject,
)
from keras_seq2seq.phrasebook.korean_morphology import Conjugation, attach_particle

_HAVE, _LACK = Conjugation("있"), Conjugation("없")
_POINTERS = (("이것", "this", "these"), ("그것", "that", "those"), ("저것", "that", "those"))
_OWNERS = (("제", "my"), ("우리", "our"), ("그의", "his"), ("그녀의", "her"))
_SPOTS = (("위", "on"), ("아래", "under"), ("옆", "next to"), ("앞", "in front of"), ("안", "in"))
_THINGS = (
    "goods", "stationery", "book", "dish", "lost", "footwear", "clothes", "usable", "breakable",
    "fruit", "drink", "pet",
)  # fmt: skip
_ROOM_THINGS = ("furniture", "device", "instrument", "pet", "book", "goods", "container")
_PORTABLE = ("goods", "stationery", "dish", "lost", "pet", "ball")
_OWNABLE = ("goods", "pet", "drivable", "ride", "instrument", "ticket", "house", "difficult")


def occupation(sampler: Sampler) -> Pair:
    """민수는 의사가 아니에요. <-> Minsu is not a doctor."""
    person = sample_subject(sampler)
    while person.kind == "role" or person.agreement == "pl" or person.honorific:
        person = sample_subject(sampler)
    job = sampler.pick(people_with("job"))
    subject = person.korean_subject("는")
    noun = english.with_article(job.english)
    return _copula(sampler, subject, person, job.korean, noun)


def identity(sampler: Sampler) -> Pair:
    """이것은 제 책이에요. <-> This is my book."""
    noun = sampler.pick(nouns_of(_THINGS))
    korean, one, many = sampler.pick(_POINTERS)
    plural = noun.article == "pl"
    text = english.with_article(noun.english) if noun.article == "a" else noun.english
    name = noun.korean
    if sampler.chance(0.5) and not noun.classes & {"fruit", "drink"}:
        owner, owner_en = _sample_owner(sampler)
        name, text = f"{owner} {name}", f"{owner_en} {noun.english}"
    this, agreement = (many, "pl") if plural else (one, "3s")
    pointer = Person(korean, this, "thing", agreement, "", False, frozenset())
    return _copula(sampler, f"{korean}은", pointer, name, text)


def _sample_owner(sampler: Sampler) -> tuple[str, str]:
    if sampler.chance(0.5):
        return sampler.pick(_OWNERS)
    person = sampler.pick(people_with("companion"))
    while person.kind != "name":
        person = sampler.pick(people_with("companion"))
    return f"{person.korean}의", f"{person.english}'s"


def _copula(sampler: Sampler, subject: str, person: Person, noun: str, text: str) -> Pair:
    formal = sample_style(sampler, person) == "formal"
    kind = sampler.weighted(("is", "was", "not", "question"), (5, 2, 3, 2))
    be, was = BE[person.agreement]
    if kind == "question" and (is_first(person) or person.kind == "kin"):
        kind = "is"
    if kind == "not":
        ending = "아닙니다" if formal else "아니에요"
        korean = f"{subject} {attach_particle(noun, '가')} {ending}"
        return finish(korean, f"{person.subject} {be} not {text}")
    if kind == "was":
        ending = attach_particle(noun, "였습니다" if formal else "였어요")
        return finish(f"{subject} {ending}", f"{person.subject} {was} {text}")
    if kind == "question":
        ending = f"{noun}입니까" if formal else attach_particle(noun, "예요")
        return finish(f"{subject} {ending}", f"{be} {person.subject} {text}", "?")
    ending = f"{noun}입니다" if formal else attach_particle(noun, "예요")
    return finish(f"{subject} {ending}", f"{person.subject} {be} {text}")


def existence(sampler: Sampler) -> Pair:
    """방에 의자가 세 개 있어요. <-> There are three chairs in the room."""
    noun = sampler.pick(nouns_of(_ROOM_THINGS))
    place = sampler.pick(places_of(("room", "home")))
    style, tense = sample_style(sampler), sampler.pick(("present", "present", "past"))
    draw = sampler.random.random()
    name, text, agreement = _counted_thing(sampler, noun, draw < 0.5)
    verb, question = _HAVE, draw >= 0.85
    if 0.5 <= draw < 0.65:
        verb, text = _LACK, f"no {noun.english}"
    be = BE[agreement][tense == "past"]
    korean = f"{place.korean}에 {name} {finite(verb, tense, style, question)}"
    if question:
        return finish(korean, f"{be} there {text} {place.at}", "?")
    return finish(korean, f"there {be} {text} {place.at}")


def _counted_thing(sampler: Sampler, noun: Noun, counted: bool) -> tuple[str, str, str]:
    """`noun` with 이/가 and perhaps a number; its English; its agreement."""
    name = attach_particle(noun.korean, "가")
    if counted and noun.counters and noun.article == "a":
        counter, measure = sampler.pick(noun.counters)
        number, number_en = sampler.pick(COUNTS[:6])
        text = f"{number_en} {counted_english(noun, measure, number)}"
        return f"{name} {number} {counter}", text, "3s" if number == "한" else "pl"
    if noun.article == "a":
        return name, english.with_article(noun.english), "3s"
    return name, noun.english, "pl" if noun.article == "pl" else "3s"


def location(sampler: Sampler) -> Pair:
    """열쇠가 책상 위에 있어요. <-> The key is on the desk."""
    noun = sampler.pick(nouns_of(_PORTABLE))
    spot, spot_en = sampler.pick(_SPOTS)
    support = {"안": "container", "위": "surface", "앞": "closable"}.get(spot, "seat")
    landmark = sampler.pick(nouns_of((support,)))
    while landmark is noun or (spot == "안" and noun.classes & {"container", "machine", "pet"}):
        noun = sampler.pick(nouns_of(_PORTABLE))
    plural = noun.article == "pl"
    style, tense = sample_style(sampler), sampler.pick(("present", "present", "past"))
    be = BE["pl" if plural else "3s"][tense == "past"]
    owner, owner_en = sampler.pick((("", "the"), ("", "the"), ("제", "my")))
    name = f"{owner} {attach_particle(noun.korean, '가' if not owner else '는')}".strip()
    korean = f"{name} {landmark.korean} {spot}에 {finite(_HAVE, tense, style)}"
    return finish(korean, f"{owner_en} {noun.english} {be} {spot_en} the {landmark.english}")


def possession(sampler: Sampler) -> Pair:
    """저는 자전거가 두 대 있어요. <-> I have two bicycles."""
    person = sample_subject(sampler)
    while person.honorific:
        person = sample_subject(sampler)
    noun = sampler.pick(nouns_of(_OWNABLE))
    while "transit" in noun.classes:
        noun = sampler.pick(nouns_of(_OWNABLE))
    style, tense = sample_style(sampler, person), sampler.pick(("present", "present", "past"))
    past, third = tense == "past", person.agreement == "3s"
    have = "had" if past else "has" if third else "have"
    draw = sampler.random.random()
    name, text, _ = _counted_thing(sampler, noun, draw < 0.35)
    verb = _HAVE
    if 0.35 <= draw < 0.6:
        do = "did" if past else "does" if third else "do"
        verb, have = _LACK, f"{english.contract_not(do)} have"
    korean = f"{person.korean_subject('는')} {name} {finite(verb, tense, style)}"
    return finish(korean, f"{person.subject} {have} {text}")
