import json
import shutil

import numpy as np
import pytest
import tensorflow as tf
from contracts import few_at_first
from learnt_pairs import PAIRS

from keras_seq2seq import Seq2Seq, TextSeq2Seq, export
from keras_seq2seq.text import ByteTokenizer, CharacterTokenizer

SOURCES = [source for source, _ in PAIRS]
TEXTS = [*SOURCES, "", " \t", "모르는 말 hello 😀", "책 " * 100]


@pytest.fixture(scope="module")
def base(served, tmp_path_factory):
    """A copy of `served` that this file may write to."""
    return shutil.copytree(served, tmp_path_factory.mktemp("served") / "base")


def test_does_what_the_model_does(base, trained):
    artefact = export.open_artefact(base)
    for batch_size in (1, 5, 64):
        result = artefact.generate(TEXTS, batch_size)
        outputs, scores = trained.generate(TEXTS, return_scores=True)
        assert result.texts == outputs
        np.testing.assert_allclose(result.scores, scores, atol=1e-4)


def test_signature_is_what_a_server_wants(base):
    """One string input [B]; outputs with the batch axis alone, so that requests can be joined."""
    session = tf.compat.v1.Session(graph=tf.Graph())
    with session.graph.as_default():
        meta = tf.compat.v1.saved_model.loader.load(session, ["serve"], str(base / "1"))
    signature = meta.signature_def["serving_default"]
    assert {k: v.dtype for k, v in signature.inputs.items()} == {"text": tf.string}
    assert {k: v.dtype for k, v in signature.outputs.items()} == {
        "text": tf.string,
        "score": tf.float32,
        "length": tf.int32,
        "truncated": tf.bool,
        "finished": tf.bool,
    }
    for info in [*signature.inputs.values(), *signature.outputs.values()]:
        assert [dim.size for dim in info.tensor_shape.dim] == [-1]


def test_broken_utf8_gives_valid_utf8(base):
    artefact = export.open_artefact(base)
    result = artefact.run("serving_default", text=np.array([b"\xff\xfe", b"abc\x80"], object))
    for text in result["text"]:
        text.decode("utf-8")


@pytest.fixture
def tiny():
    """The least that can be exported: no signature for beams, a few bytes."""
    bytes_ = ByteTokenizer()
    size = bytes_.vocabulary_size
    seq2seq = Seq2Seq.from_options(size, size, units=4, embedding_dim=4, attention=None)
    return TextSeq2Seq(seq2seq, bytes_, bytes_, max_source_length=8, max_target_length=4)


def test_versions_count_up_and_nothing_else_is_left(served, tiny, tmp_path):
    base = shutil.copytree(served, tmp_path / "base")
    written = export.saved_model(tiny, base, sample=SOURCES[:2], beam_size=1)
    assert written.name == str(max(int(p.name) for p in base.iterdir()))
    assert all(p.name.isdigit() for p in base.iterdir())
    assert export.open_artefact(base).path == str(written)


def test_weights_are_stored_once(base, trained):
    names = tf.train.list_variables(str(base / "1" / "variables" / "variables"))
    stored = sum(int(np.prod(shape)) for name, shape in names if name.endswith("VARIABLE_VALUE"))
    assert stored == trained.seq2seq.count_params()


def test_the_manifest_tells_limits_and_versions(base):
    manifest = json.loads((base / "1" / "assets.extra" / "keras_seq2seq.json").read_text())
    assert manifest["max_source_length"] == 24
    assert manifest["tensorflow"] == tf.__version__
    assert export.open_artefact(base / "1").describe()["eos_id"] == 3


@pytest.mark.parametrize("name", few_at_first(1, ["detokenize", "serving_default", "sample"]))
def test_a_difference_removes_the_artefact_and_fails(name, tiny, tmp_path, monkeypatch):
    from keras_seq2seq.export import saved_model_artefact

    def lie(self, signature, *args, **inputs):
        result = honest(self, signature, *args, **inputs)
        if signature == name and "text" in result:
            result["text"].flat[-1] += b"!"
        return result

    honest = saved_model_artefact.SavedModelArtefact.run
    monkeypatch.setattr(saved_model_artefact.SavedModelArtefact, "run", lie)
    with pytest.raises(export.ExportError, match="does not do what the model does"):
        export.saved_model(tiny, tmp_path / "served", sample=SOURCES, beam_size=1)
    assert list((tmp_path / "served").iterdir()) == []


