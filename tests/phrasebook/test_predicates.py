import pytest

from keras_seq2seq.phrasebook.grammar.lexicon import load_lexicon
from keras_seq2seq.phrasebook.grammar.predicates import (
    Mode,
    allows,
    english_predicate,
    korean_predicate,
)

VERBS = {}
for _verb in load_lexicon().verbs:
    VERBS.setdefault(_verb.korean, _verb)

PLAIN, PAST, FUTURE = Mode("present"), Mode("past"), Mode("future")


@pytest.mark.parametrize(
    ("verb", "mode", "korean", "respectful", "english"),
    [
        ("먹다", PLAIN, "먹어요", "드세요", "eats"),
        ("먹다", PAST, "먹었어요", "드셨어요", "ate"),
        ("먹다", FUTURE, "먹을 거예요", "드실 거예요", "will eat"),
        ("가다", Mode("past", negation="short"), "안 갔어요", "안 가셨어요", "didn't go"),
        ("가다", Mode("past", negation="long"), "가지 않았어요", "가지 않으셨어요", "did not go"),
        ("읽다", Mode("present", negation="long"), "읽지 않아요", "읽지 않으세요", "does not read"),
        ("돕다", Mode("past", "can", "unable"), "못 도왔어요", "못 도우셨어요", "couldn't help"),
        ("걷다", Mode("present", "can"), "걸을 수 있어요", "걸으실 수 있어요", "can walk"),
        (
            "만들다",
            Mode("present", "can", "short"),
            "만들 수 없어요",
            "만드실 수 없어요",
            "cannot make",
        ),
        ("자다", Mode("present", "progressive"), "자고 있어요", "주무시고 계세요", "is sleeping"),
        (
            "듣다",
            Mode("present", "progressive", "long"),
            "듣고 있지 않아요",
            "듣고 계시지 않아요",
            "is not listening to",
        ),
        ("부르다", Mode("present", "must"), "불러야 해요", "부르셔야 해요", "has to sing"),
        ("쓰다", Mode("present", "plan"), "쓰려고 해요", "쓰려고 하세요", "plans to write"),
        ("타다", Mode("present", "experience"), "탄 적이 있어요", "타신 적이 있어요", "has taken"),
        ("모르다", PLAIN, "몰라요", "모르세요", "does not know"),
    ],
)
def test_polite_forms(verb, mode, korean, respectful, english):
    verb = VERBS[verb]
    assert korean_predicate(verb, mode) == korean
    assert korean_predicate(verb, mode, respectful=True) == respectful
    assert english_predicate(verb, mode, "3s").statement() == english


def test_wishes_of_others_are_reported():
    wish = Mode("present", "want")
    assert korean_predicate(VERBS["사다"], wish) == "사고 싶어요"
    assert korean_predicate(VERBS["사다"], wish, inner=False) == "사고 싶어 해요"
    assert korean_predicate(VERBS["사다"], wish, respectful=True, inner=False) == "사고 싶어 하세요"
    assert korean_predicate(VERBS["먹다"], wish, respectful=True) == "드시고 싶으세요"


def test_formal_style():
    verb = VERBS["만들다"]
    assert korean_predicate(verb, PLAIN, "formal") == "만듭니다"
    assert korean_predicate(verb, PLAIN, "formal", question=True) == "만듭니까"
    assert korean_predicate(verb, FUTURE, "formal", question=True) == "만들 것입니까"
    assert korean_predicate(verb, PAST, "formal", respectful=True) == "만드셨습니다"


def test_questions_and_frequency():
    predicate = english_predicate(VERBS["먹다"], PLAIN, "3s", question=True)
    assert (predicate.auxiliary, predicate.main) == ("does", "eat")
    assert predicate.statement("often") == "often eats"
    assert english_predicate(VERBS["먹다"], FUTURE, "pl").statement("often") == "will often eat"
    asked = english_predicate(VERBS["타다"], Mode("present", "experience"), "pl", question=True)
    assert (asked.auxiliary, asked.main) == ("have", "ever taken")


@pytest.mark.parametrize(
    ("verb", "mode", "allowed"),
    [
        ("먹다", Mode("present", "progressive"), True),
        ("좋아하다", Mode("present", "progressive"), False),
        ("공부하다", Mode("past", negation="short"), False),
        ("공부하다", Mode("past", negation="long"), True),
        ("잃어버리다", Mode("present", "want"), False),
        ("도착하다", Mode("present", "progressive"), False),
        ("모르다", Mode("past", negation="long"), False),
    ],
)
def test_modes_suit_verbs(verb, mode, allowed):
    assert allows(VERBS[verb], mode) is allowed
