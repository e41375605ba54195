"""Files of all formats of one small model: each is what it is said to be, and as good as told."""

import importlib.util
import json

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter
from learnt_pairs import PAIRS

from keras_seq2seq import Seq2Seq, TextSeq2Seq, export
from keras_seq2seq.export.export_error import ExportError
from keras_seq2seq.export.on_device.flat_model import operators, read_flat, slim, write_flat
from keras_seq2seq.export.quantization import gate
from keras_seq2seq.export.quantization.format_names import FORMATS
from keras_seq2seq.export.quantization.formats import check_weights
from keras_seq2seq.export.quantization.integer_weights import with_integer_weights
from keras_seq2seq.export.quantization.measurement import measure, tokens_changed
from keras_seq2seq.export.quantization.weights import KINDS, weights_in, weights_of

SOURCES, TARGETS = (list(side) for side in zip(*PAIRS, strict=True))
HAS_QUANTIZER = importlib.util.find_spec("litert_quantizer") is not None
WITH_QUANTIZER = pytest.mark.skipif(
    not HAS_QUANTIZER, reason="needs litert-quantizer: pip install 'keras-seq2seq[device]'"
)
EACH = ["float16", "int8", *(pytest.param(f, marks=WITH_QUANTIZER) for f in ("mixed", "int4"))]


@pytest.fixture(scope="module")
def made(trained, tmp_path_factory):
    """(files of all formats, path of the one that `auto` chose)."""
    files = {}

    def seen(model, contents, *others):
        files.update(contents)
        return compare(model, contents, *others)

    compare = gate.compare_formats
    path = tmp_path_factory.mktemp("formats") / "model.tflite"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("keras_seq2seq.export.ids_files.compare_formats", seen)
        export.tflite(
            trained,
            path,
            sample=SOURCES[:4],
            quantize="auto",
            validation=(SOURCES, TARGETS),
            max_bleu_loss=5.0,
        )
    return files, path


@pytest.fixture(scope="module")
def size(trained):
    return trained.target_tokenizer.vocabulary_size


def kinds_of(content, size):
    return {(w.operator, w.of_logits): KINDS[w.kind] for w in weights_of(read_flat(content), size)}


@pytest.mark.parametrize("name", EACH)
def test_weights_are_of_the_format(name, made, size):
    files, _ = made
    found = set(kinds_of(files[name], size).values())
    assert found == ({"int4", "int8"} if name == "mixed" else {name})
    assert set(kinds_of(files["none"], size).values()) == {"float32"}
    with pytest.raises(ExportError, match=f"{name} was asked for, but weights .* are float32"):
        check_weights(files["none"], files["none"], name, size)


@WITH_QUANTIZER
def test_mixed_keeps_the_generator_and_what_is_tied_to_it(made, size):
    found = kinds_of(made[0]["mixed"], size)
    assert found["FULLY_CONNECTED", True] == "int8" == found["EMBEDDING_LOOKUP", True]
    assert found["FULLY_CONNECTED", False] == "int4" == found["EMBEDDING_LOOKUP", False]


@pytest.mark.parametrize("name", EACH)
def test_what_was_shared_is_shared(name, made, size):
    """The tied table is stored once, and every signature reads the same weights."""
    plain, content = made[0]["none"], made[0][name]
    before, after = (weights_of(read_flat(x), size) for x in (plain, content))
    assert len({w.buffer for w in after}) == len({w.buffer for w in before}) < len(before)
    assert len(content) < 0.62 * len(plain)  # graph and scales weigh in so small a model


@pytest.mark.parametrize("name", EACH)
def test_operators_are_built_in_and_the_runtime_is_told(name, made):
    content = made[0][name]
    assert set(operators(content)) <= {*operators(made[0]["none"]), "DEQUANTIZE"}
    model = read_flat(content)
    told = {e.name.decode(): bytes(model.buffers[e.buffer].data) for e in model.metadata}
    versions = [int(n) for n in told["min_runtime_version"].rstrip(b"\0").split(b".")]
    assert versions >= ([2, 18, 0] if name != "float16" else [2, 0, 0])


