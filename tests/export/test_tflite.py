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
from keras_seq2seq.layers import CELLS
from keras_seq2seq.text import ByteTokenizer, CharacterTokenizer, Normalization

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
    """The plain interpreter loads it, and no operator is custom or of TensorFlow itself."""
    interpreter = Interpreter(model_path=str(file))
    interpreter.allocate_tensors()
    names = {d["op_name"] for d in interpreter._get_ops_details()}
    assert "WHILE" in names
    assert not {n for n in names if n.startswith(("Flex", "TFText")) or "CUSTOM" in n}


def test_runs_without_this_library(file, trained):
    """Interpreter and manifest are enough: ids in, ids out, ended by EOS."""
    manifest = json.loads(open(f"{file}.json", encoding="utf-8").read())
    run = Interpreter(model_path=str(file)).get_signature_runner("serving_default")
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
def test_stops_early(file, trained):
    """The encoder takes one step for each token and for EOS, the search one for each it gives."""
    interpreter = Interpreter(model_path=str(file), experimental_preserve_all_tensors=True)
    run = interpreter.get_signature_runner("serving_default")
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
    run = Interpreter(model_path=sys.argv[1]).get_signature_runner("serving_default")
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


def test_a_difference_leaves_the_old_files_and_fails(trained, tmp_path, monkeypatch):
    from keras_seq2seq.export import tflite_artefact

    old = tmp_path / "model.tflite"
    old.write_bytes(b"old")

    def lie(self, text):
        output, score, length = honest(self, text)
        return output, score - 1, length

    honest = tflite_artefact.TFLiteArtefact._ids
    monkeypatch.setattr(tflite_artefact.TFLiteArtefact, "_ids", lie)
    with pytest.raises(export.ExportError, match="other scores than the model"):
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
    monkeypatch.setattr(artefact, "run", lambda **_: found)
    with pytest.raises(ValueError, match="weights hold NaN or infinity"):
        artefact.generate(SOURCES[:1])
