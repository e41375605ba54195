"""What comes into an artefact is checked alike, whatever its format."""

import numpy as np
import pytest
from learnt_pairs import PAIRS

from keras_seq2seq import export

SOURCES = [source for source, _ in PAIRS[:3]]
TARGETS = [target for _, target in PAIRS[:3]]
KINDS = ("keras", "saved_model", "tflite", "tflite of text")


class OwnArtefact(export.Artefact):
    kind, path = "own", "own"

    def _generate(self, texts, batch_size, progress, **options):
        return export.artefact.Generated(texts, [0.0] * len(texts), [1] * len(texts))

    def describe(self):
        return {}


@pytest.fixture(scope="module")
def artefacts(trained, served, tmp_path_factory):
    folder = tmp_path_factory.mktemp("artefacts")
    trained.save(folder / "m.keras")
    sample = SOURCES[:1]
    files = [
        folder / "m.keras",
        served,
        export.tflite(trained, folder / "m.tflite", sample=sample),
        export.tflite(trained, folder / "text.tflite", text=True, sample=sample),
    ]
    return dict(zip(KINDS, map(export.open_artefact, files), strict=True), own=OwnArtefact())


@pytest.mark.parametrize("kind", [*KINDS, "own"])
@pytest.mark.parametrize(
    ("texts", "said"),
    [
        ("hello", r"got one string: write \['hello'\]"),
        (b"hello", "got one string"),
        ([None], "expected strings, got NoneType"),
        (["a", 7], "expected strings, got int: 7"),
        (None, "expected a list of strings, got NoneType"),
        ({"a": 1}, "expected a list of strings, got dict"),
        ({"a"}, "expected a list of strings, got set"),
        (np.array([["a"]]), r"array of shape \(1, 1\)"),
    ],
)
def test_what_is_no_list_of_texts_is_refused(artefacts, kind, texts, said):
    with pytest.raises(TypeError, match=said):
        artefacts[kind].generate(texts)
    with pytest.raises(TypeError, match="targets: .*" + said):
        artefacts[kind].score(["a"], texts)


@pytest.mark.parametrize("kind", [*KINDS, "own"])
@pytest.mark.parametrize(
    ("size", "said"), [(0, "at least 1, got 0"), (-3, "at least 1"), ("3", "'3'"), (2.5, "an int")]
)
def test_odd_batch_sizes_are_refused(artefacts, kind, size, said):
    with pytest.raises(ValueError, match=f"batch_size must be .*{said}"):
        artefacts[kind].generate(["a"], batch_size=size)
    with pytest.raises(ValueError, match=f"batch_size must be .*{said}"):
        artefacts[kind].score(["a"], ["b"], batch_size=size)


@pytest.mark.parametrize("kind", KINDS)
def test_any_form_of_a_list_gives_the_same(artefacts, kind):
    expected = artefacts[kind].generate(SOURCES)
    as_bytes = [text.encode() for text in SOURCES]
    for texts in (tuple(SOURCES), np.array(SOURCES), as_bytes, dict.fromkeys(SOURCES).keys()):
        assert artefacts[kind].generate(texts, batch_size=np.int64(2)).texts == expected.texts
    assert artefacts[kind].generate([]) == ([], [], [])


@pytest.mark.parametrize("kind", KINDS[:2])
def test_a_target_for_each_source(artefacts, kind):
    expected = artefacts[kind].score(SOURCES, TARGETS)
    as_bytes = [text.encode() for text in TARGETS]
    assert artefacts[kind].score(SOURCES, as_bytes) == expected
    for targets in (TARGETS[:1], TARGETS * 2, []):
        with pytest.raises(ValueError, match=f"got 3 sources and {len(targets)} targets"):
            artefacts[kind].score(SOURCES, targets)


@pytest.mark.parametrize("kind", KINDS)
def test_misspelt_options_are_told_the_nearest_name(artefacts, kind):
    with pytest.raises(ValueError, match="no option 'beamsize'. Did you mean 'beam_size'"):
        artefacts[kind].generate(SOURCES, beamsize=1)


@pytest.mark.parametrize("kind", KINDS[2:])
def test_arrays_are_compared_with_what_is_built_in(artefacts, kind):
    with pytest.raises(export.ExportError, match="cannot be changed: max_length="):
        artefacts[kind].generate(SOURCES, max_length=np.array([3, 4, 5]))
    assert artefacts[kind].generate(SOURCES, beam_size=np.int64(1)).texts
