import json
import os
import subprocess
import sys

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter
from contracts import few_at_first
from learnt_pairs import PAIRS

from keras_seq2seq import Seq2Seq, TextSeq2Seq, export
from keras_seq2seq.decoding import SearchOptions
from keras_seq2seq.export.checks.device import DeviceCheck
from keras_seq2seq.export.checks.equality import sample_texts
from keras_seq2seq.export.on_device.flat_model import operators, read_flat
from keras_seq2seq.layers import CELLS
from keras_seq2seq.text import ByteTokenizer, CharacterTokenizer, Normalization
from keras_seq2seq.text.framing import encode_source_python

SOURCES = [source for source, _ in PAIRS]
TEXTS = [*SOURCES, "", " \t", "모르는 말 hello 😀", "책 " * 100]


@pytest.fixture(scope="module")
def file(trained, tmp_path_factory):
    return export.tflite(trained, tmp_path_factory.mktemp("device") / "model.tflite")


@pytest.fixture(scope="module")
def text_file(trained, tmp_path_factory):
    return export.tflite(
        trained, tmp_path_factory.mktemp("device") / "model.text.tflite", text=True
    )


@pytest.mark.parametrize("kind", ["file", "text_file"])
def test_does_what_the_model_does(kind, trained, request):
    artefact = export.open_artefact(request.getfixturevalue(kind))
    result = artefact.generate(TEXTS)
    outputs, scores = trained.generate(TEXTS, return_scores=True)
    assert result.texts == outputs
    np.testing.assert_allclose(result.scores, scores, atol=1e-4)


def test_holds_builtin_operators_alone(file):
    """In all subgraphs; the inner ones, which interpreters do not list, too."""
    names = operators(file.read_bytes())
    assert {"WHILE", "EMBEDDING_LOOKUP", "FULLY_CONNECTED", "TOPK_V2"} <= set(names)
    assert export.open_artefact(file).describe()["operators"] == names  # what `inspect` prints
    assert not {n for n in names if n.startswith(("Flex", "TFText")) or "CUSTOM" in n}


def test_weights_are_stored_once_and_nothing_else_is(file, trained):
    content = file.read_bytes()
    weights = 4 * trained.seq2seq.count_params()
    assert weights < len(content) < weights + 75_000  # of graphs; without names of tensors
    for graph in read_flat(content).subgraphs:
        assert not any(tensor.name for tensor in graph.tensors)


def test_borders_are_int32_and_float32(file):
    """What browsers take; and as the manifest says."""
    manifest = json.loads(open(f"{file}.json", encoding="utf-8").read())
    interpreter = Interpreter(model_path=str(file))
    assert set(interpreter.get_signature_list()) == set(manifest["signatures"])
    for name, told in manifest["signatures"].items():
        run = interpreter.get_signature_runner(name)
        sides = {"inputs": run.get_input_details(), "outputs": run.get_output_details()}
        for side, details in sides.items():
            found = {
                key: {"dtype": np.dtype(d["dtype"]).name, "shape": d["shape"].tolist()}
                for key, d in details.items()
            }
            assert found == told[side]
            assert {d["dtype"] for d in found.values()} <= {"int32", "float32"}


def step_by_step(run, ids, limit):
    """Greedy search by `encode` and `decode_step`: tokens up to EOS, score, attention [n, S]."""
    given = run["encode"](ids=ids)
    finished, token = given.pop("finished")[0], np.array([2], "int32")
    tokens, score, attention = [], 0.0, []
    while not finished and len(tokens) < limit:
        step = run["decode_step"](ids=token, **given)
        token, finished = step["next_ids"], step["next_ids"][0] == 3
        tokens.append(int(token[0]))
        score += step["score"][0]
        attention.append(step["attention"][0])
        assert step["log_probs"][0].argmax() == token[0]
        given |= {name: step[name] for name in given if name.startswith("state")}
    return tokens, score, attention


