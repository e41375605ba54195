"""The command as a process of its own: how fast it answers, and what reaches the terminal."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from contracts import few_at_first

SCRIPT = Path(sys.executable).with_name("keras-seq2seq")
MODULE = [sys.executable, "-m", "keras_seq2seq"]


def run(*arguments, **options):
    environment = {k: v for k, v in os.environ.items() if k != "TF_CPP_MIN_LOG_LEVEL"}
    return subprocess.run(
        list(map(str, arguments)), capture_output=True, env=environment, timeout=300, **options
    )


@pytest.mark.skipif(not SCRIPT.exists(), reason="the package is not installed")
def test_module_and_script_are_the_same_command():
    for arguments in (["--version"], ["train", "--show-config"], ["inspect", "nowhere"]):
        module, script = run(*MODULE, *arguments), run(SCRIPT, *arguments)
        assert (module.returncode, module.stdout, module.stderr) == (
            script.returncode,
            script.stdout,
            script.stderr,
        )


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["train", "--help"],
        ["generate", "--help"],
        ["--version"],
        ["train", "--show-config"],
    ],
)
def test_questions_are_answered_without_tensorflow(arguments):
    result = run(sys.executable, "-X", "importtime", *MODULE[1:], *arguments)
    imported = {line.rpartition(b"|")[2].strip() for line in result.stderr.splitlines()}
    assert b"keras_seq2seq.cli.app" in imported and result.returncode == 0
    assert not imported & {b"tensorflow", b"keras", b"numpy", b"sentencepiece"}


@pytest.mark.parametrize("also", few_at_first(1, [[], ["--saved-model"]]), ids=str)
def test_nothing_but_results_reaches_the_terminal(also, artefacts, sources, tmp_path):
    base = [*also, *[tmp_path / "sm"] * len(also), "--tflite", tmp_path / "m.tflite"]
    export = run(*MODULE, "export", artefacts["run"], *base)
    assert (export.returncode, export.stderr) == (0, b"")
    generate = run(*MODULE, "generate", tmp_path / "m.tflite", stdin=sources.open("rb"))
    assert (generate.returncode, generate.stderr) == (0, b"")
    assert len(generate.stdout.decode("utf-8").splitlines()) == 4


NOISE = (
    b"WARNING: All log messages before absl::InitializeLog() is called are written to STDERR\n"
    b"I0000 00:00:1795365685.310843     466 port.cc:153] oneDNN custom operations are on.\n"
    b"INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\n"
)
NEWS = (
    b"F0000 00:00:1795365685.310843     466 feature_guard.cc:9] This CPU lacks AVX.\n"
    b"Fatal Python error: Aborted\n"
)


def library_messages(tmp_path, code, **environment):
    """Runs code within `own_messages_only`; named as the command, it does not load TensorFlow."""
    script = tmp_path / "keras-seq2seq"
    script.write_text(
        "import os, sys, warnings\n"
        "from keras_seq2seq.cli.screen.library_messages import own_messages_only\n"
        f"noise, news = {NOISE!r}, {NEWS!r}\n"
        "with own_messages_only():\n"
        "    os.write(2, noise + news)\n"
        f"    {code}\n"
        "print('after', file=sys.stderr)\n"
    )
    return subprocess.run(
        [sys.executable, script], capture_output=True, env={**os.environ, **environment}, timeout=60
    )


def test_notes_are_dropped_and_news_get_through(tmp_path):
    result = library_messages(tmp_path, "print('python', file=sys.stderr)")
    assert sorted(result.stderr.splitlines()) == sorted([*NEWS.splitlines(), b"python", b"after"])
    assert result.returncode == 0


def test_the_last_words_of_a_crash_get_through(tmp_path):
    result = library_messages(tmp_path, "os.abort()")
    assert result.returncode < 0 and NEWS in result.stderr and b"oneDNN" not in result.stderr


def test_a_warning_of_ours_is_one_line(tmp_path):
    result = library_messages(tmp_path, "warnings.warn('two\\nlines')")
    assert b"warning: two lines\n" in result.stderr


def test_everything_is_shown_on_demand(tmp_path):
    result = library_messages(tmp_path, "pass", TF_CPP_MIN_LOG_LEVEL="0")
    assert result.stderr == NOISE + NEWS + b"after\n"


@pytest.mark.skipif(sys.platform == "win32", reason="no pipes of this kind")
def test_a_reader_that_leaves_early_is_no_error():
    process = subprocess.Popen(
        [*MODULE, "train", "--show-config"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    process.stdout.close()
    assert b"Traceback" not in process.stderr.read()
    process.stderr.close()
    process.wait()
