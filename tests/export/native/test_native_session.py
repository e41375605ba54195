"""A small SavedModel in TensorFlow's C library: right answers, and errors that harm nobody."""

import os
import pathlib
import signal

import numpy as np
import pytest
import tensorflow as tf

from keras_seq2seq.export.export_error import ExportError
from keras_seq2seq.export.native import program
from keras_seq2seq.export.native.native_error import NativeError
from keras_seq2seq.export.native.native_session import NativeSession

needs_compiler = pytest.mark.skipif(
    program.find_compiler() is None, reason="needs a C compiler: apt-get install gcc libc6-dev"
)


def function(**kinds):
    specs = [tf.TensorSpec([None], kind, name=name) for name, kind in kinds.items()]
    return lambda python: tf.function(python, input_signature=specs, autograph=False)


@function(text=tf.string, times=tf.int32)
def lengthen(text, times):
    text = tf.ensure_shape(text, [None])
    long = tf.strings.reduce_join(tf.repeat(text[:, None], tf.reduce_max(times), axis=1), axis=1)
    return {"text": long, "length": tf.strings.length(long), "long": tf.strings.length(long) > 3}


@function(x=tf.float32)
def root(x):
    return {"root": tf.sqrt(x), "table": tf.stack([x, -x], axis=1), "wide": tf.cast(x, tf.int64)}


@function(x=tf.float32)
def for_ever(x):
    return {"x": tf.while_loop(lambda x: tf.reduce_all(x < 1), lambda x: [x * 1.0], [x])[0]}


def jitted(x):
    return {"x": tf.function(tf.sqrt, jit_compile=True)(x)}


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    path = tmp_path_factory.mktemp("small") / "1"
    found = {"serving_default": lengthen, "root": root, "for_ever": for_ever}
    tf.saved_model.save(tf.Module(), str(path), found | {"jitted": function(x=tf.float32)(jitted)})
    return path


@pytest.fixture(scope="module")
def session(directory):
    with NativeSession(directory.parent, threads=1, patience=60) as session:
        yield session


@needs_compiler
def test_it_tells_its_signatures_and_has_no_python(session):
    assert session.version == tf.__version__
    assert session.signatures["serving_default"] == {
        "inputs": {
            "text": {"dtype": "string", "shape": [-1]},
            "times": {"dtype": "int32", "shape": [-1]},
        },
        "outputs": {
            "text": {"dtype": "string", "shape": [-1]},
            "length": {"dtype": "int32", "shape": [-1]},
            "long": {"dtype": "bool", "shape": [-1]},
        },
    }
    maps = pathlib.Path(f"/proc/{session._process.pid}/maps").read_text()
    assert "libtensorflow_framework" in maps and "libpython" not in maps


@needs_compiler
def test_tensors_of_all_kinds_go_in_and_out(session):
    texts = ["가\0", b"\xff", "", "long enough " * 9]
    found = session.run("serving_default", text=texts, times=[2, 1, 0, 0])
    assert found["text"].tolist() == ["가\0가\0".encode(), b"\xff\xff", b"", b"long enough " * 18]
    assert found["length"].tolist() == [8, 2, 0, 216] and found["length"].dtype == np.int32
    assert found["long"].tolist() == [True, False, False, True]
    found = session.run("root", x=np.array([4, 2.25], np.float32))
    assert found["root"].tolist() == [2, 1.5] and found["wide"].dtype == np.int64
    np.testing.assert_array_equal(found["table"], np.array([[4, -4], [2.25, -2.25]], np.float32))


@needs_compiler
def test_only_the_outputs_that_are_wanted_are_given(session):
    found = session.run("root", ["wide"], x=[4.0])
    assert found == {"wide": np.array([4])}
    assert session.run("root", x=np.zeros(0, np.float32))["table"].shape == (0, 2)