def test_steps_are_translate(file, trained):
    interpreter = Interpreter(model_path=str(file))
    run = {n: interpreter.get_signature_runner(n) for n in ("translate", "encode", "decode_step")}
    for text in TEXTS:
        ids = np.array([encode_source_python(trained.source_tokenizer, text, 24)], "int32")
        whole = run["translate"](ids=ids)
        tokens, score, attention = step_by_step(run, ids, 20)
        assert tokens == [i for i in whole["ids"][0].tolist() if i]
        assert score == pytest.approx(whole["score"][0], abs=1e-4)
        for weights in attention:
            assert weights.sum() == pytest.approx(1, abs=1e-5) and not weights[ids[0] == 0].any()


def test_any_ids_have_a_result(file, trained):
    """That of a source as the model knows them, whatever int32 come."""
    sizes = trained.seq2seq.source_vocabulary_size, trained.seq2seq.target_vocabulary_size
    draw = np.random.default_rng(5)
    run = Interpreter(model_path=str(file)).get_signature_runner("translate")
    rows = [draw.integers(-(2**31), 2**31, 24), np.full(24, 7), np.zeros(24), draw.permutation(24)]
    rows += [draw.integers(-2, sizes[0] + 2, 24) for _ in range(60)]
    for ids in np.array(rows, "int32"):
        found = run(ids=ids[np.newaxis])
        ends = [i for i, token in enumerate(ids) if token in (0, 3)]
        kept = [int(i) if 0 <= i < sizes[0] else 1 for i in ids[: (ends or [23])[0]][:23]]
        usual = np.array([[*kept, 3, *[0] * (23 - len(kept))]], "int32")
        expected = trained.seq2seq.generate(usual, 20)
        np.testing.assert_array_equal(found["ids"], expected.ids)
        assert found["length"] == expected.length and np.isfinite(found["score"]).all()


def test_signatures_on_demand(trained, tmp_path):
    file = export.tflite(
        trained, tmp_path / "all.tflite", sample=TEXTS, signatures=["beam", "score"], beam_size=3
    )
    interpreter = Interpreter(model_path=str(file))
    assert set(interpreter.get_signature_list()) == {"translate", "beam", "score"}
    run = {name: interpreter.get_signature_runner(name) for name in ("translate", "beam", "score")}
    texts, scores = trained.generate(SOURCES, beam_size=3, num_return=3, return_scores=True)
    for source, best, of_best in zip(SOURCES, texts, scores, strict=True):
        ids = np.array([encode_source_python(trained.source_tokenizer, source, 24)], "int32")
        found = run["beam"](ids=ids)
        read = trained.target_tokenizer.detokenize_python
        assert [read(row.tolist()) for row in found["ids"][0]] == best
        np.testing.assert_allclose(found["score"][0], of_best, atol=1e-3)
        one = run["translate"](ids=ids)
        np.testing.assert_array_equal(one["ids"], found["ids"][:, 0])
        scored = run["score"](ids=ids, target_ids=one["ids"])
        np.testing.assert_allclose(scored["score"], one["score"], atol=1e-3)
        assert scored["token_scores"].sum() == pytest.approx(scored["score"][0], abs=1e-4)
    with pytest.raises(ValueError, match="no signature 'beem'.*Did you mean 'beam'"):
        export.tflite(trained, tmp_path / "none.tflite", signatures=["beem"])


def test_golden_cases_are_what_the_file_does(file, trained):
    manifest = json.loads(open(f"{file}.json", encoding="utf-8").read())
    run = Interpreter(model_path=str(file)).get_signature_runner("translate")
    sources = [case["source"] for case in manifest["golden"]]
    assert "" in sources and max(map(len, sources)) > 100 and len(sources) > 8
    for case, text in zip(manifest["golden"], trained.generate(sources), strict=True):
        assert case["text"] == text
        tokens = case["source_ids"]
        assert tokens[-1] == 3
        found = run(ids=np.array([[*tokens, *[0] * (24 - len(tokens))]], "int32"))
        assert case["length"] == len(case["ids"]) == found["length"][0]
        assert case["ids"] == found["ids"][0, : case["length"]].tolist()
        assert case["score"] == pytest.approx(found["score"][0], abs=1e-5)