@pytest.mark.parametrize("policy", few_at_first(1, ["mixed_bfloat16", "mixed_float16"]))
def test_a_model_of_mixed_precision_is_served_in_float32(policy, tmp_path):
    bytes_ = ByteTokenizer()
    characters = CharacterTokenizer.learn(SOURCES, 60)
    sizes = (characters.vocabulary_size, bytes_.vocabulary_size)
    seq2seq = Seq2Seq.from_options(
        *sizes, units=8, embedding_dim=8, cell="gru", attention=None, dtype=policy
    )
    model = TextSeq2Seq(seq2seq, characters, bytes_, max_source_length=16, max_target_length=8)
    twin = model.copy(dtype="float32")
    written = export.saved_model(model, tmp_path / "served", beam_size=1)

    artefact = export.open_artefact(written)
    graph = artefact.session.graph.as_graph_def()
    nodes = [*graph.node, *(n for f in graph.library.function for n in f.node_def)]
    assert not {n.op for n in nodes if "udnn" in n.op}
    half = {n.name for n in nodes if n.attr["T"].type in (tf.float16, tf.bfloat16)}
    assert not half
    assert artefact.generate(SOURCES).texts == twin.generate(SOURCES)


def test_a_file_in_the_way_is_an_error(trained, tmp_path):
    (tmp_path / "served").write_text("")
    with pytest.raises(export.ExportError, match="is a file"):
        export.saved_model(trained, tmp_path / "served")


# === Searches whose options come with the request ===


@pytest.fixture(scope="module")
def searches(trained, tmp_path_factory):
    directory = tmp_path_factory.mktemp("searches")
    inputs = ("length_penalty", "coverage_penalty", "min_length", "max_length")
    options = {"beam_size": 3, "num_return": 2, "beam_inputs": inputs}
    export.saved_model(trained, directory, sample=TEXTS, **options)
    return export.open_artefact(directory)


def test_options_are_data_and_differ_from_row_to_row(searches, trained):
    count = len(TEXTS)
    options = {
        "length_penalty": np.linspace(0, 1.5, count),
        "coverage_penalty": np.linspace(0, 0.4, count),
        "min_length": np.arange(count) % 3,
        "max_length": 2 + np.arange(count) % 7,
    }
    result = searches.generate(TEXTS, batch_size=5, beam_size=3, num_return=2, **options)
    outputs, scores = trained.generate(
        TEXTS, return_scores=True, beam_size=3, num_return=2, **options
    )
    assert result.texts == [row[0] for row in outputs]
    np.testing.assert_allclose(result.scores, [row[0] for row in scores], atol=1e-4)


def test_the_signatures_are_what_a_server_wants(searches):
    """Every input has the batch axis alone, every output too, or a fixed number of results."""
    session = tf.compat.v1.Session(graph=tf.Graph())
    with session.graph.as_default():
        meta = tf.compat.v1.saved_model.loader.load(session, ["serve"], searches.path)
    widths = {"beam": [2], "beam_options": [2]}
    for name in ("serving_default", "beam", "beam_options", "sample", "score"):
        signature = meta.signature_def[name]
        shapes = [[d.size for d in i.tensor_shape.dim] for i in signature.inputs.values()]
        assert shapes == [[-1]] * len(shapes)
        for output, info in signature.outputs.items():
            width = [] if output == "truncated" else widths.get(name, [])
            assert [d.size for d in info.tensor_shape.dim] == [-1, *width]


