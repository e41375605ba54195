"""Objects with determiner, attribute or number: 빨간 모자를 <-> a red hat.

Korean has no article, so English takes it from a fixed rule: the noun says whether it can be
counted, the verb whether its object is new ("eat an apple") or given ("open the window"), and
habits take the bare plural ("eats apples").
"""

from dataclasses import dataclass
from functools import cache

from keras_seq2seq.phrasebook import english_morphology as english
from keras_seq2seq.phrasebook.grammar.lexicon import Adjective, Noun, Person, load_lexicon
from keras_seq2seq.phrasebook.grammar.sampler import Sampler
from keras_seq2seq.phrasebook.korean_morphology import attach_particle

COUNTS = (
    ("한", "one"),
    ("두", "two"),
    ("세", "three"),
    ("네", "four"),
    ("다섯", "five"),
    ("여섯", "six"),
    ("일곱", "seven"),
    ("여덟", "eight"),
    ("아홉", "nine"),
    ("열", "ten"),
)
_FEW = COUNTS[:5]
_SINGULAR = {"이": "this", "그": "that", "제": "my", "내": "my"}
_PLURAL = {"이": "these", "그": "those", "제": "my", "내": "my"}
_ABSTRACT = frozenset(
    "academic skill sport racket chore meal instrument transit event started asked heard "
    "explained known task checked changed remembered memorable callable game switch".split()
)
_UNADORNED = frozenset("academic skill sport racket chore meal instrument transit".split())
_OWNED = frozenset(
    "clothes footwear headwear handwear jewel lost borrow photo book goods sendable".split()
)


@dataclass(frozen=True)
class NounPhrase:
    """An object: Korean with its particle; English as a habit and as a single event."""

    korean: str
    generic: str
    specific: str
    counted: bool = False


def object_phrase(noun: Noun, particle: str, article: str, words: str = "") -> NounPhrase:
    """A noun without number. `words` are English words between article and noun."""
    single, many = f"{words} {noun.english}".strip(), f"{words} {noun.plural}".strip()
    bare = many if noun.article == "pl" else single
    if noun.article == "-":
        generic = specific = bare
    elif article == "the" or noun.article == "the":
        generic = specific = f"the {bare}"
    elif noun.article == "a":
        specific = english.with_article(single)
        generic = many if article == "gen" else specific
    else:
        generic = specific = bare
    return NounPhrase(attach_particle(noun.korean, particle), generic, specific)


def sample_object(
    sampler: Sampler, noun: Noun, particle: str, article: str, counts: bool, bare: bool = False
) -> NounPhrase:
    """Dresses `noun` at random with a number, a determiner, an attribute or, if `bare`, nothing."""
    if bare:
        return object_phrase(noun, particle, article)
    draw = sampler.random.random()
    if counts and noun.counters and article == "gen" and draw < 0.3:
        return counted_phrase(sampler, noun, particle)
    if draw < 0.5 and not noun.classes & _ABSTRACT and noun.article != "-":
        return determined_phrase(sampler, noun, particle)
    if draw < (0.68 if counts else 0.58) and not noun.classes & _UNADORNED:
        adjectives = attributes_of(noun)
        if adjectives:
            adjective = sampler.pick(adjectives)
            phrase = object_phrase(noun, particle, article, adjective.english)
            korean = f"{adjective.adnominal} {phrase.korean}"
            return NounPhrase(korean, phrase.generic, phrase.specific)
    return object_phrase(noun, particle, article)


def determined_phrase(sampler: Sampler, noun: Noun, particle: str) -> NounPhrase:
    """이/그/제 + noun: this, that, my."""
    options = ("이", "그", "이", "그", "제") if noun.classes & _OWNED else ("이", "그")
    determiner = sampler.random.choice(options)
    text = f"{demonstrative(determiner, noun)} {noun.english}"
    return NounPhrase(f"{determiner} {attach_particle(noun.korean, particle)}", text, text)


def demonstrative(determiner: str, noun: Noun) -> str:
    """The English determiner in the number of `noun`."""
    return (_PLURAL if noun.article == "pl" else _SINGULAR)[determiner]


def counted_phrase(sampler: Sampler, noun: Noun, particle: str) -> NounPhrase:
    """Noun and number in either Korean order: 사과 세 개를, 사과를 세 개."""
    counter, measure = sampler.pick(noun.counters)
    # Large things are rarely bought or seen by the half dozen.
    numbers = COUNTS if counter in ("개", "권", "장", "마리", "송이") else _FEW
    number, number_english = sampler.pick(numbers)
    text = f"{number_english} {counted_english(noun, measure, number)}"
    if sampler.chance(0.5):
        korean = f"{noun.korean} {number} {attach_particle(counter, particle)}"
    else:
        korean = f"{attach_particle(noun.korean, particle)} {number} {counter}"
    return NounPhrase(korean, text, text, counted=True)


def counted_english(noun: Noun, measure: str, number: str = "두") -> str:
    """The English noun, with its measure if any, after `number` ("한" is singular)."""
    if not measure:
        return noun.english if number == "한" else noun.plural
    return f"{measure if number == '한' else english.plural(measure)} of {noun.english}"


def person_phrase(person: Person, particle: str, article: str = "gen") -> NounPhrase:
    """A person as an object: names bare, roles with "the", friends with "a"."""
    korean = attach_particle(person.korean, particle)
    if person.kind == "friend" and article == "gen":
        return NounPhrase(
            korean, english.plural(person.english), english.with_article(person.english)
        )
    text = person.english if person.kind == "name" else f"the {person.english}"
    return NounPhrase(korean, text, text)


@cache
def attributes_of(noun: Noun) -> tuple[Adjective, ...]:
    """Adjectives that suit `noun` as attributes."""
    return tuple(
        adjective
        for adjective in load_lexicon().adjectives
        if "attribute" in adjective.roles and not noun.classes.isdisjoint(adjective.classes)
    )
