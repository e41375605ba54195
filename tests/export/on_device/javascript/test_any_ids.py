"""Any int32 gives a result that is within its bounds, and the same one, wherever a file runs."""

import sys

import numpy as np
import pytest
from javascript import ROOT
from odd_rows import as_framed, odd_rows, odd_steps

from keras_seq2seq import export
from keras_seq2seq.export.on_device.seq2seq_lite import Translator

sys.path.insert(0, str(ROOT / "benchmarks" / "runtimes"))
from device_runtimes import Missing, in_chromium, in_node

pytestmark = pytest.mark.slow
COUNT, STEPS, CHUNK = 2000, 300, 1000


@pytest.fixture(scope="module")
def translator(trained, tmp_path_factory):
    path = tmp_path_factory.mktemp("ids") / "model.tflite"
    return Translator(export.tflite(trained, path, signatures=["translate", "decode_step"]))


@pytest.fixture(scope="module")
def rows(translator):
    size = translator.manifest["source_vocabulary_size"]
    return odd_rows(COUNT, translator.manifest["max_source_length"], size)


@pytest.fixture(scope="module")
def steps(translator):
    facts = translator.manifest
    sizes = [facts[f"{side}_vocabulary_size"] for side in ("source", "target")]
    return odd_steps(STEPS, facts["max_source_length"], *sizes)


@pytest.fixture(scope="module")
def found(translator, rows):
    """[ids, length, score] of each row, in Python."""
    results = (translator.run("translate", ids=row[None]) for row in rows)
    return [(r["ids"][0].tolist(), int(r["length"][0]), float(r["score"][0])) for r in results]


@pytest.fixture(scope="module")
def stepped(translator, steps):
    """[finished, next ids, scores] of each source that steps are taken for, in Python."""
    answers = []
    for row, fed in steps:
        given = translator.run("encode", ids=np.array([row], "int32"))
        finished, next_ids, scores = int(given.pop("finished")[0]), [], []
        for i in fed:
            one = translator.run("decode_step", ids=np.array([i], "int32"), **given)
            next_ids.append(int(one["next_ids"][0]))
            scores.append(float(one["score"][0]))
            given |= {name: one[name] for name in given if name.startswith("state_")}
        answers.append((finished, next_ids, scores))
    return answers


def test_results_are_within_their_bounds(translator, rows, found, steps, stepped):
    longest, size = (
        translator.manifest[name] for name in ("max_target_length", "target_vocabulary_size")
    )
    assert len(rows) == COUNT
    for row, (ids, length, score) in zip(rows, found, strict=True):
        assert 0 <= length <= longest and all(0 <= i < size for i in ids), row
        assert np.isfinite(score) and score <= 0, row
    for (row, _), (finished, next_ids, scores) in zip(steps, stepped, strict=True):
        assert finished == (row[0] in (0, 3)) and all(0 <= i < size for i in next_ids), row
        assert np.isfinite(scores).all() and max(scores) <= 0, row
    lengths = {length for _, length, _ in found}
    assert 0 in lengths and len(lengths) > 5  # they are no sources of one kind


def test_an_id_that_is_none_is_unk_and_an_end_is_supplied(translator, rows, found):
    size = translator.manifest["source_vocabulary_size"]
    for row, (ids, length, score) in zip(rows[:500], found, strict=False):
        framed = translator.run("translate", ids=np.array([as_framed(row, size)], "int32"))
        assert (framed["ids"][0].tolist(), framed["length"][0]) == (ids, length), row
        assert framed["score"][0] == pytest.approx(score, abs=1e-4)


@pytest.mark.parametrize("runtime", [in_node, in_chromium])
def test_javascript_gives_what_python_gives(
    runtime, translator, rows, found, steps, stepped, javascript_packages
):
    from built_page import WEB

    packages = javascript_packages("esbuild", WEB).parents[1]
    answers = {"rows": [], "steps": []}
    try:
        with runtime(translator.path, packages) as ask:
            for asked in ({"rows": rows.tolist()}, {"steps": steps}):
                for name, items in asked.items():
                    for start in range(0, len(items), CHUNK):
                        answers[name] += ask(**{name: items[start : start + CHUNK]})[name]
    except Missing as missing:
        pytest.skip(f"needs {missing}")
    for row, here, there in zip(rows, found, answers["rows"], strict=True):
        assert here[:2] == tuple(there[:2]), row
        assert here[2] == pytest.approx(there[2], rel=1e-3, abs=1e-3), row
    for asked, here, there in zip(steps, stepped, answers["steps"], strict=True):
        assert here[:2] == tuple(there[:2]), asked
        np.testing.assert_allclose(there[2], here[2], rtol=1e-3, atol=1e-3)