def test_joined_requests_get_what_they_get_alone(searches):
    rows = {"length_penalty": [0.0, 1.0, 0.5], "coverage_penalty": [0.0, 0.2, 0.0]}
    rows.update(min_length=[0, 4, 0], max_length=[20, 20, 3])
    texts = np.array([text.encode() for text in SOURCES[:3]], object)
    together = searches.run("beam_options", text=texts, **rows)
    for i in range(3):
        alone = searches.run(
            "beam_options", text=texts[i : i + 1], **{k: [v[i]] for k, v in rows.items()}
        )
        assert alone["text"][0].tolist() == together["text"][i].tolist()
        np.testing.assert_allclose(alone["score"][0], together["score"][i], atol=1e-4)


def test_odd_requests_spoil_nothing(searches):
    """A request with numbers out of all bounds gets a result, and its batch-mates their own."""
    texts = np.array([text.encode() for text in SOURCES[:4]], object)
    odd = {
        "beam_options": {
            "length_penalty": [np.nan, np.inf, -np.inf],
            "coverage_penalty": [np.nan, 1e30, -5.0],
            "min_length": [10, 2**31 - 1, -7],
            "max_length": [5, 3, -1],
        },
        "sample": {
            "seed": [-(2**31), 2**31 - 1, 0],
            "temperature": [np.nan, 0.0, -np.inf],
            "top_k": [-1, -(2**31), 2**31 - 1],
            "top_p": [np.nan, 1.5, -0.5],
            "max_length": [20, 20, 20],
        },
    }
    usual = {"length_penalty": 1.0, "coverage_penalty": 0.0, "min_length": 2, "max_length": 20}
    usual |= {"seed": 3, "temperature": 1.1, "top_k": 9, "top_p": 0.9}
    for name, rows in odd.items():
        alone = searches.run(name, text=texts[3:], **{key: [usual[key]] for key in rows})
        mixed = searches.run(name, text=texts, **{k: [*v, usual[k]] for k, v in rows.items()})
        np.testing.assert_array_equal(mixed["text"][3], alone["text"][0])
        np.testing.assert_allclose(mixed["score"][3], alone["score"][0], atol=1e-4)
        assert np.isfinite(mixed["score"]).all()
        if name == "beam_options":  # the greatest length wins; -1 is none
            first = np.reshape(mixed["length"], (4, -1))[:, 0]
            assert (first[:2] == [5, 3]).all() and 0 < first[2] < 20
        else:  # 0 and below take the most probable
            greedy = searches.run("serving_default", text=texts[1:3])
            assert mixed["text"][1:3].tolist() == greedy["text"].tolist()


def test_contradicting_options_name_the_source(searches):
    options = {"beam_size": 3, "num_return": 2, "min_length": 4, "max_length": [9, 3]}
    with pytest.raises(ValueError, match="source 2: min_length asks for at least 4 .* allows 3"):
        searches.generate(SOURCES[:2], **options)


@pytest.mark.parametrize("limit", [1000, [3] * (len(SOURCES) - 1) + [1000]])
def test_more_tokens_than_the_model_writes_are_refused_as_by_the_model(searches, trained, limit):
    most = trained.max_target_length
    said = rf"max_length=.*1000.* is above the model's max_target_length of {most}"
    least = "min_length asks for at least 1000 tokens, but the model's max_target_length allows"
    options = {"beam_size": 3, "num_return": 2}
    for model in (trained, searches):
        with pytest.raises(ValueError, match=said):
            model.generate(SOURCES, max_length=limit, **options)
        with pytest.raises(ValueError, match=least):
            model.generate(SOURCES, min_length=1000, **options)
    assert searches.generate(SOURCES, max_length=most, **options).texts


def test_scores_that_are_no_numbers_are_told(base, monkeypatch):
    artefact = export.open_artefact(base)
    found = {"text": np.array([b""]), "length": np.array([0]), "score": np.array([np.nan])}
    monkeypatch.setattr(artefact, "run", lambda *_, **__: found)
    with pytest.raises(ValueError, match="weights hold NaN or infinity"):
        artefact.generate(SOURCES[:1])


def test_samples_are_repeatable_and_scores_are_those_of_the_model(searches, trained):
    options = {"sampling": True, "seed": 5, "temperature": 1.4, "top_k": 20, "top_p": 0.95}
    assert searches.generate(TEXTS, **options).texts == trained.generate(TEXTS, **options)
    targets = [target for _, target in PAIRS]
    found = searches.score(SOURCES, targets, batch_size=3)
    np.testing.assert_allclose(found, trained.score(SOURCES, targets), atol=1e-3)


