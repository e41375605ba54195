"""One owner of a directory: who comes second touches nothing, and neither does a false lock."""

import os
import subprocess
import sys

import pytest

from keras_seq2seq.file_lock import LOCK, owned

HOLD = (
    "import sys; from keras_seq2seq.file_lock import owned\n"
    "with owned(sys.argv[1]): print('held', flush=True); sys.stdin.read()"
)


def content(path):
    return {p.relative_to(path): p.read_bytes() for p in path.rglob("*") if p.is_file()}


@pytest.fixture
def held(tmp_path):
    """A directory that another process owns, and that process."""
    child = subprocess.Popen(
        [sys.executable, "-c", HOLD, tmp_path / "d"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout.readline() == "held\n"
    yield tmp_path / "d", child
    child.kill()
    child.communicate()


def test_the_lock_is_there_while_it_is_held_and_then_gone(tmp_path):
    with owned(tmp_path / "new" / "d"):
        assert (tmp_path / "new" / "d" / LOCK).read_text() == f"process {os.getpid()}\n"
    assert os.listdir(tmp_path / "new" / "d") == []


def test_who_comes_second_is_told_who_is_first(held):
    path, child = held
    before = content(path)
    with pytest.raises(ValueError, match=rf"is writing to .*d \(process {child.pid}\). Wait"):
        with owned(path):
            pass
    assert content(path) == before


def test_a_lock_ends_with_its_process(held):
    path, child = held
    child.kill()
    child.wait()
    with owned(path):
        pass
    assert os.listdir(path) == []


def test_the_lock_goes_with_a_directory_that_is_renamed(tmp_path):
    with owned(tmp_path / "d"):
        (tmp_path / "d").rename(tmp_path / "e")
        with pytest.raises(ValueError, match="Another process"), owned(tmp_path / "e"):
            pass
        with owned(tmp_path / "d"):  # another directory now
            pass
    assert os.listdir(tmp_path / "d") == os.listdir(tmp_path / "e") == []


def make_link(lock, dear):
    lock.symlink_to(dear)


def make_dangling(lock, dear):
    lock.symlink_to(dear.with_name("nowhere"))


def make_hard_link(lock, dear):
    lock.hardlink_to(dear)


def make_directory(lock, dear):
    lock.mkdir()


def make_pipe(lock, dear):
    os.mkfifo(lock)


def make_file(lock, dear):
    lock.write_text("mine")


FALSE = {
    make_link: "it is a symbolic link",
    make_dangling: "it is a symbolic link",
    make_hard_link: "something else than a lock",
    make_directory: "it is a directory",
    make_pipe: "something else than a lock",
    make_file: "something else than a lock",
}


@pytest.mark.parametrize("make", FALSE)
def test_a_false_lock_is_refused_and_stays(make, tmp_path):
    dear = tmp_path / "dear.txt"
    dear.write_text("years of work")
    lock = tmp_path / "d" / LOCK
    lock.parent.mkdir()
    make(lock, dear)
    facts = os.lstat(lock)
    with pytest.raises(ValueError, match=FALSE[make]), owned(lock.parent):
        pass
    assert dear.read_text() == "years of work" and os.path.samestat(os.lstat(lock), facts)
    assert sorted(os.listdir(tmp_path)) == ["d", "dear.txt"]


def test_an_empty_lock_of_an_older_version_is_taken(tmp_path):
    (tmp_path / LOCK).touch()
    with owned(tmp_path):
        pass
    assert os.listdir(tmp_path) == []
