"""The standalone client runs a file as this package does, and refuses what is broken."""

import contextlib
import io
import json
import os
import shutil
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from learnt_pairs import PAIRS

from keras_seq2seq import export
from keras_seq2seq.export.manifest import write_manifest
from keras_seq2seq.export.on_device import seq2seq_lite
from keras_seq2seq.export.on_device.seq2seq_lite import LiteError, Translator

ROOT = Path(__file__).parents[3]
CLIENT = ROOT / "export" / "on_device" / "python" / "seq2seq_lite.py"
ROW = np.full([1, 24], 3, "int32")
SOURCES = [source for source, _ in PAIRS]
TEXTS = [*SOURCES, "", " \t", "모르는 말 hello 😀", "책 " * 100, "\ud800"]


@pytest.fixture(scope="module")
def file(trained, tmp_path_factory):
    path = tmp_path_factory.mktemp("lite") / "model.tflite"
    signatures = ("encode", "decode_step", "beam", "score")
    return export.tflite(trained, path, sample=SOURCES, signatures=signatures)


@pytest.fixture(scope="module")
def translator(file):
    return Translator(file)


@pytest.fixture
def copy(file, tmp_path):
    """A copy of the file, and a function that writes its manifest with some entries changed."""
    path = tmp_path / "model.tflite"
    shutil.copy(file, path)
    manifest = json.loads(Path(f"{file}.json").read_text("utf-8"))
    del manifest["seal"]

    def change(**entries):
        write_manifest(f"{path}.json", {**manifest, **entries})
        return manifest

    change()
    return path, change


def test_gives_what_the_model_gives(translator, trained):
    texts, scores = trained.generate(TEXTS, return_scores=True)
    found = translator.translate_all(TEXTS)
    assert [one.text for one in found] == texts
    np.testing.assert_allclose([one.score for one in found], scores, atol=1e-3)
    assert all(one.length == len(one.ids) for one in found)
    assert [translator.detokenize(one.ids) for one in found] == texts
    assert translator.translate("") == ("", [], 0, 0.0, None)
    assert translator.tokenize(" ") == [3]


def test_streams_greedy_search(translator):
    for text in TEXTS:
        pieces, stream = [], translator.stream(text)
        with contextlib.suppress(StopIteration):
            while True:
                pieces.append(next(stream))
        found = translator.translate(text)
        assert "".join(pieces) == found.text and all(pieces)
    stream = translator.stream(SOURCES[0])
    with pytest.raises(StopIteration) as end:
        while True:
            next(stream)
    assert end.value.value.ids == translator.translate(SOURCES[0]).ids


def test_n_best_and_scores(translator, trained):
    for source in SOURCES[:4]:
        expected, scores = trained.generate([source], return_scores=True, beam_size=4, num_return=4)
        found = translator.n_best(source)
        assert found[0].text == expected[0][0]
        assert found[0].score == pytest.approx(scores[0][0], abs=1e-3)
        assert [one.ranking for one in found] == sorted((o.ranking for o in found), reverse=True)
    sources, targets = map(list, zip(*PAIRS, strict=True))
    for pair, expected in zip(PAIRS, trained.score(sources, targets), strict=True):
        score, tokens = translator.score(*pair)
        assert score == pytest.approx(expected, abs=1e-3) == pytest.approx(sum(tokens), abs=1e-3)
    with pytest.raises(LiteError, match="more than fit"):
        translator.score(SOURCES[0], "book " * 40)


def test_golden_cases_are_replayed(translator, copy):
    assert translator.verify() == len(translator.manifest["golden"]) > 3
    path, change = copy
    for name, value in (("ids", [9]), ("text", "?"), ("source_ids", [3]), ("score", -99.0)):
        golden = json.loads(json.dumps(translator.manifest["golden"]))
        golden[1][name] = value
        change(golden=golden)
        with pytest.raises(LiteError, match=f"{name} is .* but should be"):
            Translator(path).verify()