@needs_compiler
@pytest.mark.parametrize(
    ("signature", "inputs", "says"),
    [
        ("nothing", {}, 'FAILED_PRECONDITION: Serving signature key "nothing" not found'),
        ("root", {}, "INVALID_ARGUMENT.*1 inputs, the request 0"),
        ("root", {"x": [1.0], "y": [1.0]}, 'INVALID_ARGUMENT.*no input "y"'),
        ("root", {"x": ["text"]}, "could not convert"),
        ("root", {"x": np.zeros(1, np.int64)}, "INVALID_ARGUMENT.*int64"),
        ("serving_default", {"text": [["a"], ["b"]], "times": [1]}, r"INVALID_ARGUMENT.*\[2,1\]"),
        ("serving_default", {"text": "alone", "times": [1]}, r"INVALID_ARGUMENT.*\[\]"),
        ("jitted", {"x": [4.0]}, "INTERNAL: XLA compilation disabled"),
    ],
    ids=["signature", "missing", "unknown", "text", "dtype", "rank 2", "rank 0", "XLA"],
)
def test_an_error_is_told_and_the_session_goes_on(session, signature, inputs, says):
    with pytest.raises((NativeError, ValueError), match=says):
        session.run(signature, **inputs)
    assert session.run("root", ["root"], x=[9.0])["root"].tolist() == [3]


@needs_compiler
def test_an_unknown_output_and_a_deadline(session):
    with pytest.raises(NativeError, match='no output "y"') as error:
        session.run("root", ["root", "y"], x=[1.0])
    assert error.value.code == 3
    with pytest.raises(NativeError, match="DEADLINE_EXCEEDED"):
        session.run("for_ever", timeout=0.1, x=[0.0])


@needs_compiler
def test_many_requests_at_once(session):
    requests = [("root", {"x": [float(n)]}) for n in range(9)]
    requests += [("serving_default", {"text": ["a"], "times": [2]}), ("nothing", {})]
    report = session.load(requests, threads=4, runs=300)
    assert len(report.milliseconds) == 300 and (report.errors, report.wrong) == (0, 0)
    assert report.first == "" and report.throughput > 0
    assert 0 < report.percentile(1) <= report.percentile(99)
    assert report.memory[-1, 1] > 1e7 and session.memory() > 1e7


@needs_compiler
def test_wrong_replies_and_errors_are_counted(session):
    requests = [("root", {"x": [4.0]}), ("nothing", {}), ("root", {"x": [9.0]})]
    right = [session.run("root", x=[value]) for value in (4.0, 9.0)]
    almost = {**right[0], "root": right[0]["root"] + np.float32(1e-6)}
    report = session.load(requests, threads=2, runs=30, expected=[almost, right[0], right[1]])
    assert (report.wrong, report.errors) == (0, 10) and "not found" in report.first
    report = session.load(requests[:1], threads=2, runs=30, expected=[right[1]])
    assert (report.wrong, report.errors) == (30, 0) and "another answer" in report.first


@needs_compiler
def test_what_cannot_be_loaded(tmp_path):
    with pytest.raises(ExportError, match="holds no SavedModel"):
        NativeSession(tmp_path)
    (tmp_path / "saved_model.pb").write_bytes(b"no graph")
    with pytest.raises(NativeError):
        NativeSession(tmp_path)
    with pytest.raises(ExportError, match=r"libtensorflow_framework\.so\.2: is .* TensorFlow's"):
        NativeSession(tmp_path, tensorflow=tmp_path)
    with pytest.raises(ExportError, match="no operators"):
        NativeSession(tmp_path, tensorflow_text=tmp_path)


@needs_compiler
def test_a_process_that_dies_is_no_riddle(directory):
    with NativeSession(directory) as session:
        os.kill(session._process.pid, signal.SIGKILL)
        with pytest.raises(ExportError, match="ended with status -9: no word"):
            session.run("root", x=[1.0])
    with NativeSession(directory) as session:
        session.patience = 0.5
        with pytest.raises(ExportError, match=r"no answer in 0\.5 s"):
            session.run("for_ever", x=[0.0])


def test_without_a_compiler_it_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert program.find_compiler() is None
    with pytest.raises(ExportError, match=r"C compiler \(cc, gcc, clang\).*apt-get install gcc"):
        program._folder.__wrapped__()


def test_a_compiler_that_fails_is_quoted(monkeypatch, tmp_path):
    compiler = tmp_path / "cc"
    compiler.write_text("#!/bin/sh\necho no stdio.h >&2\nexit 1\n")
    compiler.chmod(0o755)
    monkeypatch.setattr(program, "find_compiler", lambda: str(compiler))
    with pytest.raises(ExportError, match="cannot make the native session:\nno stdio.h"):
        program._folder.__wrapped__()