@pytest.mark.slow
def test_beams_without_a_length_penalty_of_the_request_have_that_of_the_model(trained, tmp_path):
    model, random = trained.copy(), np.random.default_rng(1)  # unsure: the penalty decides
    noisy = [w + random.normal(0, 0.2, w.shape) for w in model.seq2seq.get_weights()]
    model.seq2seq.set_weights(noisy)
    expected = model.generate(TEXTS, beam_size=4)
    assert expected != model.generate(TEXTS, beam_size=4, length_penalty=0.0)
    export.saved_model(model, tmp_path, sample=TEXTS, beam_inputs=("max_length",))
    artefact = export.open_artefact(tmp_path)
    assert artefact.generate(TEXTS, beam_size=4).texts == expected
    assert artefact.generate(TEXTS, beam_size=4, length_penalty=1.0).texts == expected
    with pytest.raises(export.ExportError, match="no option length_penalty=0.0"):
        artefact.generate(TEXTS, beam_size=4, length_penalty=0.0)


def test_what_was_not_exported_is_refused_by_name(searches, base):
    has = "no option beam_size=5; what it has is beam_size=3"
    with pytest.raises(export.ExportError, match=has):
        searches.generate(TEXTS, beam_size=5)
    with pytest.raises(export.ExportError, match="no option no_repeat_ngram=2"):
        searches.generate(TEXTS, beam_size=3, num_return=2, no_repeat_ngram=2)
    assert export.open_artefact(base).generate(TEXTS, beam_size=4).texts
    with pytest.raises(export.ExportError, match="does not search greedily, as max_length"):
        searches.generate(TEXTS, max_length=5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"beam_inputs": ("length_penelty",)}, "Did you mean 'length_penalty'"),
        ({"beam_inputs": ("temperature",)}, "temperature is for sampling"),
        ({"num_return": 9}, "need a beam_size of at least as many"),
        ({"beam_size": 1, "num_return": 4}, "need a beam_size of at least as many"),
        ({"beam_size": 0, "num_return": 4}, "need a beam_size of at least as many"),
        ({"beam_size": 1, "beam_inputs": ("min_length",)}, "beam_inputs are of the signature"),
    ],
)
def test_wrong_searches_are_refused_before_anything_is_written(trained, tmp_path, options, message):
    with pytest.raises(ValueError, match=message):
        export.saved_model(trained, tmp_path / "served", **options)
    assert not (tmp_path / "served").exists()


@pytest.mark.slow
def test_without_beams_there_is_no_such_signature(trained, tmp_path):
    export.saved_model(trained, tmp_path, sample=SOURCES[:2], beam_size=1)
    with pytest.raises(export.ExportError, match="no signature `beam`"):
        export.open_artefact(tmp_path).generate(SOURCES, beam_size=4)


def test_a_shortlist_is_exported_where_it_is_asked_for(trained, tmp_path):
    from keras_seq2seq.text_models import learn_shortlist

    fast = learn_shortlist(
        trained, SOURCES, [target for _, target in PAIRS], candidates=4, always=12, size=30
    )
    # The check of the export compares both with `generate(..., shortlist=True)`.
    written = export.saved_model(fast, tmp_path / "served", SOURCES, steps=True, shortlist=True)
    artefact = export.open_artefact(written)
    assert artefact.describe()["shortlist"] is True
    texts = artefact.generate(SOURCES)[0]
    assert texts == fast.generate(SOURCES, shortlist=True) != fast.generate(SOURCES)
    assert artefact.generate(SOURCES, shortlist=True).texts == texts  # it is built in
    with pytest.raises(export.ExportError, match="learn_shortlist"):
        export.saved_model(trained, tmp_path / "other", shortlist=True)
    with pytest.raises(export.ExportError, match="knows no shortlist"):
        export.tflite(fast, tmp_path / "model.tflite", shortlist=True)
