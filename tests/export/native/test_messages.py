"""Messages come back as they were sent, in the form that `session.c` reads."""

import numpy as np
import pytest

from keras_seq2seq.export.native import messages
from keras_seq2seq.export.native.native_error import NativeError


@pytest.mark.parametrize(
    "rows",
    [
        np.array([b"a\0b", b"", "가😀".encode()], object),
        np.array([[b"a"], [b"b"]], object),
        np.array(b"alone", object),
        np.zeros((0, 3), np.int32),
        np.arange(6, dtype=np.int64).reshape(2, 3).T,
        np.array([1.5, np.nan, -np.inf], np.float32),
        np.array([2.5]),
        np.array([True, False]),
    ],
    ids=["strings", "column", "scalar", "empty", "transposed", "float32", "float64", "bool"],
)
def test_a_tensor_comes_back(rows):
    reply = messages.Message(messages.reply({"name": rows}))
    assert (reply.number(), reply.number()) == (0, 0)
    [(name, found)] = reply.tensors().items()
    assert name == "name" and found.dtype == rows.dtype
    np.testing.assert_array_equal(found, rows)


def test_texts_are_sent_as_utf_8():
    sent = messages.reply({"text": np.array(["가", "b"])})
    assert messages.Message(sent[16:]).tensors()["text"].tolist() == ["가".encode(), b"b"]


def test_dtypes_have_names():
    assert [messages.dtype_name(kind) for kind in (1, 3, 7, 9, 10, 14)] == [
        *("float32", "int32", "string", "int64", "bool"),
        "dtype 14",
    ]


def test_errors_have_names():
    assert str(NativeError(4, "late")) == "DEADLINE_EXCEEDED: late"
    assert NativeError(99, "odd").name == "code 99"