def test_runs_without_this_library(file, trained):
    """Interpreter and manifest are enough: ids in, ids out, ended by EOS."""
    manifest = json.loads(open(f"{file}.json", encoding="utf-8").read())
    run = Interpreter(model_path=str(file)).get_signature_runner("translate")
    tokens = trained.source_tokenizer.tokenize_python(SOURCES[0])
    ids = np.full((1, manifest["max_source_length"]), manifest["pad_id"], "int32")
    ids[0, : len(tokens) + 1] = [*tokens, manifest["eos_id"]]
    result = run(ids=ids)
    expected = trained.seq2seq.generate(ids, trained.max_target_length)
    np.testing.assert_array_equal(result["ids"], expected.ids)
    assert result["ids"].shape == (1, manifest["max_target_length"])
    assert result["ids"][0, result["length"][0]] == manifest["eos_id"]


def loop_counters(interpreter):
    """What each loop counted up to in the last run: its scalars, loop by loop."""
    loops = [d["outputs"] for d in interpreter._get_ops_details() if d["op_name"] == "WHILE"]
    read = [[interpreter.get_tensor(i) for i in outputs if i >= 0] for outputs in loops]
    return [{int(value) for value in values if not np.ndim(value)} for values in read]


@pytest.mark.filterwarnings("ignore:.*experimental_preserve_all_tensors")
def test_stops_early(trained, tmp_path):
    """The encoder takes one step for each token and for EOS, the search one for each it gives."""
    file = export.tflite(trained, tmp_path / "one.tflite", sample=SOURCES, signatures=[])
    interpreter = Interpreter(model_path=str(file), experimental_preserve_all_tensors=True)
    run = interpreter.get_signature_runner("translate")
    lengths = []
    for text in (*SOURCES, ""):
        tokens = trained.source_tokenizer.tokenize_python(text)
        ids = np.zeros((1, 24), "int32")
        ids[0, : len(tokens) + 1] = [*tokens, 3]
        result = run(ids=ids)
        *encoder, search = loop_counters(interpreter)
        lengths.append(int(result["length"][0]))
        assert encoder and all(counted == {len(tokens) + 1} for counted in encoder)
        assert search == {lengths[-1] + 1 if text else 0}
    assert lengths[-1] == 0 and not result["ids"].any()
    assert 3 < len(set(lengths)) and max(lengths) < trained.max_target_length


@pytest.mark.parametrize(
    "options",
    few_at_first(
        4,
        [
            {"first_layer_attention": True, "layer_norm": True, "residual": True},
            {"input_feeding": True, "bridge": "zero"},
            {"attention": "dot", "lexical_model": True, "fixed_norm": 5.0},
            {"cell": "gru", "attention": None},
            {"cell": "ssru", "bidirectional": True},
            {"attention": "additive", "attention_heads": 2},
            {"attention": "dot", "lexical_model": True},
            *({"cell": cell, "attention": None} for cell in CELLS if cell != "gru"),
            *({"cell": cell, "attention": "dot"} for cell in CELLS),
        ],
    ),
    ids=str,
)
def test_every_kind_of_model_converts(options, tmp_path):
    normalization = Normalization("NFD", lowercase=True)
    characters = CharacterTokenizer.learn(SOURCES, 80, normalization)
    bytes_ = ByteTokenizer()
    seq2seq = Seq2Seq.from_options(
        characters.vocabulary_size,
        bytes_.vocabulary_size,
        units=8,
        embedding_dim=8,
        num_layers=2,
        **{"bidirectional": False, **options},
    )
    model = TextSeq2Seq(seq2seq, characters, bytes_, max_source_length=30, max_target_length=12)
    file = export.tflite(model, tmp_path / "model.tflite")
    assert export.open_artefact(file).generate(TEXTS).texts == model.generate(TEXTS)
    with pytest.raises(export.ExportError, match="needs SentencePiece on both sides"):
        export.tflite(model, tmp_path / "text.tflite", text=True)


