"""The command line in this process, a corpus as Tatoeba has them, and all that is made of it."""

import io
import json
import shutil
import sys
from typing import NamedTuple
from unittest import mock

import pytest

NOUNS = {
    "사과": "an apple",
    "책": "a book",
    "물": "water",
    "우유": "milk",
    "빵": "bread",
    "차": "tea",
    "밥": "rice",
    "국": "soup",
    "콩": "beans",
    "배": "a pear",
}
ENDINGS = {
    "이 있어요.": "There is {}.",
    "를 사요.": "I buy {}.",
    "를 봐요.": "I see {}.",
    "를 줘요.": "I give {}.",
    "가 좋아요.": "I like {}.",
    "가 없어요.": "There is no {}.",
}
PAIRS = [(k + a, b.format(e)) for k, e in NOUNS.items() for a, b in ENDINGS.items()]
SMALL = {
    "training.epochs": 1,
    "training.ema_momentum": 0,
    "training.sample_translations": 0,
    "training.attention_images": 0,
    "model.units": 16,
    "model.embedding_dim": 16,
    "text.vocabulary_size": 60,
    "data.batch_size": 4,  # enough steps that the model says something
    "data.max_source_length": 16,
    "data.max_target_length": 20,
}


class Result(NamedTuple):
    code: int
    out: str
    err: str


def run_command(*arguments, stdin=b""):
    """Runs `keras-seq2seq` with these arguments; standard input is bytes."""
    from keras_seq2seq.cli.app import main

    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    streams = {"stdout": out, "stderr": err, "stdin": io.TextIOWrapper(io.BytesIO(stdin), "utf-8")}
    with (
        mock.patch.multiple(sys, argv=["keras-seq2seq", *map(str, arguments)], **streams),
        pytest.raises(SystemExit) as end,
    ):
        main()
    texts = [stream.buffer.getvalue().decode("utf-8") for stream in (out, err)]
    return Result(end.value.code or 0, *texts)


@pytest.fixture(scope="session")
def command():
    return run_command


@pytest.fixture(scope="session")
def refused():
    """Runs a command that must fail as a user shall see it; gives what it says."""

    def run(*arguments, stdin=b"", before=()):
        result = run_command(*arguments, stdin=stdin)
        assert result.code == 2 and result.out == "", result
        *said, error = result.err.splitlines()
        assert error.startswith("error: ") and len(error) > 30, result.err
        assert said == list(before)  # what had been told before it went wrong
        return error

    return run


@pytest.fixture(scope="session")
def corpus(tmp_path_factory):
    """English, Korean and an attribution, as Tatoeba delivers them."""
    path = tmp_path_factory.mktemp("corpus") / "kor.txt"
    credit = "CC-BY 2.0 (France) Attribution: tatoeba.org #{}"
    rows = [f"{en}\t{ko}\t{credit.format(i)}\n" for i, (ko, en) in enumerate(PAIRS)]
    path.write_text("".join(rows), "utf-8")
    return path


@pytest.fixture(scope="session")
def settings(corpus):
    """Arguments of `train` for a run of seconds."""
    pairs = [f"--set={key}={value}" for key, value in SMALL.items()]
    return ["--train", corpus, "--valid", corpus, "--columns", "2,1", *pairs]


@pytest.fixture(scope="session")
def training(tmp_path_factory, made_once, settings):
    """(run directory, what `train` said): a copy of what all workers share."""

    def train(directory):
        result = run_command("train", *settings, "--run-dir", directory / "first")
        assert result.code == 0, result.err
        (directory / "said.json").write_text(json.dumps(result), "utf-8")

    made = made_once("run_of_the_commands", train)
    path = tmp_path_factory.mktemp("runs") / "first"
    shutil.copytree(made / "first", path)
    said = (made / "said.json").read_text("utf-8").replace(str(made), str(path.parent))
    return path, Result(*json.loads(said))


@pytest.fixture(scope="session")
def artefacts(training, tmp_path_factory, made_once):
    """Every form of the trained model, name -> path: copies of what all workers share."""
    run, _ = training

    def write(base):
        files = "--saved-model", base / "served", "--tflite", base / "m.tflite", "--text"
        result = run_command("export", run, *files)
        assert result.code == 0, result.err
        written = [base / "served" / "1", base / "m.tflite", base / "m.text.tflite"]
        assert result.out.split() == [str(path) for path in written]

    base = tmp_path_factory.mktemp("artefacts") / "all"
    shutil.copytree(made_once("artefacts_of_the_commands", write), base)
    return {
        "run": run,
        "keras": run / "model.keras",
        "served": base / "served",
        "version": base / "served" / "1",
        "tflite": base / "m.tflite",
        "text": base / "m.text.tflite",
    }


@pytest.fixture(scope="session")
def sources(tmp_path_factory):
    """Korean lines, an empty one and a stranger among them."""
    path = tmp_path_factory.mktemp("sources") / "in.txt"
    path.write_text("책이 있어요.\n\n물를 사요.\n?? zebra ☃\n", "utf-8")
    return path
