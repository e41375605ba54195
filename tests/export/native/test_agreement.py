"""What a difference between two sessions looks like; no session is needed for that."""

import contextlib
import re

import numpy as np
import pytest

from keras_seq2seq.export.export_error import ExportError
from keras_seq2seq.export.native import proof
from keras_seq2seq.export.native.agreement import Exchange, exchanges, same
from keras_seq2seq.export.native.native_error import NativeError


class Echo:
    """Answers with its inputs, and counts what it was asked."""

    manifest = {
        "signatures": {
            "decode_step": {"inputs": {"ids": {}, "state_0": {}}},
            "encode": {"inputs": {"text": {}}},
            "sample": {"inputs": {"text": {}, "temperature": {}, "seed": {}}},
            "score": {"inputs": {"source": {}, "target": {}}},
            "serving_default": {"inputs": {"text": {}}},
        }
    }

    def __init__(self, change=None):
        self.change, self.asked = change or {}, []

    def run(self, signature, **inputs):
        self.asked.append(signature)
        state = {"state_0": np.arange(3.0)} if signature == "encode" else {}
        return {**inputs, **state, **self.change}


def test_every_signature_is_asked_and_steps_follow_what_encode_gave():
    echo = Echo()
    found = list(exchanges(echo, ["a", b"\xff", "\ud800"], batch_size=3))
    assert [exchange.signature for exchange in found] == [
        *("encode", "sample", "score", "serving_default", "decode_step")
    ]
    by_name = {exchange.signature: exchange.inputs for exchange in found}
    assert by_name["encode"]["text"].tolist() == [b"a", b"\xff", b"?"]
    assert by_name["score"]["target"].tolist() == [b"?", b"a", b"\xff"]
    assert by_name["decode_step"]["state_0"].tolist() == [0, 1, 2]
    assert by_name["decode_step"]["ids"].shape == (3,)
    assert by_name["sample"]["temperature"].dtype == np.float32
    assert len(list(exchanges(echo, ["a"] * 5, batch_size=2))) == 15
    assert all(exchange.difference(echo) == "" for exchange in found)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ({"text": np.array([b"a", b"c"], object)}, "text is b'c', not b'b'"),
        ({"text": np.array([b"a"], object)}, r"text is object \(1,\), not object \(2,\)"),
        ({"more": np.zeros(2)}, r"outputs \['more', 'text'\], not \['text'\]"),
    ],
)
def test_a_difference_says_what_was_sent(answer, says):
    inputs = {"text": np.array([b"a", b"b"], object)}
    difference = Exchange("name", inputs, inputs).difference(Echo(answer))
    assert difference.startswith("name") and re.search(says, difference)


def test_floats_may_be_rounded_and_nothing_else():
    assert same(np.float32(1.0), np.float32(1.0005)) and same(np.nan, np.nan)
    assert not same(np.float32(1.0), np.float32(1.01)) and not same(3, 4)
    assert not same(np.array([b"a"], object), np.array([b"b"], object))


def test_what_an_export_proves_is_named(monkeypatch):
    monkeypatch.setattr(proof, "find_compiler", lambda: "/usr/bin/cc")
    session, native = proof.proven_in(natively=True)
    assert native == session.replace("(session)", "(native session)")
    monkeypatch.setattr(proof, "find_compiler", lambda: None)
    assert proof.proven_in(natively=True) == proof.proven_in(natively=False) == [session]
    proof.prove(Echo(), ["a"])  # nothing can be shown, nothing is asked


def test_a_proof_fails_where_answers_differ_or_there_is_none(monkeypatch):
    @contextlib.contextmanager
    def session(path):
        yield Echo({"text": np.array([b"b"], object)})

    def refuses(path):
        raise NativeError(5, "Op type not registered")

    monkeypatch.setattr(proof, "find_compiler", lambda: "/usr/bin/cc")
    monkeypatch.setattr(proof, "NativeSession", session)
    artefact = Echo()
    artefact.path = "served/1"
    artefact.manifest = {"signatures": {"serving_default": {"inputs": {"text": {}}}}}
    proof.prove(artefact, ["b"])
    with pytest.raises(ExportError, match="does not answer as its session in Python does. .* not"):
        proof.prove(artefact, ["a"])
    monkeypatch.setattr(proof, "NativeSession", refuses)
    with pytest.raises(ExportError, match="Servers cannot run .*: NOT_FOUND: Op type"):
        proof.prove(artefact, ["a"])