def test_what_is_broken_is_refused(copy):
    path, change = copy
    manifest = change(format=2)
    with pytest.raises(LiteError, match="has format 2, not 3"):
        Translator(path)
    change(vocabularies=[])
    with pytest.raises(LiteError, match="is broken"):
        Translator(path)
    change(signatures={})
    with pytest.raises(LiteError, match="is broken .KeyError: 'translate'"):
        Translator(path)
    tables, target = ({**manifest[name]} for name in ("tables", "target"))
    for entries in (
        {"golden": [{}]},
        {"golden": None},
        {"search": None},
        {"target": target | {"normalization": {}}},
        {"tables": tables | {"white_space": [[9, 1]]}},
        {"tables": tables | {"white_space": [[9, 2**31]]}},
    ):
        change(**entries)
        with pytest.raises(LiteError, match="is broken"):
            Translator(path)
    other = json.loads(json.dumps(manifest["signatures"]))
    other["translate"]["inputs"]["ids"]["shape"] = [1, 7]
    change(signatures=other)
    with pytest.raises(LiteError, match="translate has other shapes"):
        Translator(path)
    other["translate"]["inputs"]["ids"] = {"dtype": "float32", "shape": [1, 24]}
    change(signatures=other)
    with pytest.raises(LiteError, match="translate is not what the manifest says"):
        Translator(path)
    change()
    text = Path(f"{path}.json").read_text("utf-8")
    Path(f"{path}.json").write_text(text.replace('"eos_id": 3', '"eos_id": 4'), "utf-8")
    with pytest.raises(LiteError, match="was changed"):
        Translator(path)
    change()
    content = bytearray(path.read_bytes())
    content[-9] ^= 1
    path.write_bytes(content)
    with pytest.raises(LiteError, match="is not the file"):
        Translator(path)
    Path(f"{path}.json").unlink()
    with pytest.raises(LiteError, match="cannot be read"):
        Translator(path)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"length": [99]}, "gave length 99"),
        ({"length": [-1]}, "gave length -1"),
        ({"ids": np.full((1, 20), 10**6, "int32")}, "gave length .* and ids"),
        ({"score": [np.nan]}, "NaN or infinity"),
    ],
)
def test_results_that_cannot_be_are_refused(translator, monkeypatch, changed, message):
    run = translator.run
    monkeypatch.setattr(translator, "run", lambda *args, **inputs: run(*args, **inputs) | changed)
    with pytest.raises(LiteError, match=message):
        translator.translate(SOURCES[0])


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({}, r"takes \{'ids': 'int32 \[1, 24\]'\}, and got \{\}"),
        ({"ids": ROW, "more": ROW}, "and got .'ids': 'int32 .1, 24.', 'more'"),
        ({"ids": ROW[:, :7]}, r"int32 \[1, 24\]'\}, and got \{'ids': 'int32 \[1, 7\]"),
        ({"ids": ROW[0]}, r"got \{'ids': 'int32 \[24\]"),
        ({"ids": np.tile(ROW, (2, 1))}, r"got \{'ids': 'int32 \[2, 24\]"),
        ({"ids": ROW.astype("int64")}, r"got \{'ids': 'int64"),
        ({"ids": ROW.tolist()}, r"got \{'ids': 'int64"),
    ],
)
def test_other_inputs_than_a_signature_takes_are_refused(translator, inputs, message):
    with pytest.raises(LiteError, match=message):
        translator.run("translate", **inputs)
    assert translator.run("translate", ids=ROW)["length"] == [0]


def test_texts_are_strings(translator):
    with pytest.raises(TypeError, match="Expected a str, got bytes"):
        translator.translate(b"a")


def test_threads_share_one(translator):
    alone = translator.translate_all(TEXTS)
    barrier = threading.Barrier(4)

    def work(_):
        barrier.wait()
        pieces = ["".join(translator.stream(text)) for text in TEXTS]
        return translator.translate_all(TEXTS), pieces

    with ThreadPoolExecutor(4) as pool:
        for found, pieces in pool.map(work, range(4)):
            assert found == alone and pieces == [one.text for one in alone]


