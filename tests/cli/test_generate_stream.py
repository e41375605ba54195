"""`generate` answers as its input comes, and what it has written stays."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from keras_seq2seq.cli import generate_command

MODULE = [sys.executable, "-m", "keras_seq2seq", "generate"]


@pytest.fixture
def windows(monkeypatch):
    """Sets the size of a window."""
    return lambda size: monkeypatch.setattr(
        generate_command, "LineStream", lambda *a: _stream(*a[:2], size)
    )


def _stream(*arguments):
    from keras_seq2seq.data.line_stream import LineStream

    return LineStream(*arguments)


@pytest.mark.parametrize(
    "options",
    [
        [],
        pytest.param(["--beam", 2, "--n-best", 2, "--scores"], marks=pytest.mark.slow),
        pytest.param(["--sample", "--seed", 3, "--num-return", 2], marks=pytest.mark.slow),
        pytest.param(["--json"], marks=pytest.mark.slow),
        pytest.param(["--long-sources", "split", "--replace-unknown"], marks=pytest.mark.slow),
    ],
    ids=lambda options: " ".join(map(str, options)) or "greedy",
)
def test_windows_change_nothing(artefacts, command, corpus, windows, options):
    lines = [line.split("\t")[1] for line in corpus.read_text("utf-8").splitlines()][:23]
    lines[5:5] = ["", "사과이 있어요. " * 8, "?? ☃"]
    text = "\n".join(lines).encode()
    whole = command("generate", artefacts["run"], *options, stdin=text)
    assert whole.code == 0 and len(whole.out.splitlines()) >= 26
    for size in (1, 4, 25):
        windows(size)
        parts = command("generate", artefacts["run"], *options, stdin=text)
        if "--json" in options:  # other batch-mates: the last bits of a figure may differ
            ours, theirs = (
                [{k: one[k] for k in ("text", "tokens")} for one in map(json.loads, out)]
                for out in (parts.out.splitlines(), whole.out.splitlines())
            )
            assert ours == theirs
        elif "--scores" in options:
            ours, theirs = (
                [line.partition("\t") for line in one.out.splitlines()] for one in (parts, whole)
            )
            assert [text for *_, text in ours] == [text for *_, text in theirs]
            expected = pytest.approx([float(score) for score, *_ in theirs], abs=2e-4)
            assert [float(score) for score, *_ in ours] == expected
        else:
            assert parts == whole


def test_a_fault_in_a_late_line_names_it_and_keeps_what_came_before(artefacts, command, windows):
    windows(2)
    good = "책이 있어요.\n"
    base = ["generate", artefacts["run"]]
    result = command(*base, stdin=(good * 5).encode() + b"\xff\n")
    assert result.code == 2 and len(result.out.splitlines()) == 4
    assert result.err.startswith("error: standard input, line 6: byte 1 of the line (0xff)")
    long = command(*base, "--long-sources", "error", stdin=(good * 4 + good * 30).encode())
    assert long.code == 0  # each is short
    text = good * 5 + good.strip() * 30
    long = command(*base, "--long-sources", "error", stdin=text.encode())
    assert long.code == 2 and len(long.out.splitlines()) == 4
    assert "error: standard input, line 6: the source has" in long.err


def test_several_processes_give_the_same(artefacts, command, sources, windows, tmp_path):
    windows(2)
    text = sources.read_bytes() * 3
    expected = command("generate", artefacts["tflite"], stdin=text)
    result = command("generate", artefacts["tflite"], "--processes", 2, stdin=text)
    assert result == expected
    path = tmp_path / "out.txt"
    result = command(
        "generate", artefacts["tflite"], "--processes", 3, "--output", path, stdin=text
    )
    assert (result.code, result.out) == (0, "") and path.read_text("utf-8") == expected.out
    lines = len(expected.out.splitlines())
    late = command("generate", artefacts["tflite"], "--processes", 2, stdin=text + b"\xff\n")
    assert late.code == 2 and late.out == "".join(
        expected.out.splitlines(True)[: lines - lines % 2]
    )
    assert f"line {lines + 1}: byte 1 of the line (0xff)" in late.err
    refused = command("generate", artefacts["tflite"], "--processes", 2, "--json", stdin=text)
    assert refused.code == 2 and "--json: for a run or .keras file" in refused.err


@pytest.mark.slow
def test_several_processes_of_tensorflow_give_the_same(artefacts, command, sources, windows):
    windows(2)
    text = sources.read_bytes() * 3
    for options in (["--scores", "--beam", 2], ["--sample", "--seed", 3]):
        base = ["generate", artefacts["run"], *options]
        assert command(*base, "--processes", 2, stdin=text) == command(*base, stdin=text)


@pytest.mark.parametrize("leaves", ["at Ctrl-C", "when its reader leaves"])
def test_several_processes_end_quietly(artefacts, tmp_path, leaves):
    path = tmp_path / "lines.txt"
    path.write_text("책이 있어요.\n" * 200_000)
    process = started(artefacts["tflite"], path, "--processes", 2)
    assert process.stdout.readline()
    tasks = Path(f"/proc/{process.pid}/task")  # none where there is no /proc
    others = [pid for file in tasks.glob("*/children") for pid in file.read_text().split()]
    if leaves == "at Ctrl-C":
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
        assert (process.returncode, err) == (130, b"")
    else:
        process.stdout.close()
        assert process.stderr.read() == b"" and process.wait(60) == 0
        process.stderr.close()
    assert not any(Path(f"/proc/{number}").exists() for number in others)


def test_ctrl_c_tells_what_a_file_has_and_that_it_goes_on(artefacts, tmp_path):
    path, output = tmp_path / "lines.txt", tmp_path / "out.txt"
    path.write_text("책이 있어요.\n" * 200_000)
    process = started(artefacts["tflite"], path, "--output", output, "--processes", 1)
    while process.poll() is None and not (output.exists() and output.stat().st_size):
        time.sleep(0.05)
    time.sleep(0.5)  # the first window is kept
    process.send_signal(signal.SIGINT)
    err = process.communicate(timeout=60)[1].decode()
    done = len(output.read_text().splitlines())
    assert process.returncode == 130
    assert err == (
        f"Broken off: {output} has results of {done:,} lines. The same command goes on behind "
        "them.\n"
    )


def started(*arguments, **pipes):
    environment = {k: v for k, v in os.environ.items() if k != "TF_CPP_MIN_LOG_LEVEL"}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **pipes}
    return subprocess.Popen(list(map(str, [*MODULE, *arguments])), env=environment, **pipes)


def test_a_line_is_answered_at_once_and_ctrl_c_keeps_all(artefacts):
    process = started(artefacts["tflite"], stdin=subprocess.PIPE)
    for _ in range(2):  # a dialogue: nothing more is written before the answer has come
        process.stdin.write("책이 있어요.\n".encode())
        process.stdin.flush()
        assert process.stdout.readline().endswith(b"\n")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (130, b"", b"")


def test_a_reader_that_leaves_ends_it_quietly(artefacts):
    process = started(artefacts["tflite"], stdin=subprocess.PIPE)
    process.stdin.write("책이 있어요.\n".encode())
    process.stdin.flush()
    assert process.stdout.readline()
    process.stdout.close()
    process.stdin.write("책이 있어요.\n".encode() * 10)
    process.stdin.close()
    assert process.stderr.read() == b"" and process.wait(60) == 0
    process.stderr.close()


@pytest.mark.skipif(not os.path.exists("/dev/stdin"), reason="no such device")
def test_devices_and_pipes_are_files_as_others(artefacts, command, sources):
    expected = command("generate", artefacts["tflite"], sources).out
    with sources.open("rb") as file:
        process = started(artefacts["tflite"], "/dev/stdin", stdin=file)
        assert process.communicate(timeout=120) == (expected.encode(), b"")
    command_line = " ".join(map(str, [*MODULE, artefacts["tflite"], f"<(cat {sources})"]))
    result = subprocess.run(["bash", "-c", command_line], capture_output=True, timeout=120)
    assert (result.returncode, result.stdout) == (0, expected.encode())
