"""The JavaScript client translates as the .tflite file does in Python, and hides no failure."""

import json
import pathlib
import subprocess

import numpy as np
import pytest
from ai_edge_litert import interpreter
from javascript import CLIENT, HERE, node, run

from keras_seq2seq import export
from keras_seq2seq.export.manifest import write_manifest
from keras_seq2seq.specs.seal import sealed
from keras_seq2seq.text.framing import encode_source_python


def test_results_are_checked_and_tensors_deleted():
    """`translator.test.mjs`, over a LiteRT.js that is none."""
    test = HERE / "translator.test.mjs"
    done = subprocess.run([node(), "--test", test], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-5000:]


def test_the_package_holds_what_it_imports():
    package = json.loads((CLIENT / "package.json").read_text("utf-8"))
    assert "scripts" not in package  # nothing runs when it is installed
    for name in package["files"]:
        assert (CLIENT / name).is_file(), name
    for name in filter(lambda name: name.endswith(".mjs"), package["files"]):
        for line in (CLIENT / name).read_text("utf-8").splitlines():
            if line.startswith(("import ", "} from")):
                imported = line.split('"')[1]
                assert imported.removeprefix("./") in package["files"], line


def test_a_seal_is_read_as_python_wrote_it(tmp_path):
    values = [0, -7, 1e-05, 1e16, 1.5e300, -0.0, 1.0, True, None, "", 'a"\\/\b\f\n\r\t\x00\x7f\xa0']
    facts = {
        "values": values,
        "text": "가é\u2028\ud7ff\uffff\U0001f600 {[:,]}",
        "long": "q" * 10**6,
        "b": {"b": [], "a": {}, "B": [[1], {"seal": 2}]},
        "가": 1,
    }
    texts = [
        json.dumps(sealed(facts), ensure_ascii=ascii, indent=indent)
        for ascii in (True, False)
        for indent in (None, 2)
    ]
    path = tmp_path / "manifest.json"
    write_manifest(path, facts)
    texts.append(path.read_text("utf-8"))
    assert run("check_seals.mjs", tmp_path, texts=texts) == [True] * len(texts)
    changed = [texts[0].replace(*pair) for pair in (("1.5e+300", "1.6e+300"), ("qq", "q"))]
    for message in run("check_seals.mjs", tmp_path, texts=changed):
        assert "was changed" in message


@pytest.mark.slow
def test_translations_are_those_of_python(trained, learnt, tmp_path, javascript_packages):
    file = export.tflite(
        trained, tmp_path / "model.tflite", signatures=["translate", "decode_step", "beam"]
    )
    texts = [source for source, _ in learnt] + ["", " \u3000"]  # of which the model is sure
    litert = javascript_packages("@litertjs/core")
    found = run("translate_texts.mjs", tmp_path, litert=str(litert), file=str(file), texts=texts)
    golden = json.loads(pathlib.Path(f"{file}.json").read_text("utf-8"))["golden"]
    verified = found["verified"]
    assert verified["cases"] == len(golden)
    # Of what nobody writes, two tokens may be as good as each other but for rounding.
    assert len({case["source"] for case in verified["wrong"]}) <= 1, verified["wrong"]
    runner = interpreter.Interpreter(str(file)).get_signature_runner("translate")
    for i, text in enumerate(texts):
        source = encode_source_python(trained.source_tokenizer, text, trained.max_source_length)
        expected = runner(ids=np.array([source], "int32"))
        ids = expected["ids"][0, : expected["length"][0]].tolist()
        for one in (found["translated"][i], found["streamed"][i]):
            assert one["ids"] == ids
            assert one["text"] == trained.target_tokenizer.detokenize_python(ids)
            np.testing.assert_allclose(one["score"], expected["score"][0], rtol=1e-3, atol=1e-3)
        assert found["streamed"][i]["isFinished"]
        rankings = [one["ranking"] for one in found["beams"][i]]
        assert rankings == sorted(rankings, reverse=True) and rankings
