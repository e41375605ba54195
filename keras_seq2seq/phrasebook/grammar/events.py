"""An event: a verb with its object and circumstances, before subject, tense and time.

Statements, questions, requests and subordinate clauses are all made of events, so what suits
what (selectional classes, places where one does such things) is decided here and only here.
"""

from dataclasses import dataclass, replace
from functools import cache

from keras_seq2seq.phrasebook.grammar.lexicon import Noun, Person, Place, Verb, load_lexicon
from keras_seq2seq.phrasebook.grammar.noun_phrases import NounPhrase, person_phrase, sample_object
from keras_seq2seq.phrasebook.grammar.sampler import Sampler
from keras_seq2seq.phrasebook.korean_morphology import attach_particle

_SOCIAL = frozenset(("food", "outdoors", "study", "movie", "play", "goal", "companion"))


@dataclass(frozen=True)
class Event:
    """A verb phrase on both sides.

    Args:
        verb: Verb.
        circumstances: tuple of str. Korean companion, place and recipient, in that order.
        object: NounPhrase or None.
        complements: tuple of str. English, in the order after the object.
        manner: (Korean, English) or None.
        partner: Person or None. Who else takes part; not to be the subject as well.
    """

    verb: Verb
    circumstances: tuple[str, ...] = ()
    object: NounPhrase | None = None
    complements: tuple[str, ...] = ()
    manner: tuple[str, str] | None = None
    partner: tuple[Person, ...] = ()

    def korean(self, predicate: str) -> str:
        """Arguments and `predicate` in Korean order."""
        words = [*self.circumstances]
        if self.object:
            words.append(self.object.korean)
        if self.manner:
            words.append(self.manner[0])
        return " ".join([*words, predicate])

    def english(self, predicate: str, habitual: bool = False) -> str:
        """`predicate` and arguments in English order."""
        words = [predicate]
        if self.object:
            words.append(self.object.generic if habitual else self.object.specific)
        manner = [self.manner[1]] if self.manner else []
        if self.verb.frame in ("goal", "place_at"):
            return " ".join([*words, *self.complements, *manner])
        return " ".join([*words, *manner, *self.complements])


@cache
def nouns_for(verb: Verb) -> tuple[Noun, ...]:
    """Nouns that can be the object of `verb`."""
    return nouns_of(verb.objects)


@cache
def nouns_of(classes: tuple[str, ...]) -> tuple[Noun, ...]:
    """Nouns of any of `classes`."""
    return tuple(n for n in load_lexicon().nouns if not n.classes.isdisjoint(classes))


@cache
def places_of(tags: tuple[str, ...]) -> tuple[Place, ...]:
    """Places with any of `tags`."""
    return tuple(p for p in load_lexicon().places if not p.tags.isdisjoint(tags))


@cache
def sellers_of(noun: Noun) -> tuple[Place, ...]:
    """Places that sell `noun`."""
    return tuple(p for p in load_lexicon().places if not p.sells.isdisjoint(noun.classes))


@cache
def people_with(role: str) -> tuple[Person, ...]:
    """People who can take `role`."""
    return tuple(p for p in load_lexicon().people if role in p.roles)


def may_be_partner(person: Person, subject: Person | None) -> bool:
    """ "My sister" is a partner of the speaker only; nobody is a partner of himself."""
    if subject is None:
        return person.kind in ("friend", "name")
    if person is subject or person.korean in subject.korean:
        return False
    return person.kind != "kin" or subject.agreement == "1s"


def sample_event(
    sampler: Sampler,
    verb: Verb,
    subject: Person | None,
    counts: bool = True,
    circumstances: float = 0.45,
    manners: bool = True,
    bare: bool = False,
) -> Event:
    """Fills the frame of `verb`.

    Args:
        sampler: Sampler.
        verb: Verb.
        subject: Person or None. Who will be the subject; None when it is unsaid.
        counts: bool. Whether the object may have a number. Defaults to True.
        circumstances: float. How often a place or a companion is told.
        manners: bool. Whether an adverb of manner may be added. Defaults to True.
        bare: bool. Whether the object comes without determiner and attribute. Defaults to False.
    """
    event = _sample_frame(sampler, verb, subject, counts, bare)
    if "stative" in verb.flags:
        return event
    draw = sampler.random.random() / circumstances if circumstances else 1.0
    social = not _SOCIAL.isdisjoint(verb.places + verb.objects + tuple(verb.flags))
    if draw < 0.3 and social and not event.partner and verb.english != "take care of":
        return _with_companion(sampler, event, subject)
    if draw < 1.0 and verb.places and verb.frame != "goal":
        event = _with_place(sampler, event)
    elif manners and verb.manners and sampler.chance(0.25):
        counted = event.object is not None and event.object.counted
        korean = sampler.pick(verb.manners)
        if not counted or korean != "많이":
            event = replace(event, manner=(korean, load_lexicon().adverbs[korean]))
    return event


