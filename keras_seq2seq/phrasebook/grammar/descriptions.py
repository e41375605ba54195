"""How people and things are: 이 책은 아주 재미있어요. <-> This book is very interesting."""

from functools import cache

from keras_seq2seq.phrasebook import english_morphology as english
from keras_seq2seq.phrasebook.grammar.events import nouns_of, places_of
from keras_seq2seq.phrasebook.grammar.lexicon import Adjective, Noun, Person, Place, load_lexicon
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

_HAVE, _NOT, _COME = Conjugation("있"), Conjugation("않"), Conjugation("오")
_DEGREES = (("아주", "very"), ("정말", "really"), ("너무", "too"), ("조금", "a little"))
_KINDS = frozenset(
    "food drink clothes footwear readable device transit ride drivable furniture dish animal "
    "plant instrument".split()
)
_DAYS = {
    "past": (("어제", "yesterday"), ("그저께", "the day before yesterday")),
    "present": (("오늘", "today"),),
    "future": (("내일", "tomorrow"), ("모레", "the day after tomorrow")),
}


@cache
def _adjectives(kind: str) -> tuple[Adjective, ...]:
    return tuple(
        adjective
        for adjective in load_lexicon().adjectives
        if "predicate" in adjective.roles and kind in adjective.classes
    )


@cache
def _adjectives_of_things() -> tuple[Adjective, ...]:
    return tuple(
        adjective
        for adjective in load_lexicon().adjectives
        if "predicate" in adjective.roles and adjective.classes[0] not in ("@person", "@weather")
    )


def _bearer(sampler: Sampler, adjective: Adjective) -> Noun | Place:
    """A noun or a place of which `adjective` can be said."""
    classes = tuple(c for c in adjective.classes if not c.startswith("@"))
    tags = tuple(c[1:] for c in adjective.classes if c.startswith("@"))
    return sampler.pick((*nouns_of(classes), *places_of(tags)))


def _be(agreement: str, tense: str, negation: str) -> str:
    """The copula: is, isn't, is not, will be, won't be, ..."""
    if tense == "future":
        return {"": "will be", "short": "won't be", "long": "will not be"}[negation]
    be = BE[agreement][tense == "past"]
    if negation == "short" and be != "am":
        return english.contract_not(be)
    return f"{be} not" if negation else be


def _adjective_korean(
    adjective: Adjective, tense: str, negation: str, style: str, question: bool, honour: bool
) -> str:
    verb = adjective.conjugation.with_si() if honour else adjective.conjugation
    if negation == "long":
        stem = adjective.conjugation.stem
        tail = _NOT.with_si() if honour else _NOT
        return f"{stem}지 {finite(tail, tense, style, question)}"
    return ("안 " if negation else "") + finite(verb, tense, style, question)


def _sample_polarity(sampler: Sampler, adjective: Adjective) -> str:
    """안 suits short adjectives only: 안 커요, but 깨끗하지 않아요."""
    negation = sampler.weighted(("", "short", "long"), (7, 1, 1))
    return "long" if negation and len(adjective.conjugation.stem) > 1 else negation


def thing_description(sampler: Sampler) -> Pair:
    """이 책은 아주 재미있어요. <-> This book is very interesting."""
    adjective = sampler.pick(_adjectives_of_things())
    bearer = _bearer(sampler, adjective)
    plural = isinstance(bearer, Noun) and bearer.article == "pl"
    name, bare = attach_particle(bearer.korean, "가"), bearer.english.removeprefix("the ")
    if isinstance(bearer, Noun) and bearer.article == "-":
        korean, text = name, bare
    elif isinstance(bearer, Place) or sampler.chance(0.3):
        korean, text = name, f"the {bare}"
    else:
        korean, one, many = sampler.pick((("이", "this", "these"), ("그", "that", "those")))
        korean = f"{korean} {attach_particle(bearer.korean, '는')}"
        text = f"{many if plural else one} {bare}"
    return _describe(sampler, adjective, korean, text, "pl" if plural else "3s")


def person_description(sampler: Sampler) -> Pair:
    """할머니는 건강하세요. <-> My grandmother is healthy."""
    adjective = sampler.pick(_adjectives("@person"))
    person = sample_subject(sampler)
    while person.honorific and "plain" in adjective.roles:
        person = sample_subject(sampler)
    korean = person.korean_subject("는")
    return _describe(sampler, adjective, korean, person.subject, person.agreement, person)


