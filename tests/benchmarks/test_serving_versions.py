import shutil
import subprocess
import zipfile

import pytest
from serving_versions import NASTY, WHEELS, hostile_texts, libraries, parse_arguments, stand_ins

from keras_seq2seq.export.native.program import find_compiler


def test_hostile_texts_are_the_same_each_time_and_of_all_kinds():
    texts = hostile_texts(200)
    assert texts == hostile_texts(200) and texts[: len(NASTY)] == NASTY
    assert hostile_texts(3) == NASTY[:3]
    made = texts[len(NASTY) :]
    assert {type(text) for text in made} == {str, bytes}
    for text in made:
        text.encode() if isinstance(text, str) else text  # no lone surrogates
    assert any("\0" in text for text in made if isinstance(text, str))


def test_only_libraries_are_taken_out_of_wheels(tmp_path, monkeypatch):
    fetched = []

    def fetch(command, check):
        fetched.append(command[-1])
        target = tmp_path / "2.20.0"
        target.mkdir(exist_ok=True)
        names = [
            *("tensorflow/libtensorflow_cc.so.2", "tensorflow/libtensorflow_framework.so.2"),
            *("tensorflow/python/module.py", "tensorflow/include/header.h"),
            *("tensorflow_text/python/ops/_ops.so", "tensorflow_text/python/ops/ops.py"),
        ]
        with zipfile.ZipFile(target / f"{len(fetched)}.whl", "w") as wheel:
            for name in names:
                wheel.writestr(name, "content")

    monkeypatch.setattr(subprocess, "run", fetch)
    tensorflow, text, preload = libraries("2.20.0", tmp_path)
    assert fetched == list(WHEELS["2.20.0"][1:]) and preload == []
    files = {str(path.relative_to(tmp_path / "2.20.0")) for path in tensorflow.parent.rglob("*.*")}
    assert files == {
        *("tensorflow/libtensorflow_cc.so.2", "tensorflow/libtensorflow_framework.so.2"),
        "tensorflow_text/python/ops/_ops.so",
    }
    assert text == tmp_path / "2.20.0" / "tensorflow_text"
    libraries("2.20.0", tmp_path)
    assert len(fetched) == 2  # once is enough


@pytest.mark.skipif(
    find_compiler() is None or shutil.which("nm") is None,
    reason="needs a C compiler and nm: apt-get install gcc libc6-dev binutils",
)
def test_what_a_library_wants_of_python_is_stood_in_for(tmp_path):
    source, library = tmp_path / "wants.c", tmp_path / "wants.so"
    source.write_text(
        "extern char PyExc_ValueError[]; char *get(void) { return PyExc_ValueError; }"
    )
    command = [find_compiler(), "-shared", "-fPIC", str(source), "-o", str(library)]
    subprocess.run(command, check=True)
    made = stand_ins(library, tmp_path / "stand_ins.so")
    listed = subprocess.run(["nm", "-D", made], check=True, capture_output=True, text=True).stdout
    assert "PyExc_ValueError" in listed


def test_versions_are_those_that_are_known():
    assert parse_arguments(["served"]).versions == list(WHEELS)
    with pytest.raises(SystemExit):
        parse_arguments(["served", "--versions", "1.0"])
