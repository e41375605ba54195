"""`generate --output`: a file that goes on where it was broken off."""

import hashlib
import json
from pathlib import Path

import pytest

from keras_seq2seq.cli.generating.results_file import ResultsFile, fingerprint_of
from keras_seq2seq.version import __version__

LINES = [f"line {n}" for n in range(10)]


def write(path, lines=LINES, size=3, facts=None, overwrite=False, windows=10**9):
    """Writes each line twice, as N best are; breaks off after some windows."""
    facts = {"model": "a"} if facts is None else facts
    with ResultsFile(path, facts, overwrite) as results:
        parts = [lines[i : i + size] for i in range(0, len(lines), size)]
        for number, part in enumerate(results.still_to_do(iter(parts))):
            if number == windows:
                raise KeyboardInterrupt
            results.write(part, "".join(f"{line}\n{line}\n" for line in part))


def whole():
    return "".join(f"{line}\n{line}\n" for line in LINES)


@pytest.mark.parametrize("size", [1, 4, 20])
@pytest.mark.parametrize("torn", [b"", b"line 6\nli"])
def test_what_was_broken_off_goes_on_whatever_the_windows(tmp_path, size, torn):
    path = tmp_path / "out.txt"
    with pytest.raises(KeyboardInterrupt):
        write(path, windows=2)
    assert path.read_text() == "".join(f"{line}\n{line}\n" for line in LINES[:6])
    with path.open("ab") as file:  # of a window that was not whole
        file.write(torn)
    write(path, size=size)
    assert path.read_text() == whole()
    assert [p.name for p in tmp_path.iterdir()] == ["out.txt"]


def test_nothing_is_replaced_or_mixed_unasked(tmp_path):
    path = tmp_path / "out.txt"
    path.write_text("mine\n")
    with pytest.raises(ValueError, match="is there already"):
        write(path)
    assert path.read_text() == "mine\n"
    write(path, overwrite=True)
    assert path.read_text() == whole()
    with pytest.raises(KeyboardInterrupt):
        write(path, overwrite=True, windows=1)
    before = path.read_bytes()
    with pytest.raises(ValueError, match="begun with other model"):
        write(path, facts={"model": "b"})
    with pytest.raises(ValueError, match="begun with other lines"):
        write(path, lines=["other", *LINES[1:]])
    with pytest.raises(ValueError, match="only 2 now"):
        write(path, lines=LINES[:2])
    assert path.read_bytes() == before
    path.write_text("")
    with pytest.raises(ValueError, match="is shorter than"):
        write(path)
    (tmp_path / "out.txt.progress").write_text("{")
    with pytest.raises(ValueError, match="is broken"):
        write(path)
    with pytest.raises(ValueError, match="is a directory"):
        write(tmp_path)
    with pytest.raises(ValueError, match="is a device or a pipe"):
        write(Path("/dev/null"), overwrite=True)


def test_the_text_is_not_overwritten(artefacts, refused, tmp_path):
    text, link = tmp_path / "text.txt", tmp_path / "link.txt"
    text.write_text("사과이 있어요.\n", "utf-8")
    link.symlink_to(text)
    run = artefacts["run"]
    said = refused("generate", run, text, "--output", link, "--overwrite")
    assert f"--output {link} is the text itself" in said
    assert text.read_text("utf-8") == "사과이 있어요.\n"
    assert {path.name for path in tmp_path.iterdir()} == {"text.txt", "link.txt"}


@pytest.mark.parametrize("before", [None, "", "mine\n"])
def test_what_fails_at_once_leaves_all_as_it_was(tmp_path, before):
    path = tmp_path / "out.txt"
    if before is not None:
        path.write_text(before)
    with pytest.raises(KeyboardInterrupt):
        write(path, windows=0, overwrite=bool(before))
    assert [one.read_text() for one in tmp_path.iterdir()] == ([] if before is None else [before])
    write(path, facts={"model": "b"}, overwrite=bool(before))
    assert path.read_text() == whole()


def test_who_is_killed_within_the_first_window_goes_on(tmp_path, monkeypatch):
    path, keep = tmp_path / "out.txt", ResultsFile._keep

    def killed(results):
        if path.stat().st_size:
            kept.update({one: one.read_bytes() for one in tmp_path.iterdir()})
        keep(results)

    kept: dict[Path, bytes] = {}
    monkeypatch.setattr(ResultsFile, "_keep", killed)
    with pytest.raises(KeyboardInterrupt):
        write(path, windows=1)
    for one, content in kept.items():
        one.write_bytes(content)
    write(path)
    assert path.read_text() == whole()


def test_one_process_writes_at_a_time(tmp_path):
    path = tmp_path / "out.txt"
    with ResultsFile(path, {}):
        with pytest.raises(ValueError, match="by another process"):
            write(path, overwrite=True)
    assert path.read_text() == ""


def test_the_command_goes_on(artefacts, command, refused, tmp_path):
    text = "\n".join(["사과이 있어요.", "", "책를 사요."]).encode()
    run, path = artefacts["run"], tmp_path / "out.txt"
    expected = command("generate", run, "--scores", stdin=text)
    result = command("generate", run, "--scores", "--output", path, stdin=text)
    assert (result.code, result.out) == (0, "") and path.read_text("utf-8") == expected.out
    known = {"lines": 1, "bytes": len(expected.out.splitlines(True)[0].encode())}
    refused("generate", run, "--scores", "--output", path, stdin=text)
    shown = {"scores": True, "json": False}
    facts = {"options": shown, "version": __version__, "model": [fingerprint_of(run)]}
    digest = hashlib.sha256("사과이 있어요.\n".encode()).hexdigest()
    state = {**known, "sha256": digest, "facts": facts}
    path.write_text(expected.out.splitlines(True)[0] + "torn", "utf-8")
    (tmp_path / "out.txt.progress").write_text(json.dumps(state))
    result = command("generate", run, "--scores", "--output", path, stdin=text)
    assert result.code == 0 and "goes on behind them" in result.err
    assert path.read_text("utf-8") == expected.out
    said = refused("generate", run, "--overwrite", stdin=text)
    assert "--overwrite is about --output" in said
