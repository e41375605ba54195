"""How results begin and what must not occur, as callers write it."""

import numpy as np
import pytest
from learnt_pairs import PAIRS

SOURCES, TARGETS = map(list, zip(*PAIRS, strict=True))


def test_prefixes_and_bans_in_any_form(trained):
    expected = trained.generate(SOURCES, prefix="There")
    count = len(SOURCES)
    for prefix in (b"There", ["There"] * count, np.array(["There"] * count), (b"There",) * count):
        assert trained.generate(SOURCES, prefix=prefix) == expected
    assert trained.generate(SOURCES[0], prefix=["There"]) == expected[0]
    assert trained.generate(SOURCES, banned=None) == TARGETS
    without = trained.generate(SOURCES, banned=["There", "student"])
    for banned in ({"student", "There"}, (b"There", "student"), np.array(["There", "student"])):
        assert trained.generate(SOURCES, banned=banned) == without != TARGETS


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"prefix": ["There"]}, ValueError, "one string for all or one for each of .* list of 1"),
        ({"prefix": [""]}, ValueError, "list of 1"),
        ({"prefix": []}, ValueError, "list of 0"),
        ({"prefix": ["There", None]}, TypeError, "prefix: expected strings, got NoneType"),
        ({"prefix": 3}, TypeError, "prefix: expected a list of strings, got int: 3"),
        ({"prefix": {"There": 1}}, TypeError, "prefix: expected a list of strings, got dict"),
        ({"banned": 3}, TypeError, "banned: expected a list of strings, got int: 3"),
        ({"banned": ["a", None]}, TypeError, "banned: expected strings, got NoneType"),
    ],
)
def test_wrong_prefixes_and_bans_are_refused_by_name(trained, options, error, said):
    with pytest.raises(error, match=said):
        trained.generate(SOURCES, **options)
