"""A model of this library, asked by REST and gRPC, answers as its SavedModel does."""

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2

from keras_seq2seq.export.checks.batches import request_rows
from keras_seq2seq.export.saved_model_artefact import SavedModelArtefact


def plain(array):
    """An array as JSON has it."""
    return np.vectorize(bytes.decode, otypes=[object])(array) if array.dtype == object else array


def test_all_signatures_answer_as_the_savedmodel(serving, served, learnt):
    client, artefact = serving(served), SavedModelArtefact(served)
    texts = [source for source, _ in learnt[:3]]
    for name, (names, _) in artefact.signatures.items():
        inputs = {key: request_rows(key, texts) for key in names}
        expected = artefact.run(name, **inputs)
        columns = {key: plain(rows).tolist() for key, rows in inputs.items()}
        body = {"signature_name": name, "inputs": columns}
        code, reply = client.predict(served.name, body)
        assert code == 200 and reply["outputs"].keys() == expected.keys() or len(expected) == 1
        request = predict_pb2.PredictRequest()
        request.model_spec.name, request.model_spec.signature_name = served.name, name
        for key, rows in inputs.items():
            request.inputs[key].CopyFrom(tf.make_tensor_proto(rows))
        outputs = client.predictions.Predict(request).outputs
        for key, values in expected.items():
            found = reply["outputs"] if len(expected) == 1 else reply["outputs"][key]
            for other in (np.array(found), plain(tf.make_ndarray(outputs[key]))):
                assert other.shape == values.shape
                if values.dtype.kind == "f":
                    assert other == pytest.approx(values, rel=1e-4, abs=1e-4)
                else:
                    assert np.array_equal(other, plain(values))