def _sample_frame(
    sampler: Sampler, verb: Verb, subject: Person | None, counts: bool, bare: bool
) -> Event:
    if verb.frame in ("goal", "place_at", "place_object"):
        return _place_event(sampler, verb)
    if verb.frame == "call":
        friend = _sample_partner(sampler, "object", subject)
        spoken = NounPhrase(*_both(friend, "에게"))
        return Event(verb, object=spoken, partner=(friend,))
    if verb.frame == "none":
        return Event(verb)
    role = {"@person": "object", "@cared": "cared", "@name": "object"}.get(verb.objects[0])
    if role and (len(verb.objects) == 1 or sampler.chance(0.5)):
        person = _sample_partner(sampler, role, subject)
        while verb.objects[0] == "@name" and person.kind != "name":
            person = _sample_partner(sampler, role, subject)
        phrase = person_phrase(person, verb.particle, verb.article)
        return Event(verb, object=phrase, partner=(person,))
    noun = sampler.pick(nouns_for(verb))
    counts = counts and "uncounted" not in verb.flags
    thing = sample_object(sampler, noun, verb.particle, verb.article, counts, bare)
    event = Event(verb, object=thing)
    if verb.places == ("@sells",):
        return _at_seller(sampler, event, noun)
    if verb.frame in ("dative", "source") and (verb.frame == "dative" or sampler.chance(0.6)):
        return _with_recipient(sampler, event, subject)
    return event


def _both(person: Person, particle: str) -> tuple[str, str, str]:
    phrase = person_phrase(person, particle)
    return phrase.korean, phrase.generic, phrase.specific


def _sample_partner(sampler: Sampler, role: str, subject: Person | None) -> Person:
    while True:
        person = sampler.pick(people_with(role))
        if role == "cared" or may_be_partner(person, subject):
            return person
        if subject is None and person.kind == "role":
            return person


def _place_event(sampler: Sampler, verb: Verb) -> Event:
    place = sampler.pick(places_of(verb.objects))
    if verb.frame == "place_object":
        korean = attach_particle(place.korean, verb.particle)
        return Event(verb, object=NounPhrase(korean, place.english, place.english))
    phrase = place.to if verb.frame == "goal" else place.at
    goal = attach_particle(place.korean, verb.particle or "에")
    return Event(verb, (goal,), complements=(phrase,))


def _at_seller(sampler: Sampler, event: Event, noun: Noun) -> Event:
    sellers = sellers_of(noun)
    if not sellers or sampler.chance(0.5):
        return event
    place = sampler.pick(sellers)
    return replace(event, circumstances=(f"{place.korean}에서",), complements=(place.at,))


def _with_recipient(sampler: Sampler, event: Event, subject: Person | None) -> Event:
    person = _sample_partner(sampler, "object", subject)
    while person.honorific:
        person = _sample_partner(sampler, "object", subject)
    source = event.verb.frame == "source"
    korean = f"{person.korean}{'에게서' if source else '에게'}"
    text = f"{'from' if source else 'to'} {person_phrase(person, '를').specific}"
    return replace(event, circumstances=(korean,), complements=(text,), partner=(person,))


def _with_place(sampler: Sampler, event: Event) -> Event:
    places = places_of(event.verb.places)
    if not places:
        return event
    place = sampler.pick(places)
    return replace(
        event,
        circumstances=(f"{place.korean}에서", *event.circumstances),
        complements=(*event.complements, place.at),
    )


def _with_companion(sampler: Sampler, event: Event, subject: Person | None) -> Event:
    person = _sample_partner(sampler, "companion", subject)
    korean = attach_particle(person.korean, "와")
    name = person_phrase(person, "를").specific
    text = f"with my {person.english}" if person.kind == "kin" else f"with {name}"
    return replace(
        event,
        circumstances=(korean, *event.circumstances),
        complements=(*event.complements, text),
        partner=(person,),
    )
