"""The words of the phrasebook: rows of `data/lexicon/*.tsv` as frozen records."""

import csv
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

from keras_seq2seq.phrasebook import english_morphology as english
from keras_seq2seq.phrasebook.korean_morphology import Conjugation, attach_particle


@dataclass(frozen=True, eq=False)
class Noun:
    """A thing. `article`: "a" countable, "0" mass, "pl" plural only, "the", "-" never any.

    `counters` holds (Korean counter, English measure or ""): 잔/"cup" gives "two cups of coffee".
    """

    korean: str
    english: str
    plural: str
    article: str
    classes: frozenset[str]
    counters: tuple[tuple[str, str], ...]


@dataclass(frozen=True, eq=False)
class Person:
    """Somebody who acts or is acted upon. `agreement`: "1s", "3s" or "pl"."""

    korean: str
    english: str
    kind: str
    agreement: str
    pronoun: str
    honorific: bool
    roles: frozenset[str]

    @property
    def subject(self) -> str:
        """English as a subject, first letter as inside a sentence."""
        prefix = {"kin": "my ", "friend": "my ", "role": "the "}.get(self.kind, "")
        return prefix + self.english

    def korean_subject(self, particle: str) -> str:
        """Korean with 은/는 or 이/가."""
        prefix = "제 " if self.kind == "friend" else ""
        return prefix + attach_particle(self.korean, particle)


@dataclass(frozen=True, eq=False)
class Place:
    """A place: bare `english`, with its preposition of rest (`at`) and of goal (`to`)."""

    korean: str
    english: str
    at: str
    to: str
    tags: frozenset[str]
    sells: frozenset[str]


@dataclass(frozen=True, eq=False)
class Verb:
    """A verb in one of its senses: the classes of its object choose the English word."""

    korean: str
    conjugation: Conjugation
    respectful: Conjugation
    english: str
    past: str
    participle: str
    frame: str
    particle: str
    objects: tuple[str, ...]
    article: str
    places: tuple[str, ...]
    manners: tuple[str, ...]
    flags: frozenset[str]
    owns_what: bool
    owns_respectful_what: bool


@dataclass(frozen=True, eq=False)
class Adjective:
    """A describing word: predicate (conjugated) and attribute (`adnominal`)."""

    conjugation: Conjugation
    adnominal: str
    english: str
    comparative: str
    classes: tuple[str, ...]
    roles: frozenset[str]


@dataclass(frozen=True, eq=False)
class Time:
    """A time expression with the tenses it goes with.

    `kind` is "when" or "frequency"; `grain` is "day" or longer, "hour" (part of a day), or "".
    """

    korean: str
    english: str
    tenses: frozenset[str]
    kind: str
    grain: str = ""


@dataclass(frozen=True, eq=False)
class Lexicon:
    """All word lists of the phrasebook."""

    nouns: tuple[Noun, ...]
    people: tuple[Person, ...]
    places: tuple[Place, ...]
    verbs: tuple[Verb, ...]
    adjectives: tuple[Adjective, ...]
    times: tuple[Time, ...]
    adverbs: dict[str, str]


@lru_cache(maxsize=1)
def load_lexicon() -> Lexicon:
    """Reads the word lists that ship with the package (once per process)."""
    return Lexicon(
        nouns=tuple(_noun(row) for row in _rows("nouns")),
        people=tuple(_person(row) for row in _rows("people")),
        places=tuple(_place(row) for row in _rows("places")),
        verbs=_verbs(_rows("verbs")),
        adjectives=tuple(_adjective(row) for row in _rows("adjectives")),
        times=tuple(_time(row) for row in _rows("times")),
        adverbs={row["korean"]: row["english"] for row in _rows("adverbs")},
    )


def _rows(name: str) -> list[dict[str, str]]:
    """Rows of one word list; a row with a wrong number of cells names its file and line."""
    path = resources.files("keras_seq2seq.phrasebook").joinpath("lexicon").joinpath(f"{name}.tsv")
    lines = path.read_text(encoding="utf-8").splitlines()
    header, *body = csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
    for number, cells in enumerate(body, start=2):
        if len(cells) != len(header):
            raise ValueError(
                f"{path}, line {number}: expected {len(header)} tab-separated cells "
                f"({', '.join(header)}). Received {len(cells)}: {cells!r}"
            )
    return [dict(zip(header, cells, strict=True)) for cells in body]


def _split(cell: str) -> tuple[str, ...]:
    return tuple(cell.split(",")) if cell else ()


def _noun(row: dict[str, str]) -> Noun:
    pairs = (cell.partition("=") for cell in _split(row["counters"]))
    return Noun(
        korean=row["korean"],
        english=row["english"],
        plural=row["plural"] or english.plural(row["english"]),
        article=row["article"],
        classes=frozenset(_split(row["classes"])),
        counters=tuple((korean, measure) for korean, _, measure in pairs),
    )


def _person(row: dict[str, str]) -> Person:
    roles = frozenset(_split(row["roles"]))
    cells: dict[str, Any] = {**row, "honorific": row["honorific"] == "1", "roles": roles}
    return Person(**cells)


def _place(row: dict[str, str]) -> Place:
    name = row["english"]
    return Place(
        korean=row["korean"],
        english=name,
        at=row["at"] or f"at {name}",
        to=row["to"] or f"to {name}",
        tags=frozenset(_split(row["tags"])),
        sells=frozenset(_split(row["sells"])),
    )


def _verbs(rows: list[dict[str, str]]) -> tuple[Verb, ...]:
    """Of several senses of one Korean verb, the first owns the question without an object."""
    verbs, seen = [], set()
    for row in rows:
        stem = Conjugation(row["korean"].removesuffix("다"), row["irregular"])
        special = row["honorific"].removesuffix("다")
        respectful = Conjugation(special, honorific=True) if special else stem.with_si()
        past = row["past"] or english.past(row["english"])
        verbs.append(
            Verb(
                korean=row["korean"],
                conjugation=stem,
                respectful=respectful,
                english=row["english"],
                past=past,
                participle=row["participle"] or past,
                frame=row["frame"],
                particle=row["particle"],
                objects=_split(row["objects"]),
                article=row["article"],
                places=_split(row["places"]),
                manners=_split(row["manners"]),
                flags=frozenset(_split(row["flags"])),
                owns_what=stem not in seen,
                owns_respectful_what=respectful not in seen,
            )
        )
        seen |= {stem, respectful}
    return tuple(verbs)


def _adjective(row: dict[str, str]) -> Adjective:
    return Adjective(
        conjugation=Conjugation(row["korean"].removesuffix("다"), row["irregular"]),
        adnominal=row["adnominal"],
        english=row["english"],
        comparative=row["comparative"],
        classes=_split(row["classes"]),
        roles=frozenset(_split(row["roles"])),
    )


def _time(row: dict[str, str]) -> Time:
    cells: dict[str, Any] = {**row, "tenses": frozenset(_split(row["tenses"]))}
    return Time(**cells)
