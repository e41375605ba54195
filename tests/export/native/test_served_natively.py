"""What a server's session does with an exported model, in a process without Python."""

import numpy as np
import pytest
from serving_versions import hostile_texts

from keras_seq2seq import export
from keras_seq2seq.export.native.agreement import Exchange, exchanges
from keras_seq2seq.export.native.native_error import NativeError
from keras_seq2seq.export.native.native_session import NativeSession
from keras_seq2seq.export.native.program import find_compiler

pytestmark = pytest.mark.skipif(
    find_compiler() is None, reason="needs a C compiler: apt-get install gcc libc6-dev"
)
WRONG_RANKS = {"[2,3]": [["a", "b", "c"], ["d", "e", "f"]], "[]": "a"}


@pytest.fixture(scope="module")
def session(served):
    with NativeSession(served) as session:
        yield session


def test_greedy_search_is_that_of_the_session_in_python(served, session, learnt):
    artefact = export.open_artefact(served)
    texts = [source for source, _ in learnt] + ["", "\0", "모르는 말 😀", "책 " * 100]
    found = session.run("serving_default", text=texts)
    expected = artefact.run("serving_default", text=np.array([t.encode() for t in texts], object))
    assert not Exchange("serving_default", {}, expected).difference(_Answers(found))


def test_a_text_of_another_rank_is_an_error_of_its_own(session):
    for shape, text in WRONG_RANKS.items():
        with pytest.raises(NativeError) as error:
            session.run("serving_default", ["text"], text=text)
        assert error.value.name == "INVALID_ARGUMENT" and shape in error.value.message


@pytest.mark.slow
def test_every_signature_answers_as_in_python(served, session, learnt):
    texts = [source for source, _ in learnt] + hostile_texts(100)
    count = 0
    for exchange in exchanges(export.open_artefact(served), texts):
        assert exchange.difference(session) == ""
        count += 1
    assert count == len(session.signatures) * -(-len(texts) // 32)


@pytest.mark.slow
def test_every_signature_refuses_other_ranks(served, session):
    manifest = export.open_artefact(served, to_run=False).manifest["signatures"]
    for name, tensors in manifest.items():
        if not {"text", "source"} & tensors["inputs"].keys():
            continue
        for text in WRONG_RANKS.values():
            inputs = {
                key: text if about["dtype"] == "string" else np.ones(1, about["dtype"])
                for key, about in tensors["inputs"].items()
            }
            with pytest.raises(NativeError, match="INVALID_ARGUMENT"):
                session.run(name, **inputs)


@pytest.mark.slow
def test_requests_at_once_do_not_disturb_one_another(served, session, learnt):
    artefact = export.open_artefact(served)
    texts = [source for source, _ in learnt] + hostile_texts(24)
    recorded = list(exchanges(artefact, texts, batch_size=4))
    report = session.load(
        [(exchange.signature, exchange.inputs) for exchange in recorded],
        threads=8,
        runs=3 * len(recorded),
        expected=[exchange.outputs for exchange in recorded],
        tolerance=1e-3,
    )
    assert (report.first, report.errors, report.wrong) == ("", 0, 0)


class _Answers:
    """Gives what it was given."""

    def __init__(self, outputs):
        self.outputs = outputs

    def run(self, signature, **inputs):
        return self.outputs
