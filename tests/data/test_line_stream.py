"""Lines as they come: the same as all at once, in windows, with the place of what is wrong."""

import gzip
import io
import itertools
import os
import re
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_seq2seq.data.corpus_error import CorpusError
from keras_seq2seq.data.line_stream import LineStream
from keras_seq2seq.data.text_lines import decode_lines


class Counting(io.RawIOBase):
    """A file without end that counts the bytes that were asked of it."""

    def __init__(self, piece):
        self.piece, self.given = piece, 0

    def readable(self):
        return True

    def readinto(self, buffer):
        count = min(len(buffer), len(self.piece))
        buffer[:count] = self.piece[:count]
        self.given += count
        return count


def read(data, window=2048, origin="text"):
    return list(LineStream(io.BytesIO(data), origin, window))


@given(
    st.lists(st.text("aé가\u2028\x85\x0c\r\ufeff ", max_size=4), min_size=1, max_size=30),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
    st.integers(1, 12),
)
def test_windows_hold_the_lines_that_are_read_at_once(lines, end, ends, window):
    data = (end.join(lines) + end * ends).encode()
    try:
        whole = decode_lines(data, "text")
    except CorpusError as error:  # empty, or a carriage return within a line
        with pytest.raises(CorpusError, match=re.escape(str(error))):
            read(data, window)
        return
    windows = read(data, window)
    assert list(itertools.chain(*windows)) == whole
    assert all(1 <= len(lines) <= window for lines in windows)


@pytest.mark.parametrize("piece", [b"a line\n", b"\n" * 50_000, b"word " * 3000 + b"\n"])
def test_no_more_is_read_ahead_than_a_window(piece):
    file = Counting(piece)
    for number, lines in enumerate(itertools.islice(LineStream(file, "endless", 100), 50), 1):
        assert 1 <= len(lines) <= 100
        needed = number * 100 * len(piece.split(b"\n")[0] + b"\n")
        assert file.given <= needed + 2**16 + 2**13 + len(piece)  # a chunk, and a buffer's peek


@pytest.mark.parametrize("fault, said", [("a\0b", "is NUL"), ("a\rb", "carriage return")])
@pytest.mark.parametrize("before", [0, 1, 5000])
def test_what_is_no_line_is_told_in_any_window(fault, said, before):
    with pytest.raises(CorpusError, match=f"text, line {before + 1}: byte 2 of the line.*{said}"):
        read(b"fine\n" * before + fault.encode() + b"\nmore\n", window=10)


def test_windows_are_bounded_in_bytes():
    windows = read((b"x" * 2**20 + b"\n") * 20, window=1000)
    assert sum(map(len, windows)) == 20 and max(map(len, windows)) <= 6


def test_a_line_without_end_is_refused():
    with pytest.raises(CorpusError, match="endless, line 1 has more than 16,777,216 bytes"):
        list(LineStream(Counting(b"\0" * 2**16), "endless"))


@pytest.mark.parametrize("before", [0, 1, 5000])
def test_bad_utf8_is_told_with_its_line(before):
    stream = LineStream(io.BytesIO(b"fine\n" * before + b"ab\xffc\nmore\n"), "t.txt", window=10)
    read = []
    with pytest.raises(CorpusError, match=rf"t.txt, line {before + 1}: byte 3 of the line \(0xff"):
        read += itertools.chain(*stream)
    with pytest.raises(CorpusError, match="UTF-16"):
        list(LineStream(io.BytesIO("a\nb\n".encode("utf-16")), "t.txt"))


def test_what_was_read_before_a_fault_is_given():
    found = []
    with pytest.raises(CorpusError, match="line 26"):
        for lines in LineStream(io.BytesIO(b"fine\n" * 25 + b"\xff\n"), "t.txt", window=10):
            found += lines
    assert len(found) == 20


def test_a_mark_is_dropped_and_an_empty_text_refused():
    assert read("\ufeff가\n나".encode()) == [["가", "나"]]
    with pytest.raises(CorpusError, match="text is empty"):
        read(b"")
    assert read(b"\n") == [[""]]


def test_gzip_is_unpacked(tmp_path):
    text = "".join(f"line {i}\n" for i in range(30_000)).encode()
    packed = gzip.compress(text[:1000]) + gzip.compress(text[1000:])  # as `cat a.gz b.gz`
    (tmp_path / "t.gz").write_bytes(packed)
    found = list(itertools.chain(*LineStream.open(str(tmp_path / "t.gz"))))
    assert found == text.decode().splitlines()
    (tmp_path / "cut.gz").write_bytes(packed[:-500])
    with pytest.raises(CorpusError, match="cut.gz is broken gzip .* after line"):
        list(LineStream.open(str(tmp_path / "cut.gz")))
    (tmp_path / "not.gz").write_bytes(b"plain\n")
    with pytest.raises(CorpusError, match="is not gzip"):
        list(LineStream.open(str(tmp_path / "not.gz")))


def test_what_is_no_file_is_refused(tmp_path):
    (tmp_path / "input.txt").write_text("a")
    with pytest.raises(CorpusError, match="Did you mean"):
        LineStream.open(str(tmp_path / "inputs.txt"))
    with pytest.raises(CorpusError, match="is a directory"):
        LineStream.open(str(tmp_path))


def test_a_line_in_a_pipe_is_given_before_the_next_is_written():
    reader, writer = os.pipe()
    asked = threading.Event()

    def write():
        for line in (b"one\n", b"two\nthree\n", b"fo", b"ur\n"):
            os.write(writer, line)
            if line.endswith(b"\n"):
                assert asked.wait(60)
                asked.clear()
        os.close(writer)

    thread = threading.Thread(target=write)
    thread.start()
    windows = []
    for lines in LineStream(os.fdopen(reader, "rb"), "pipe"):
        windows.append(lines)
        asked.set()
    thread.join()
    assert windows == [["one"], ["two", "three"], ["four"]]


def test_a_pipe_by_its_name(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    thread = threading.Thread(target=(tmp_path / "pipe").write_bytes, args=(b"a\nb\n",))
    thread.start()
    stream = LineStream.open(str(tmp_path / "pipe"))
    assert not stream.is_there()
    assert list(itertools.chain(*stream)) == ["a", "b"]
    thread.join()


@pytest.mark.parametrize(("data", "lines"), [(b"a\nb\n", 2), (b"a\n\nb", 3), (b"a", 1)])
def test_lines_of_a_file_are_counted_before_they_are_read(tmp_path, data, lines):
    path = tmp_path / "text"
    path.write_bytes(data)
    stream = LineStream.open(str(path))
    first = next(iter(stream))
    assert stream.line_count() == lines == len(first)
    assert LineStream(io.BytesIO(data), "memory").line_count() is None
    packed = tmp_path / "text.gz"
    packed.write_bytes(gzip.compress(data))
    stream = LineStream.open(str(packed))
    assert len(next(iter(stream))) == lines and stream.line_count() is None