READ_LONGER_AND_LONGER = """
import sys
import numpy as np
from ai_edge_litert.interpreter import Interpreter
sources = np.load(sys.argv[2])
for _ in range(8):
    run = Interpreter(model_path=sys.argv[1]).get_signature_runner("translate")
    results = [run(ids=ids[np.newaxis]) for ids in sources]
    print([[r["ids"][0].tolist(), round(float(r["score"][0]), 2)] for r in results])
"""


@pytest.mark.parametrize(
    ("options", "search"),
    few_at_first(
        1,
        [
            ({"lexical_model": True, "bidirectional": True}, {}),
            ({"lexical_model": True}, {"beam_size": 3}),
            ({"input_feeding": True}, {}),
        ],
    ),
    ids=str,
)
def test_the_sentence_before_changes_nothing(options, search, tmp_path):
    """Ever longer sentences, one interpreter, and memory that is dirty when it is first read."""
    tokenizer = CharacterTokenizer.learn(SOURCES, 80)
    size = tokenizer.vocabulary_size
    seq2seq = Seq2Seq.from_options(size, size, units=8, embedding_dim=8, num_layers=2, **options)
    model = TextSeq2Seq(seq2seq, tokenizer, tokenizer, max_source_length=24, max_target_length=12)
    file = export.tflite(model, tmp_path / "model.tflite", **search)
    lengths = range(2, 25)
    sources = np.zeros((len(lengths), 24), "int32")
    for row, length in zip(sources, lengths, strict=True):
        row[:length] = [*(5 + np.arange(length - 1) * 7 % (size - 5)), 3]
    np.save(tmp_path / "sources.npy", sources)
    seen = subprocess.run(
        [sys.executable, "-c", READ_LONGER_AND_LONGER, file, tmp_path / "sources.npy"],
        env={**os.environ, "MALLOC_PERTURB_": "90"},  # glibc: fresh memory is no zeros
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    alone = [seq2seq.generate(ids[np.newaxis], 12, SearchOptions(**search)) for ids in sources]
    for line in seen:
        for (ids, score), expected in zip(json.loads(line), alone, strict=True):
            assert ids == expected.ids[0].tolist()
            assert score == pytest.approx(expected.score[0], abs=0.02)
    assert len(seen) == 8


@pytest.mark.parametrize(
    "signature, name", few_at_first(2, [("translate", "score"), ("decode_step", "next_ids")])
)
def test_a_difference_leaves_the_old_files_and_fails(
    signature, name, trained, tmp_path, monkeypatch
):
    old = tmp_path / "model.tflite"
    old.write_bytes(b"old")

    def lie(self, asked, **inputs):
        found = honest(self, asked, **inputs)
        return {k: v - (asked == signature and k == name) for k, v in found.items()}

    honest = DeviceCheck.run
    monkeypatch.setattr(DeviceCheck, "run", lie)
    with pytest.raises(export.ExportError, match=f"Signature `{signature}`, source"):
        export.tflite(trained, old, sample=SOURCES)
    assert [p.name for p in tmp_path.iterdir()] == ["model.tflite"]
    assert old.read_bytes() == b"old"


def test_the_name_must_end_in_tflite(trained, tmp_path):
    with pytest.raises(export.ExportError, match="must end in .tflite"):
        export.tflite(trained, tmp_path / "model.lite")


def test_a_missing_manifest_says_so(file, tmp_path):
    copy = tmp_path / "copy.tflite"
    copy.write_bytes(file.read_bytes())
    with pytest.raises(export.ExportError, match=r"copy.tflite.json is missing"):
        export.open_artefact(copy)


def test_the_manifest_of_another_file_is_refused(file, text_file, tmp_path):
    copy = tmp_path / "copy.tflite"
    copy.write_bytes(file.read_bytes())
    (tmp_path / "copy.tflite.json").write_bytes(open(f"{text_file}.json", "rb").read())
    with pytest.raises(export.ExportError, match="is not the file that"):
        export.open_artefact(copy)


def test_other_searches_are_built_in(trained, tmp_path):
    options = {"beam_size": 3, "length_penalty": 0.7, "no_repeat_ngram": 2}
    file = export.tflite(trained, tmp_path / "beam.tflite", sample=SOURCES, **options)
    artefact = export.open_artefact(file)
    result = artefact.generate(TEXTS)
    outputs, scores = trained.generate(TEXTS, return_scores=True, **options)
    assert result.texts == outputs
    np.testing.assert_allclose(result.scores, scores, atol=1e-3)
    assert artefact.generate(TEXTS, **options).texts == outputs
    with pytest.raises(export.ExportError, match="cannot be changed: beam_size=5"):
        artefact.generate(TEXTS, beam_size=5)
    with pytest.raises(export.ExportError, match="cannot score"):
        artefact.score(SOURCES, SOURCES)
    with pytest.raises(export.ExportError, match="one result"):
        export.tflite(trained, tmp_path / "two.tflite", beam_size=3, num_return=2)
    assert not any(op.startswith("Flex") for op in artefact.describe()["operators"])


@pytest.mark.slow
def test_bans_are_built_in(trained, tmp_path):
    """Of unlike lengths, in both searches, of built-in operators."""
    first, second = (trained.target_tokenizer.tokenize_python(w) for w in ("student", "There is"))
    bans = (first, second, [first[-1]])
    for how in ({}, {"beam_size": 3}):
        options = {"banned_ids": bans, **how}
        file = export.tflite(trained, tmp_path / "bans.tflite", sample=SOURCES, **options)
        artefact = export.open_artefact(file)
        expected = trained.generate(TEXTS, banned_ids=bans, **how)
        assert artefact.generate(TEXTS).texts == expected != trained.generate(TEXTS, **how)
        assert artefact.generate(TEXTS, banned_ids=[list(ban) for ban in bans]).texts == expected
        assert not any("Flex" in op or "CUSTOM" in op for op in artefact.describe()["operators"])
    with pytest.raises(export.ExportError, match="cannot be changed: banned_ids"):
        artefact.generate(TEXTS, banned_ids=((5,),))
    with pytest.raises(ValueError, match="banned_ids: 4096 is not in"):
        export.tflite(trained, tmp_path / "none.tflite", banned_ids=((4096,),))
    assert not (tmp_path / "none.tflite").exists()


def test_scores_that_are_no_numbers_are_told(file, monkeypatch):
    artefact = export.open_artefact(file)
    found = {"ids": np.zeros((1, 20), "int32"), "length": [0], "score": [np.nan]}
    monkeypatch.setattr(artefact.translator, "run", lambda *_, **__: found)
    with pytest.raises(ValueError, match="weights hold NaN or infinity"):
        artefact.generate(SOURCES[:1])


def test_sources_of_one_token_and_samples_that_no_json_holds(tmp_path):
    bytes_ = ByteTokenizer()
    seq2seq = Seq2Seq.from_options(260, 260, units=4, embedding_dim=4)
    model = TextSeq2Seq(seq2seq, bytes_, bytes_, max_source_length=1, max_target_length=2)
    assert sample_texts(model)
    sample = ["\ud800", "a\0b", b"\xff"]
    file = export.tflite(model, tmp_path / "m.tflite", sample=sample, signatures=[])
    manifest = json.loads(file.with_name("m.tflite.json").read_text("utf-8"))
    assert [case["source"] for case in manifest["golden"][:2]] == ["\ufffd", "a\0b"]
    with pytest.raises(TypeError, match="sample: expected a list of strings, got one string"):
        export.tflite(model, file, sample="ab")
