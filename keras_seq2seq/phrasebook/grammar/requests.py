"""Sentences that act: 창문을 여세요. <-> Please open the window. 같이 갈까요? <-> Shall we go?"""

from dataclasses import replace
from functools import cache

from keras_seq2seq.phrasebook.grammar.events import Event, sample_event
from keras_seq2seq.phrasebook.grammar.lexicon import Time, Verb, load_lexicon
from keras_seq2seq.phrasebook.grammar.predicates import FUTURE
from keras_seq2seq.phrasebook.grammar.sampler import Sampler
from keras_seq2seq.phrasebook.grammar.statements import Pair, finish
from keras_seq2seq.phrasebook.grammar.times import sample_time

_TOGETHER = ("같이", "together")


@cache
def willing_verbs(flag: str = "", shared: bool = False) -> tuple[Verb, ...]:
    """Verbs of which one can ask somebody.

    Args:
        flag: str. If given, only verbs that carry it. Defaults to "".
        shared: bool. Leaves out what one does not propose to do together. Defaults to False.
    """
    unwilling = {"stative", "involuntary", "accident", "negative", "unasked"}
    return tuple(
        verb
        for verb in load_lexicon().verbs
        if not verb.flags & unwilling
        if (not flag or flag in verb.flags) and not (shared and "solo" in verb.flags)
    )


def imperative(sampler: Sampler) -> Pair:
    """창문을 여세요, 여십시오. <-> Please open the window."""
    event, time = _request(sampler)
    verb = event.verb.respectful
    predicate = verb.polite() if sampler.chance(0.7) else f"{verb.stem[:-1]}십시오"
    return _say(event, time, predicate, f"please {event.english(event.verb.english)}")


def prohibition(sampler: Sampler) -> Pair:
    """창문을 열지 마세요. <-> Please do not open the window."""
    event, time = _request(sampler, counts=False, manners=False, timed=False)
    ending = "마세요" if sampler.chance(0.7) else "마십시오"
    own = event.verb.respectful != event.verb.conjugation.with_si()
    stem = (event.verb.respectful if own else event.verb.conjugation).stem
    predicate = f"{stem}지 {ending}"
    return _say(event, time, predicate, f"please do not {event.english(event.verb.english)}")


def favour(sampler: Sampler) -> Pair:
    """창문을 열어 주세요. <-> Please open the window for me."""
    event, time = _request(sampler, flag="favor")
    predicate = f"{event.verb.conjugation.infinitive()} 주세요"
    return _say(event, time, predicate, f"please {event.english(event.verb.english)} for me")


def proposal(sampler: Sampler) -> Pair:
    """같이 영화를 봅시다. <-> Let's watch a movie together."""
    event, time = _request(sampler, manners=False, shared=True)
    event = _together(sampler, event)
    predicate = event.verb.conjugation.propositive()
    return _say(event, time, predicate, f"let's {event.english(event.verb.english)}")


def invitation(sampler: Sampler) -> Pair:
    """같이 영화를 볼까요? <-> Shall we watch a movie together?"""
    event, time = _request(sampler, manners=False, shared=True)
    event = _together(sampler, event)
    predicate = f"{event.verb.conjugation.future_modifier()}까요"
    text = f"shall we {event.english(event.verb.english)}"
    return _say(event, time, predicate, text, "?")


def offer(sampler: Sampler) -> Pair:
    """제가 창문을 열게요. <-> I will open the window."""
    event, time = _request(sampler, shared=True)
    predicate = f"{event.verb.conjugation.future_modifier()}게요"
    return _say(event, time, predicate, f"I will {event.english(event.verb.english)}", first="제가")


def permission(sampler: Sampler) -> Pair:
    """창문을 열어도 돼요? <-> May I open the window?"""
    event, time = _request(sampler, manners=False)
    ending = "돼요" if sampler.chance(0.7) else "됩니까"
    predicate = f"{event.verb.conjugation.infinitive()}도 {ending}"
    return _say(event, time, predicate, f"may I {event.english(event.verb.english)}", "?")


def ban(sampler: Sampler) -> Pair:
    """여기에서 사진을 찍으면 안 돼요. <-> You must not take a photo here."""
    event, time = _request(sampler, counts=False, manners=False, timed=False)
    if not event.circumstances and event.verb.places and sampler.chance(0.6):
        event = replace(event, circumstances=("여기에서",), complements=("here",))
    ending = "돼요" if sampler.chance(0.7) else "됩니다"
    predicate = f"{event.verb.conjugation.with_eu('면')} 안 {ending}"
    return _say(event, time, predicate, f"you must not {event.english(event.verb.english)}")


def _request(
    sampler: Sampler,
    counts: bool = True,
    manners: bool = True,
    flag: str = "",
    shared: bool = False,
    timed: bool = True,
) -> tuple[Event, Time | None]:
    verb = sampler.pick(willing_verbs(flag, shared))
    told = 0 if flag else 0.45
    event = sample_event(sampler, verb, None, counts=counts, circumstances=told, manners=manners)
    if not timed or not sampler.chance(0.3):
        return event, None
    time = sample_time(sampler, verb, FUTURE, frequency=False)
    return event, None if time and time.grain == "year" else time


def _together(sampler: Sampler, event: Event) -> Event:
    if event.partner or event.manner or not sampler.chance(0.5):
        return event
    return replace(event, manner=_TOGETHER)


def _say(
    event: Event, time: Time | None, predicate: str, text: str, mark: str = ".", first: str = ""
) -> Pair:
    words = [first, time.korean if time else "", event.korean(predicate)]
    text = f"{text} {time.english}" if time else text
    return finish(" ".join(word for word in words if word), text, mark)
