"""Time expressions: listed ones (어제), clock times (오후 세 시에), weekdays and months."""

from functools import cache

from keras_seq2seq.phrasebook.grammar.lexicon import Time, Verb, load_lexicon
from keras_seq2seq.phrasebook.grammar.predicates import Mode
from keras_seq2seq.phrasebook.grammar.sampler import Sampler

HOURS = (
    ("한", "one"), ("두", "two"), ("세", "three"), ("네", "four"), ("다섯", "five"),
    ("여섯", "six"), ("일곱", "seven"), ("여덟", "eight"), ("아홉", "nine"), ("열", "ten"),
    ("열한", "eleven"), ("열두", "twelve"),
)  # fmt: skip
WEEKDAYS = (
    ("월요일", "Monday"), ("화요일", "Tuesday"), ("수요일", "Wednesday"), ("목요일", "Thursday"),
    ("금요일", "Friday"), ("토요일", "Saturday"), ("일요일", "Sunday"),
)  # fmt: skip
MONTHS = (
    ("일월", "January"), ("이월", "February"), ("삼월", "March"), ("사월", "April"),
    ("오월", "May"), ("유월", "June"), ("칠월", "July"), ("팔월", "August"),
    ("구월", "September"), ("시월", "October"), ("십일월", "November"), ("십이월", "December"),
)  # fmt: skip
# part of the day: Korean, English, its hours (as indices into HOURS)
_PARTS = (
    ("아침", "in the morning", (5, 6, 7, 8)),
    ("오후", "in the afternoon", (0, 1, 2, 3, 4)),
    ("저녁", "in the evening", (5, 6, 7)),
    ("밤", "at night", (8, 9, 10)),
)
_DAYS = {"past": ("어제", "yesterday"), "future": ("내일", "tomorrow")}


@cache
def _listed(tense: str, grains: tuple[str, ...], frequency: bool = False) -> tuple[Time, ...]:
    return tuple(
        time
        for time in load_lexicon().times
        if tense in time.tenses and time.grain in grains and (frequency or time.kind == "when")
    )


def clock_time(sampler: Sampler, tense: str, morning: bool = False) -> Time:
    """An hour or half hour, bare, with its part of the day, or with its day."""
    half = sampler.chance(0.25)
    hour_ko, hour_en = "시 반에" if half else "시에", "half past " if half else ""
    kind = 0.5 if morning else sampler.random.random()
    if kind < 0.4 or tense == "present" and kind >= 0.75:
        number, text = sampler.pick(HOURS)
        suffix = "" if half else " o'clock"
        return Time(f"{number} {hour_ko}", f"at {hour_en}{text}{suffix}", frozenset(), "when")
    if kind < 0.75:
        part, part_en, hours = _PARTS[0] if morning else sampler.pick(_PARTS)
        number, text = HOURS[sampler.random.choice(hours)]
        korean, english = f"{part} {number} {hour_ko}", f"at {hour_en}{text} {part_en}"
        return Time(korean, english, frozenset(), "when")
    day, day_en = _DAYS[tense]
    number, text = sampler.pick(HOURS)
    korean, english = f"{day} {number} {hour_ko}", f"at {hour_en}{text} {day_en}"
    return Time(korean, english, frozenset(), "when")


def calendar_time(sampler: Sampler, tense: str, months: bool = False) -> Time:
    """A weekday or, with `months`, now and then a month."""
    korean, english = sampler.pick(WEEKDAYS)
    if tense == "present":
        return Time(f"{korean}마다", f"every {english}", frozenset(), "when")
    kind = sampler.random.random()
    if months and kind < 0.5:
        korean, english = sampler.pick(MONTHS)
        return Time(f"{korean}에", f"in {english}", frozenset(), "when", "year")
    if kind < 0.6:
        return Time(f"{korean}에", f"on {english}", frozenset(), "when")
    week, word = ("지난주", "last") if tense == "past" else ("다음 주", "next")
    return Time(f"{week} {korean}에", f"{word} {english}", frozenset(), "when")


def sample_time(sampler: Sampler, verb: Verb, mode: Mode, frequency: bool = True) -> Time | None:
    """A time that suits `verb` in `mode`, or None.

    Args:
        sampler: Sampler.
        verb: Verb.
        mode: Mode.
        frequency: bool. Whether "often", "always" and the like may come. Defaults to True.
    """
    tense = mode.time_tense
    if not tense or verb.flags & {"stative", "timeless"}:
        return None
    if mode.negation and tense == "present":
        return None
    draw = sampler.random.random()
    years = ("year",) if "lasting" in verb.flags else ()
    if "morning" in verb.flags and tense != "progressive":
        return clock_time(sampler, tense, morning=True) if draw < 0.7 else None
    if tense == "progressive":
        return sampler.pick(_listed(tense, ("hour", "day"))) if draw < 0.7 else None
    if "days" in verb.flags:
        return sampler.pick(_listed(tense, ("day", *years))) if draw < 0.7 else None
    if mode.chain == "progressive":
        if draw < 0.3:
            return clock_time(sampler, tense)
        return sampler.pick(_listed(tense, ("hour",))) if draw < 0.7 else None
    if draw < 0.45:
        plain = mode.chain == "plain" and not mode.negation
        return sampler.pick(_listed(tense, ("", "hour", "day", *years), frequency and plain))
    if draw < 0.6:
        return clock_time(sampler, tense)
    return calendar_time(sampler, tense, bool(years)) if draw < 0.75 else None
