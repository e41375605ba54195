"""Runs the JavaScript client in Node."""

import json
import pathlib
import re
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).parents[4]
CLIENT = ROOT / "export/on_device/javascript"
HERE = pathlib.Path(__file__).parent
OLDEST = 20
# Two surrogates that Python holds side by side are one character in JavaScript.
PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")


def node():
    """The command, or a skip that says what to install."""
    found = shutil.which("node") or pytest.skip("needs Node 20 or newer: apt-get install nodejs")
    version = subprocess.check_output([found, "--version"], text=True)
    if int(version.lstrip("v").partition(".")[0]) < OLDEST:
        pytest.skip(f"needs Node {OLDEST} or newer, and this is {version.strip()}")
    return found


def run(script, directory, *arguments, **given):
    """What a script of this folder writes for what it is given, by two files of JSON."""
    question, answer = directory / "question.json", directory / "answer.json"
    question.write_text(json.dumps(given), "ascii")  # lone surrogates, too
    command = [node(), HERE / script, question, answer, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(answer.read_text("utf-8"))