ALONE = """
import runpy, sys
for name in ("keras_seq2seq", "tensorflow", "keras", "sentencepiece", "tensorflow_text", "jax"):
    sys.modules[name] = None  # whoever imports one fails
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def run_alone(*arguments, stdin=""):
    return subprocess.run(
        [sys.executable, "-c", ALONE, CLIENT, *map(str, arguments)],
        input=stdin.encode(),
        capture_output=True,
    )


def test_needs_nothing_of_ours(file, translator, copy):
    lines = [*SOURCES, ""]
    expected = "".join(f"{one.text}\n" for one in translator.translate_all(lines))
    for flags in ([], ["--stream"]):
        found = run_alone(file, *flags, stdin="".join(f"{line}\n" for line in lines))
        assert found.stdout.decode() == expected, found.stderr.decode()
    assert b"golden cases hold" in run_alone(file, "--verify").stdout
    path, change = copy
    change(golden=[{**translator.manifest["golden"][0], "text": "?"}])
    found = run_alone(path, "--verify")
    assert found.returncode == 1 and "text is" in found.stderr.decode()


def test_there_is_one_client():
    assert CLIENT.is_symlink() and CLIENT.resolve() == Path(seq2seq_lite.__file__).resolve()


GENERATE = """
import sys
from keras_seq2seq.cli.app import main
sys.argv = ["keras-seq2seq", *sys.argv[1:]]
try:
    main()
finally:
    loaded = {"keras", "tensorflow", "tensorflow_text", "sentencepiece"} & sys.modules.keys()
    print(sorted(loaded), file=sys.stderr)
"""
OPEN = """
import sys
import keras_seq2seq
artefact = keras_seq2seq.open_artefact(sys.argv[1])
print(artefact.generate([sys.argv[2]]).texts[0])
print(sorted({"keras", "tensorflow"} & sys.modules.keys()), file=sys.stderr)
"""


def test_the_package_runs_it_without_keras_and_tensorflow(file, translator, tmp_path):
    (tmp_path / "sources.txt").write_text("".join(f"{text}\n" for text in SOURCES), "utf-8")
    expected = [one.text for one in translator.translate_all(SOURCES)]
    cases = {
        (GENERATE, "generate", file, tmp_path / "sources.txt"): expected,
        (GENERATE, "verify", file): None,
        (OPEN, file, SOURCES[0]): expected[:1],
    }
    for command, lines in cases.items():
        found = subprocess.run(
            [sys.executable, "-c", *map(str, command)],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"},
        )
        assert found.returncode == 0 and found.stderr.splitlines()[-1] == "[]", found.stderr
        assert lines is None or found.stdout.splitlines() == lines


def run_command(monkeypatch, *arguments):
    from keras_seq2seq.cli.app import main

    out, err = io.StringIO(), io.StringIO()
    monkeypatch.setattr(sys, "argv", ["keras-seq2seq", *map(str, arguments)])
    with (
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        pytest.raises(SystemExit) as end,
    ):
        main()
    return end.value.code, out.getvalue(), err.getvalue()


def test_the_command_verify(file, copy, translator, monkeypatch):
    count = len(translator.manifest["golden"])
    code, out, _ = run_command(monkeypatch, "verify", file)
    assert code == 0 and out == f"{file}: {count} golden cases hold.\n"
    path, change = copy
    change(golden=[{**translator.manifest["golden"][0], "length": 17}])
    code, out, _ = run_command(monkeypatch, "verify", path)
    assert code == 1 and out == ""
    change(format=2)
    code, _, err = run_command(monkeypatch, "verify", path)
    assert code == 2 and "has format 2" in err
    code, _, err = run_command(monkeypatch, "verify", path.parent)
    assert code == 2 and "no .tflite file" in err and "export RUN" in err


def test_the_artefact_scores_and_describes(file, translator):
    artefact = export.open_artefact(file)
    sources, targets = map(list, zip(*PAIRS, strict=True))
    scores = [translator.score(*pair)[0] for pair in PAIRS]
    assert artefact.score(sources, targets) == scores
    assert not {"vocabularies", "golden", "tables"} & artefact.describe().keys()
    assert artefact.source_tokenizer.tokenize(SOURCES[0]) == translator.tokenize(SOURCES[0])[:-1]
