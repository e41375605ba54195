"""All sentence patterns of the phrasebook, with how often each is drawn."""

from keras_seq2seq.phrasebook.grammar.being import (
    existence,
    identity,
    location,
    occupation,
    possession,
)
from keras_seq2seq.phrasebook.grammar.compounds import (
    before_or_after,
    cause,
    means_condition,
    meanwhile,
    purpose,
    sequence,
    weather_condition,
)
from keras_seq2seq.phrasebook.grammar.descriptions import (
    comparison,
    person_description,
    precipitation,
    thing_description,
    weather,
)
from keras_seq2seq.phrasebook.grammar.questions import (
    how_many_question,
    what_question,
    when_question,
    where_question,
    who_question,
    whom_question,
    yes_no_question,
)
from keras_seq2seq.phrasebook.grammar.requests import (
    ban,
    favour,
    imperative,
    invitation,
    offer,
    permission,
    prohibition,
    proposal,
)
from keras_seq2seq.phrasebook.grammar.sampler import Sampler
from keras_seq2seq.phrasebook.grammar.statements import animal_scene, counted_people, statement

_WEIGHTS = {
    statement: 80,
    counted_people: 5,
    animal_scene: 4,
    yes_no_question: 16,
    what_question: 6,
    whom_question: 3,
    who_question: 6,
    where_question: 6,
    when_question: 8,
    how_many_question: 4,
    imperative: 7,
    prohibition: 4,
    favour: 5,
    proposal: 5,
    invitation: 4,
    offer: 3,
    permission: 4,
    ban: 3,
    thing_description: 8,
    person_description: 3,
    weather: 2,
    precipitation: 1,
    comparison: 4,
    occupation: 4,
    identity: 5,
    existence: 5,
    location: 5,
    possession: 5,
    sequence: 4,
    before_or_after: 5,
    meanwhile: 3,
    purpose: 4,
    cause: 4,
    weather_condition: 3,
    means_condition: 2,
}
_PATTERNS = tuple(_WEIGHTS)
_PATTERN_WEIGHTS = tuple(_WEIGHTS.values())


def sample_pair(sampler: Sampler) -> tuple[str, str]:
    """One (Korean, English) pair; repeats are possible."""
    return sampler.weighted(_PATTERNS, _PATTERN_WEIGHTS)(sampler)