def test_the_manifest_tells_what_was_measured(made):
    files, path = made
    report = export.QuantizationReport.read(path)
    assert [f.format for f in report.formats] == [f for f in FORMATS if f in files]
    assert set(files) | set(report.refused) == set(FORMATS)
    smallest = min((f for f in report.formats if f.passes), key=lambda f: f.bytes)
    assert report.format == smallest.format and path.stat().st_size == smallest.bytes
    assert report.metric == "exact_match" and report.sentences == len(PAIRS)  # they are short
    for found in report.formats:
        assert found.bytes == len(files[found.format]) and found.gzip_bytes < found.bytes
        assert found.milliseconds > 0 and found.peak_bytes > 0
        assert found.loss == report.of("none").exact_match - found.exact_match
        changed = found.tokens_changed > 0
        assert 0 <= found.loss_confidence <= (100 if changed else 0)
    assert report.of("none").tokens_changed == report.of("none").loss == 0
    assert report.of("none").loss_confidence == 0
    json.dumps(report.to_dict())


def test_the_file_and_its_golden_cases_agree(made, trained):
    path = made[1]
    run = Interpreter(model_path=str(path)).get_signature_runner("translate")
    manifest = json.loads(open(f"{path}.json", encoding="utf-8").read())
    for case in manifest["golden"]:
        ids = np.zeros((1, trained.max_source_length), "int32")
        ids[0, : len(case["source_ids"])] = case["source_ids"]
        assert run(ids=ids)["ids"][0, : case["length"]].tolist() == case["ids"]


def test_files_run_the_same_in_turn_and_alone(made):
    files, _ = made
    rows = [[5, 6, 7, 3] + [0] * 20, [3] + [0] * 23]
    done = []
    together = measure({n: files[n] for n in ("none", "int8")}, rows, done.append)
    alone = measure({"int8": files["int8"]}, rows)
    assert together["int8"].ids == alone["int8"].ids and done == [1, 2]
    assert alone["int8"].ids[1] == []


def test_a_picture(made, tmp_path):
    report = export.QuantizationReport.read(made[1])
    export.plot_formats(report, tmp_path / "formats.svg")
    text = (tmp_path / "formats.svg").read_text()
    assert text.count("<use") >= len(report.formats)


@pytest.mark.parametrize("judge_by", ["auto", "bleu"])
def test_the_loss_is_of_the_metric_that_was_asked_for(judge_by, made, trained):
    files = {name: made[0][name] for name in ("none", "int8")}
    pairs = SOURCES[:4], ["wrong"] * 2 + TARGETS[2:4]
    report = gate.compare_formats(trained, files, pairs, 0.0, judge_by=judge_by)
    assert report.metric == ("bleu" if judge_by == "bleu" else "exact_match")
    plain, int8 = report.formats
    assert int8.loss == getattr(plain, report.metric) - getattr(int8, report.metric)


def test_one_file_alone_can_be_compared(made, trained):
    files = {"none": made[0]["none"]}
    report = gate.compare_formats(trained, files, (SOURCES[:2], TARGETS[:2]), 0.0)
    assert report.format == "none" and report.of("none").loss_confidence == 0


def test_tokens_are_compared_by_edits():
    assert tokens_changed([[1, 2, 3]], [[1, 2, 3]]) == 0
    assert tokens_changed([[2, 3, 4], []], [[1, 2, 3], [9]]) == 75.0
    assert tokens_changed([[]], [[]]) == 0


@pytest.mark.slow
def test_a_format_that_fails_leaves_nothing(trained, tmp_path):
    old = tmp_path / "model.tflite"
    old.write_bytes(b"old")
    with pytest.raises(ExportError, match="int8 loses"):
        export.tflite(
            trained, old, quantize="int8", validation=(SOURCES, TARGETS), max_bleu_loss=-1.0
        )
    assert [p.name for p in tmp_path.iterdir()] == ["model.tflite"]
    assert old.read_bytes() == b"old"


@pytest.mark.slow
@WITH_QUANTIZER
@pytest.mark.parametrize(
    ("options", "search"),
    [
        ({"cell": "lstm", "lexical_model": True, "tie_embeddings": False}, {}),
        ({"cell": "gru", "attention": None, "num_layers": 2}, {"beam_size": 3}),
        ({"cell": "ssru", "attention": "dot", "attention_heads": 2, "layer_norm": True}, {}),
    ],
    ids=str,
)
@pytest.mark.parametrize("name", ["int8", "mixed", "int4"])
def test_every_kind_of_model(options, search, name, trained, tmp_path):
    """All signatures of a model of random weights, checked as every new file is."""
    source, target = trained.source_tokenizer, trained.target_tokenizer
    sizes = source.vocabulary_size, target.vocabulary_size
    seq2seq = Seq2Seq.from_options(*sizes, units=32, embedding_dim=40, **options)
    model = TextSeq2Seq(seq2seq, source, target, max_source_length=24, max_target_length=20)
    signatures = ("translate", "decode_step", "beam", "score")
    path = export.tflite(
        model, tmp_path / "m.tflite", sample=SOURCES, signatures=signatures, quantize=name, **search
    )
    manifest = json.loads(open(f"{path}.json", encoding="utf-8").read())
    assert manifest["quantization"] == {"format": name}
    assert len(manifest["signatures"]) == 5


