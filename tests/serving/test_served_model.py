"""A model of this library says the same by REST, by gRPC and without a server."""

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2

from keras_seq2seq.export.checks.batches import request_rows


def plain(array):
    """An array as JSON has it."""
    return np.vectorize(bytes.decode, otypes=[object])(array) if array.dtype == object else array


QUICK = {"serving_default", "tokenize", "detokenize"}  # their graphs are soon made ready


@pytest.mark.parametrize("every", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_signatures_answer_by_both_protocols(serving, served, learnt, every):
    client = serving(served, warmed_up=every)
    texts = [source for source, _ in learnt[:3]]
    with client.server.core.models.get(served.name).lease() as (_, servable):
        signatures = {
            name: {key: request_rows(key, texts) for key in signature.inputs}
            for name, signature in servable.signatures.items()
            if not name.startswith("__") and (every or name in QUICK)
        }
        answers = {name: servable.predict(name, rows) for name, rows in signatures.items()}
    assert answers["serving_default"]["text"].tolist() == [t.encode() for _, t in learnt[:3]]
    for name, inputs in signatures.items():
        columns = {key: plain(rows).tolist() for key, rows in inputs.items()}
        body = {"signature_name": name, "inputs": columns}
        code, reply = client.predict(served.name, body)
        assert code == 200, reply
        request = predict_pb2.PredictRequest()
        request.model_spec.name, request.model_spec.signature_name = served.name, name
        for key, rows in inputs.items():
            request.inputs[key].CopyFrom(tf.make_tensor_proto(rows))
        outputs = client.predictions.Predict(request).outputs
        expected = answers[name]
        named = reply["outputs"] if len(expected) > 1 else dict.fromkeys(expected, reply["outputs"])
        assert named.keys() == outputs.keys() == expected.keys()
        for key, values in expected.items():
            for other in (np.array(named[key]), plain(tf.make_ndarray(outputs[key]))):
                assert other.shape == values.shape
                if values.dtype.kind == "f":
                    assert other == pytest.approx(values, rel=1e-4, abs=1e-4)
                else:
                    assert np.array_equal(other, plain(values))