def _describe(
    sampler: Sampler,
    adjective: Adjective,
    korean: str,
    text: str,
    agreement: str,
    person: Person | None = None,
) -> Pair:
    honour = person is not None and person.honorific
    future = 1 if person is None or "cause" in adjective.roles else 0
    tense = sampler.weighted(("present", "past", "future"), (6, 3, future))
    negation = _sample_polarity(sampler, adjective)
    family = person is not None and (is_first(person) or person.kind == "kin")
    question = not family and tense != "future" and sampler.chance(0.2)
    if question:
        negation = ""
    style = sample_style(sampler, person)
    degree, degree_en = sampler.pick(_DEGREES[:2] if "good" in adjective.roles else _DEGREES)
    if negation or question or tense == "future" or sampler.chance(0.5):
        degree = degree_en = ""
    predicate = _adjective_korean(adjective, tense, negation, style, question, honour)
    sentence = _join(korean, degree, predicate)
    described = f"{degree_en} {adjective.english}".strip()
    be = _be(agreement, tense, negation)
    if question:
        return finish(sentence, f"{be} {text} {described}", "?")
    return finish(sentence, f"{text} {be} {described}")


def weather(sampler: Sampler) -> Pair:
    """어제 부산은 날씨가 추웠어요. <-> The weather in Busan was cold yesterday."""
    tense, day, day_en, city = _sample_day_and_city(sampler)
    adjective = sampler.pick(_adjectives("@weather"))
    negation = sampler.weighted(("", "long"), (4, 1))
    style = sample_style(sampler)
    predicate = _adjective_korean(adjective, tense, negation, style, False, False)
    where = attach_particle(city.korean, "는") if city else ""
    be = _be("3s", tense, negation)
    text = ("the weather", city.at if city else "", be, adjective.english, day_en)
    return finish(_join(day, where, "날씨가", predicate), _join(*text))


def precipitation(sampler: Sampler) -> Pair:
    """내일 서울에 비가 올 거예요. <-> It will rain in Seoul tomorrow."""
    tense, day, day_en, city = _sample_day_and_city(sampler)
    noun, verb = sampler.pick((("비", "rain"), ("눈", "snow")))
    style = sample_style(sampler)
    predicate = finite(_COME, tense, style)
    if tense == "present":
        predicate = f"오고 {finite(_HAVE, tense, style)}"
    falls = {"past": f"{verb}ed", "future": f"will {verb}", "present": f"is {verb}ing"}[tense]
    where = f"{city.korean}에" if city else ""
    text = _join("it", falls, city.at if city else "", day_en)
    return finish(_join(day, where, attach_particle(noun, "가"), predicate), text)


def _sample_day_and_city(sampler: Sampler) -> tuple[str, str, str, Place | None]:
    tense = sampler.pick(("present", "past", "future"))
    day, day_en = sampler.pick(_DAYS[tense])
    return tense, day, day_en, sampler.pick(places_of(("city",))) if sampler.chance(0.6) else None


def _join(*words: str) -> str:
    return " ".join(word for word in words if word)


@cache
def _alike(noun: Noun, adjective: Adjective) -> tuple[Noun, ...]:
    """Nouns of the same kind as `noun` of which `adjective` can be said too."""
    kinds = noun.classes & _KINDS
    return tuple(n for n in nouns_of(adjective.classes) if n.classes & kinds)


def comparison(sampler: Sampler) -> Pair:
    """이 가방은 저 가방보다 더 비싸요. <-> This bag is more expensive than that bag."""
    adjective = sampler.pick(_adjectives_of_things())
    noun = _bearer(sampler, adjective)
    while isinstance(noun, Place) or noun.article == "-":
        adjective = sampler.pick(_adjectives_of_things())
        noun = _bearer(sampler, adjective)
    other = noun
    if sampler.chance(0.5):
        other = sampler.pick(_alike(noun, adjective) or (noun,))
    this, be = ("these", "are") if noun.article == "pl" else ("this", "is")
    that = "those" if other.article == "pl" else "that"
    korean = f"이 {attach_particle(noun.korean, '는')} 저 {other.korean}보다 더 "
    korean += finite(adjective.conjugation, "present", sample_style(sampler))
    text = f"{this} {noun.english} {be} {adjective.comparative} than {that} {other.english}"
    return finish(korean, text)