# === What cannot be ===


def test_wrong_wishes_are_refused(trained, tmp_path):
    file = tmp_path / "model.tflite"
    with pytest.raises(ValueError, match="no format 'int9': .*Did you mean 'int8'"):
        export.tflite(trained, file, quantize="int9")
    with pytest.raises(ValueError, match="judged by 'exact'.*Did you mean 'exact_match'"):
        export.tflite(trained, file, judge_by="exact")
    with pytest.raises(ValueError, match=r"give validation=\(sources, references\)"):
        export.tflite(trained, file, quantize="auto")
    with pytest.raises(ValueError, match="as many sources as references"):
        export.tflite(trained, file, quantize="int8", validation=(["a"], []))
    with pytest.raises(ValueError, match="is for files of ids"):
        export.tflite(trained, file, quantize="int8", text=True)
    assert not list(tmp_path.iterdir())


def test_a_missing_quantizer_is_named(made, size, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "litert_quantizer", None)
    with pytest.raises(ExportError, match=r"pip install 'keras-seq2seq\[device\]'"):
        with_integer_weights(made[0]["none"], "int4", size)


def test_a_model_without_large_weights_is_refused(made):
    model = read_flat(made[0]["none"])
    for graph in model.subgraphs:
        for tensor in graph.tensors:
            tensor.shape = np.array([1], "int32")
    with pytest.raises(ExportError, match="int8 would change nothing"):
        check_weights(made[0]["none"], write_flat(model), "int8", 1)


# === Flat files ===


def test_equal_vectors_are_written_once_and_constants_are_aligned(made):
    for content in made[0].values():
        assert slim(content) == content
        model = schema.Model.GetRootAsModel(content, 0)
        found = {}
        for buffer in map(model.Buffers, range(model.BuffersLength())):
            if not buffer.DataIsNone():
                start = buffer._tab.Vector(buffer._tab.Offset(4))
                assert start % 16 == 0
                assert found.setdefault(bytes(buffer.DataAsNumpy()), start) == start


@WITH_QUANTIZER
def test_weights_that_were_learnt_rounded_stay_what_they_are(made, size):
    model = read_flat(made[0]["none"])
    for weight in {w.buffer: w for w in weights_of(model, size)}.values():
        buffer = model.buffers[weight.buffer]
        rows = buffer.data.view("float32").reshape(weight.shape)
        scale = np.abs(rows).max(axis=1, keepdims=True) / 7
        buffer.data = (np.rint(rows / scale) * scale).astype("float32").view("uint8").reshape(-1)
    int4 = read_flat(with_integer_weights(write_flat(model), "int4", size))
    for floats, integers in zip(model.subgraphs, int4.subgraphs, strict=True):
        pairs = zip(weights_in(model, floats), weights_in(int4, integers), strict=True)
        for (*_, before), (*_, after) in pairs:
            rows = model.buffers[before.buffer].data.view("float32").reshape(before.shape)
            bytes_ = int4.buffers[after.buffer].data.view("int8")
            steps = np.stack([bytes_ << 4, bytes_], axis=-1).reshape(-1) >> 4  # the lower first
            found = steps[: rows.size].reshape(rows.shape) * after.quantization.scale[:, None]
            np.testing.assert_allclose(found, rows, atol=1e-5)


@WITH_QUANTIZER
def test_a_row_of_scales_costs_its_zero_points_once(made, size):
    model = read_flat(made[0]["int4"])
    longest = max(
        len(tensor.quantization.scale)
        for graph in model.subgraphs
        for tensor in graph.tensors
        if tensor.quantization is not None
    )
    zeros = np.zeros(longest, "int64").tobytes()
    assert made[0]["int4"].count(zeros) == 1
