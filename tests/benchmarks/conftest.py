"""A folder with small corpora in the place of the real ones."""

import pytest
from real_corpora import VARIABLE

SUBJECTS = {
    "A man": "Ein Mann",
    "A dog": "Ein Hund",
    "A child": "Ein Kind",
    "A girl": "Ein Mädchen",
}
VERBS = {"sleeps": "schläft", "runs": "läuft", "sits": "sitzt", "eats": "isst", "stands": "steht"}
PLACES = {"here": "hier", "outside": "draußen", "there": "dort", "today": "heute"}
PAIRS = [
    (f"{s} {v} {p}.", f"{S} {V} {P}.")
    for s, S in SUBJECTS.items()
    for v, V in VERBS.items()
    for p, P in PLACES.items()
]


@pytest.fixture(scope="session")
def home(tmp_path_factory):
    """What KERAS_SEQ2SEQ_DATA names."""
    home = tmp_path_factory.mktemp("data")
    folder = home / "multi30k"
    folder.mkdir()
    parts = {"train": PAIRS[:60], "val": PAIRS[60:72], "test_2016_flickr": PAIRS[68:]}
    for stem, pairs in parts.items():
        for side, lines in zip(("en", "de"), zip(*pairs, strict=True), strict=True):
            (folder / f"{stem}.{side}").write_text("".join(f"{x}\n" for x in lines), "utf-8")
    return home


@pytest.fixture
def data(home, monkeypatch):
    monkeypatch.setenv(VARIABLE, str(home))
    return home
