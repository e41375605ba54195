import pytest

from keras_seq2seq.phrasebook.english_morphology import (
    contract_not,
    gerund,
    past,
    plural,
    third_person,
    with_article,
)

VERBS = """
eat|eats|-|eating
watch|watches|watched|watching
study|studies|studied|studying
play|plays|played|playing
bake|bakes|baked|baking
stop by|stops by|stopped by|stopping by
wait for|waits for|waited for|waiting for
visit|visits|visited|visiting
open|opens|opened|opening
fix|fixes|fixed|fixing
go back|goes back|-|going back
do|does|-|doing
get up|gets up|-|getting up
run|runs|-|running
swim|swims|-|swimming
draw|draws|-|drawing
cook|cooks|cooked|cooking
cry|cries|cried|crying
plan to|plans to|planned to|planning to
have to|has to|-|having to
see|sees|-|seeing
"""


@pytest.mark.parametrize("line", VERBS.strip().splitlines(), ids=lambda line: line.split("|")[0])
def test_verb_forms(line):
    verb, third, regular_past, progressive = line.split("|")
    assert third_person(verb) == third
    assert gerund(verb) == progressive
    if regular_past != "-":
        assert past(verb) == regular_past


@pytest.mark.parametrize(
    ("one", "many"),
    [
        ("apple", "apples"),
        ("box", "boxes"),
        ("potato", "potatoes"),
        ("photo", "photos"),
        ("story", "stories"),
        ("toy", "toys"),
        ("child", "children"),
        ("sweet potato", "sweet potatoes"),
        ("air conditioner", "air conditioners"),
    ],
)
def test_plural(one, many):
    assert plural(one) == many


@pytest.mark.parametrize(
    "phrase",
    [
        "an apple",
        "an old book",
        "a book",
        "a uniform",
        "an umbrella",
        "a school uniform",
        "an hour",
    ],
)
def test_article(phrase):
    assert with_article(phrase.partition(" ")[2]) == phrase


@pytest.mark.parametrize(
    ("word", "negative"),
    [("do", "don't"), ("is", "isn't"), ("will", "won't"), ("can", "can't"), ("could", "couldn't")],
)
def test_contraction(word, negative):
    assert contract_not(word) == negative
