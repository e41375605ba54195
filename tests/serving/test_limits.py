"""What is refused before it costs memory or time, and what is told but once."""

import logging
import socket
from types import SimpleNamespace
from unittest import mock

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.framework.tensor_pb2 import TensorProto

from keras_seq2seq.cli.export_command import inspect
from keras_seq2seq.export.kit.server_files import BATCHING_OF_VERSION
from keras_seq2seq.serving import ServingError
from keras_seq2seq.serving.metrics import Metrics
from keras_seq2seq.serving.model_server import _listen
from keras_seq2seq.serving.rest.json_inputs import read_inputs
from keras_seq2seq.serving.rpc.tensors import read_tensor
from keras_seq2seq.serving.versions.model_directories import versions_in
from keras_seq2seq.serving.versions.row_limit import DEFAULT, row_limit
from keras_seq2seq.serving.versions.servable import Servable
from keras_seq2seq.serving.versions.served_model import UNCHECKED, ServedModel

TOO_MANY = "INVALID_ARGUMENT: Task size {} is larger than maximum input batch size 4"
NO_TENSOR = "INVALID_ARGUMENT: tensor parsing error: x"


def tensor(shape, dtype=tf.string, **values):
    message = TensorProto(dtype=getattr(dtype, "as_datatype_enum", dtype), **values)
    for size in shape:
        message.tensor_shape.dim.add(size=size)
    return message


@pytest.mark.parametrize(
    ("message", "error"),
    [
        (tensor([2 * 10**6], string_val=[b"a"]), TOO_MANY.format(2 * 10**6)),
        (tensor([2**62, 0]), TOO_MANY.format(2**62)),
        (tensor([5], string_val=[b"a"] * 5), TOO_MANY.format(5)),
        (tensor([1, 2**28], string_val=[b"a"]), NO_TENSOR),
        (tensor([-1], string_val=[b"a"]), NO_TENSOR),
        (tensor([1], 20), NO_TENSOR),
        (tensor([1], 21), NO_TENSOR),
        (tensor([1], 999), NO_TENSOR),
    ],
    ids=range(8),
)
def test_a_small_message_makes_no_large_array(message, error):
    refused = mock.Mock(side_effect=AssertionError("an array was made"))
    if message.dtype == tf.string:
        with mock.patch.object(tf, "make_ndarray", refused), pytest.raises(ServingError) as found:
            read_tensor("x", message, 4)
    else:
        with pytest.raises(ServingError) as found:
            read_tensor("x", message, 4)
    assert str(found.value) == error


def test_as_many_rows_as_may_be_are_read():
    assert read_tensor("x", tensor([4], string_val=[b"a"]), 4).tolist() == [b"a"] * 4
    types = {"text": tf.string}
    for document in ({"instances": ["a"] * 4}, {"inputs": ["a"] * 4}, {"inputs": "a"}):
        read_inputs(document, types, 4)
    for rows in ({"instances": ["a"] * 5}, {"inputs": ["a"] * 5}, {"inputs": {"text": ["a"] * 5}}):
        with pytest.raises(ServingError) as error:
            read_inputs(rows, types, 4)
        assert str(error.value) == TOO_MANY.format(5)


def test_the_limit_is_what_the_version_says(tmp_path):
    assert row_limit(tmp_path) == DEFAULT == 1024
    file = tmp_path / "batching_params.pbtxt"
    for text, expected in (
        (BATCHING_OF_VERSION, 32),
        ("max_batch_size: {\n  value: 7\n}", 7),
        ("# max_batch_size { value: 8 }\nmax_batch_size { value: 9 }", 9),
        ("max_batch_size { value: 0 }", DEFAULT),
        ("", DEFAULT),
    ):
        file.write_text(text)
        assert row_limit(tmp_path) == expected


def test_numbers_that_no_reply_can_hold_are_no_versions(tmp_path):
    for name in ("7", str(2**63), "²"):
        (tmp_path / name).mkdir()
    assert versions_in(tmp_path) == {7: tmp_path / "7"}


@pytest.fixture(scope="module")
def servable(typed):
    servable = Servable(typed / "3")
    yield servable
    servable.close()


def test_a_wrong_rank_is_prepared_but_once(servable):
    session = servable._session
    make = mock.Mock(wraps=session._make_callable_from_options)
    with mock.patch.object(session, "_make_callable_from_options", make):
        for _ in range(3):
            with pytest.raises(ServingError, match="Shape of tensor"):
                servable.predict("serving_default", {"text": np.array([[b"a"]], object)})
    assert make.call_count == 1


def test_a_signature_that_gives_nothing_is_refused(servable):
    with pytest.raises(ServingError, match="^INVALID_ARGUMENT: Node 'NoOp' does not have output 0"):
        servable.predict("__saved_model_init_op", {})


def test_a_vanished_base_is_told_once(caplog):
    messages = ["a", "a", "b", None, "b"]

    def find():
        message = messages.pop(0)
        if message:
            raise OSError(message)
        return {}

    model = ServedModel("model", find, Metrics())
    while messages:
        model.poll()
    assert [record.getMessage()[-1] for record in caplog.records] == ["a", "b", "b"]


def test_a_version_without_a_manifest_is_told(typed, caplog):
    caplog.set_level(logging.INFO, "keras_seq2seq.serving")
    made = []

    def load(checked):
        return lambda directory, most_rows: (
            made.append(most_rows) or SimpleNamespace(checked=checked, close=lambda: None)
        )

    for checked, expected in ((False, {3}), (True, set())):
        caplog.clear()
        model = ServedModel("typed", lambda: {3: typed / "3"}, Metrics(), False, 5)
        with mock.patch(f"{ServedModel.__module__}.Servable", load(checked)):
            model.poll()
            model.poll()
        assert model.unchecked() == expected
        assert caplog.text.count(UNCHECKED) == len(expected)
    assert made == [5, 5]


def test_inspect_tells_of_a_version_without_a_manifest(typed, capsys):
    inspect(typed, as_json=True)
    assert capsys.readouterr().err == f"{typed / '3'}: {UNCHECKED}\n"


def test_a_host_that_there_is_not_is_named():
    unknown = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    with mock.patch.object(socket, "getaddrinfo", side_effect=unknown):
        with pytest.raises(OSError, match="^--host nope.example: Name or service not known.$"):
            _listen("nope.example", 8501, "--rest-port")
    with pytest.raises(OSError, match=r"^--host a\.\.b: "):
        _listen("a..b", 8501, "--rest-port")
    with pytest.raises(OSError, match="^--host 192.0.2.1: "):
        _listen("192.0.2.1", 0, "--rest-port")
