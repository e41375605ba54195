"""What requests to each signature give, beside what every export compares with the model itself."""

import numpy as np
import pytest
import tensorflow as tf
from learnt_pairs import PAIRS

from keras_seq2seq import export
from keras_seq2seq.export.checks import batches, operators
from keras_seq2seq.export.checks.served import check_level

SOURCES, TARGETS = map(list, zip(*PAIRS, strict=True))
S, T = 24, 20  # the limits of `trained`
ALL = {
    *("serving_default", "beam", "beam_options", "sample", "details", "score"),
    *("tokenize", "detokenize"),
}


@pytest.fixture(scope="module")
def artefact(served):
    return export.open_artefact(served)


def strings(texts):
    return np.array([text.encode() for text in texts], object)


def test_the_manifest_tells_what_each_signature_takes_and_gives(artefact):
    signatures = artefact.manifest["signatures"]
    assert set(signatures) == ALL
    assert signatures["serving_default"]["inputs"] == {"text": {"dtype": "string", "shape": [-1]}}
    assert signatures["beam"]["outputs"]["ranking"] == {"dtype": "float32", "shape": [-1, 4]}
    assert signatures["details"]["outputs"]["attention"]["shape"] == [-1, T, S]
    for name, tensors in signatures.items():
        widths = [info["shape"][1:] for info in tensors["outputs"].values()]
        assert not any(-1 in width for width in widths), name


def test_details_are_those_of_the_model(artefact, trained):
    found = artefact.run("details", text=strings(SOURCES))
    for row, ours in enumerate(trained.generate(SOURCES, return_details=True)):
        many, read = len(ours.tokens), len(ours.source_tokens)
        assert found["text"][row].decode() == ours.text
        assert [token.decode() for token in found["tokens"][row, :many]] == ours.tokens
        assert found["tokens"][row, found["length"][row]] == b"</s>"
        assert not any(found["tokens"][row, many:]) and not found["token_scores"][row, many:].any()
        spans = zip(found["source_starts"][row], found["source_ends"][row], strict=True)
        assert list(spans)[:read] == ours.source_spans
        attention = found["attention"][row]
        np.testing.assert_allclose(attention[:many, :read], ours.attention, atol=1e-4)
        assert attention.sum() == pytest.approx(many, abs=1e-3)
    assert found["attention"].shape == (len(SOURCES), T, S)


def test_a_length_is_the_same_in_every_signature(artefact):
    text = strings(SOURCES)
    greedy = artefact.run("serving_default", text=text)
    assert (artefact.run("details", text=text)["length"] == greedy["length"]).all()
    judged = artefact.run("score", source=text, target=greedy["text"])
    assert (judged["length"] == greedy["length"]).all() and judged["finished"].all()
    np.testing.assert_allclose(judged["score"], greedy["score"], atol=1e-4)
    ids = artefact.run("tokenize", text=text)
    assert (ids["ids"][range(len(text)), ids["length"]] == 3).all()  # EOS


def test_what_was_cut_is_told(artefact):
    text = strings(["책 " * 100, "책이 있어요.", " "])
    for name in ("serving_default", "beam", "details", "tokenize"):
        assert artefact.run(name, text=text)["truncated"].tolist() == [True, False, False]
    options = {"seed": 0, "temperature": 1.0, "top_k": 0, "top_p": 1.0, "max_length": 2}
    short = artefact.run("sample", text=text, **{k: [v] * 3 for k, v in options.items()})
    assert short["finished"].tolist() == [False, False, True]
    assert short["length"].tolist() == [2, 2, 0]


def test_a_target_without_end_is_scored_as_far_as_the_model_writes(artefact, trained):
    long = " ".join(TARGETS)
    ids = trained.target_tokenizer.tokenize_python(long)
    cut = trained.target_tokenizer.detokenize_python(ids[:T])
    found = artefact.run("score", source=strings(SOURCES[:2]), target=strings([long, TARGETS[1]]))
    assert found["finished"].tolist() == [False, True]
    assert found["length"].tolist()[0] == T
    (whole,) = trained.score(SOURCES[:1], [cut], return_details=True)
    assert found["score"][0] == pytest.approx(sum(whole.token_scores[:T]), abs=1e-2)
    with pytest.raises(export.ExportError, match="target 2 has more than 20 tokens"):
        artefact.score(SOURCES[:2], [TARGETS[0], long])


def test_another_rank_is_refused(artefact):
    words = strings(["a", "b", "c", "d"])
    for shape in ([2, 2], []):
        text = np.reshape(words[: int(np.prod(shape))], shape)
        with pytest.raises((ValueError, tf.errors.InvalidArgumentError)):
            artefact.run("serving_default", text=text)


@pytest.mark.parametrize("name", ["score", "beam_options", "sample"])
def test_inputs_of_unlike_length_are_refused(name, artefact):
    """One row is not repeated for all: the second text would get what was meant for the first."""
    rows = {key: batches.request_rows(key, TARGETS) for key in artefact.signatures[name][0]}
    first, *others = rows
    for one, more in ((1, 2), (2, 1), (3, 2)):
        given = {first: rows[first][:one], **{key: rows[key][:more] for key in others}}
        with pytest.raises(tf.errors.InvalidArgumentError):
            artefact.run(name, **given)


@pytest.mark.slow
def test_steps_and_unknown_words(trained, tmp_path):
    """An export with them compares both with the model, on texts with words that it lacks."""
    sample = [*SOURCES, "모르는 말 hello", "퀴즈"]
    export.saved_model(trained, tmp_path, sample, steps=True, replace_unknown=True)
    artefact = export.open_artefact(tmp_path)
    assert set(artefact.manifest["signatures"]) == ALL | {"encode", "decode_step"}
    assert artefact.manifest["beam"]["num_return"] == 1


# === The checks can fail ===


def test_a_level_that_there_is_not():
    check_level("full")
    with pytest.raises(ValueError, match="Did you mean 'fast'"):
        check_level("fest")


def test_rows_that_depend_on_their_mates_are_seen(artefact, monkeypatch):
    honest = artefact.run

    def mixed(name, **inputs):
        found = honest(name, **inputs)
        if name == "score":
            found["score"] = found["score"] + len(found["score"])
        return found

    monkeypatch.setattr(artefact, "run", mixed)
    with pytest.raises(export.ExportError, match="`score` cannot be served in batches: score is"):
        batches.check_batches(artefact, SOURCES[:3])
    monkeypatch.setattr(
        artefact, "run", lambda *a, **k: {k: v[:1] for k, v in honest(*a, **k).items()}
    )
    with pytest.raises(export.ExportError, match=r"of 3 texts has the shape \[1"):
        batches.check_batches(artefact, SOURCES[:3])


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (lambda x: tf.numpy_function(lambda y: y, [x], tf.float32), "PyFunc"),
        (tf.function(lambda x: x + 1, jit_compile=True), "XLA"),
    ],
    ids=["Python", "XLA"],
)
def test_a_graph_that_a_server_cannot_run_is_refused(function, name, tmp_path):
    module = tf.Module()
    spec = [tf.TensorSpec([None], tf.float32, name="x")]
    module.serve = tf.function(lambda x: {"y": function(x)}, input_signature=spec)
    tf.saved_model.save(module, str(tmp_path), signatures={"serving_default": module.serve})
    with pytest.raises(export.ExportError, match=name):
        operators.check_operators(tmp_path)
