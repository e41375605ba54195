"""Reading parallel text: what is kept, what is counted, and what is said of bad input."""

import gzip
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keras_seq2seq.data.corpus_error import CorpusError
from keras_seq2seq.data.parallel_text import parse_columns, read_pairs


@pytest.fixture
def write(tmp_path):
    def write_file(name, content):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        return str(path)

    return write_file


def error_of(spec, **options):
    with pytest.raises(CorpusError) as caught:
        read_pairs(spec, **options)
    return str(caught.value)


def test_reads_a_table_and_ignores_further_columns(write):
    pairs = read_pairs(write("a.tsv", "가\tgo\tlicence\n나\tme\n"))
    assert list(pairs) == [("가", "go"), ("나", "me")]


def test_columns_choose_source_and_target(write):
    path = write("tatoeba.txt", "Hello.\t안녕.\tCC-BY 2.0\nBye.\t잘 가.\tCC-BY 2.0\n")
    assert list(read_pairs(path, (2, 1))) == [("안녕.", "Hello."), ("잘 가.", "Bye.")]
    assert read_pairs(path, (2, 3)).targets == ["CC-BY 2.0"] * 2


@pytest.mark.parametrize("end", ["\n", ""])
def test_bom_and_crlf_are_dropped_and_the_last_line_end_is_optional(write, end):
    path = write("a.tsv", f"\ufeff가\tgo\r\n나\tme\r{end}")
    assert list(read_pairs(path)) == [("가", "go"), ("나", "me")]


@pytest.mark.parametrize("breaker", ["\u2028", "\u2029", "\x0b", "\x0c", "\x1c", "\x1e", "\x85"])
def test_only_a_line_feed_ends_a_line(write, breaker):
    source = write("a.ko", f"가{breaker}나\n다\n")
    target = write("a.en", "one\ntwo\n")
    assert list(read_pairs(f"{source},{target}")) == [(f"가{breaker}나", "one"), ("다", "two")]


def test_gzip_is_told_by_its_bytes(write):
    content = gzip.compress("가\tgo\n".encode())
    for name in ("a.tsv.gz", "a.tsv"):
        assert list(read_pairs(write(name, content))) == [("가", "go")]


def test_two_files_and_their_swap(write):
    source, target = write("a.ko", "가\n나\n"), write("a.en.gz", gzip.compress(b"go\nme\n"))
    spec = f"{source}, {target}"
    assert list(read_pairs(spec)) == [("가", "go"), ("나", "me")]
    assert list(read_pairs(spec, (2, 1))) == [("go", "가"), ("me", "나")]


def test_a_comma_in_the_name_of_an_existing_file_separates_nothing(write):
    path = write("one, two.tsv", "가\tgo\n")
    assert read_pairs(path).targets == ["go"]
    source, target = write("a,b.ko", "가\n"), write("a,b.en", "go\n")
    assert list(read_pairs(f"{source},{target}")) == [("가", "go")]


def test_globs_are_sorted_and_read_as_one_corpus(write, tmp_path):
    write("b.tsv", "나\tme\n가\tgo\n")
    write("a.tsv", "가\tgo\n")
    (tmp_path / "c.tsv").mkdir()
    pairs = read_pairs(str(tmp_path / "*.tsv"))
    assert list(pairs) == [("가", "go"), ("나", "me")]
    assert (pairs.report.read, pairs.report.duplicate) == (3, 1)


def test_globs_of_two_sides_are_paired_in_order(write, tmp_path):
    for name in ("b", "a"):
        write(f"{name}.ko", f"{name}-ko\n")
        write(f"{name}.en", f"{name}-en\n")
    spec = f"{tmp_path}/*.ko,{tmp_path}/*.en"
    assert list(read_pairs(spec)) == [("a-ko", "a-en"), ("b-ko", "b-en")]
    write("c.en", "c-en\n")
    assert "matches 2 files" in error_of(spec) and "matches 3" in error_of(spec)


def test_every_dropped_pair_is_counted(write):
    path = write("train.tsv", "가\tgo\n 가 \tgo \n가\twent\n\tnothing\n \t \n\n나\tme\n")
    pairs = read_pairs(path)
    assert list(pairs) == [("가", "go"), ("가", "went"), ("나", "me")]
    assert pairs.report.describe() == f"{path}: 7 pairs read, 3 kept (1 duplicate, 3 empty)"


def test_an_evaluation_keeps_every_line_in_its_place(write):
    path = write("test.tsv", "가\tgo\n가\tgo\n\tnothing\n\n나\tme\n")
    pairs = read_pairs(path, drop_duplicates=False, drop_empty=False)
    assert list(pairs) == [("가", "go"), ("가", "go"), ("", "nothing"), ("", ""), ("나", "me")]
    assert pairs.report.dropped == 0


def test_files_of_different_length(write):
    source, target = write("a.ko", "가\n나\n"), write("a.en", "go\n")
    message = error_of(f"{source},{target}")
    assert "a.ko has 2 lines" in message and "a.en has 1" in message


def test_a_line_without_a_tab_is_named(write):
    message = error_of(write("a.tsv", "가\tgo\n나 me\n"))
    assert "a.tsv, line 2: no tab" in message


def test_columns_beyond_the_table(write):
    message = error_of(write("a.tsv", "가\tgo\n"), columns=(1, 3))
    assert "line 1: 2 columns found, but column 3 is wanted" in message
    source, target = write("a.ko", "가\n"), write("a.en", "go\n")
    message = error_of(f"{source},{target}", columns=(3, 1))
    assert "has two columns, but column 3" in message


def test_bad_utf8_says_line_and_byte(write):
    message = error_of(write("a.tsv", b"\xef\xbb\xbfab\tgo\nxy\xff\tme\n"))
    assert "a.tsv, line 2: byte 3 of the line (0xff, offset 11 in the file)" in message
    assert "line 1: byte 1 " in error_of(write("b.tsv", b"\xffab\tgo\n"))


def test_utf16_is_recognised(write):
    assert "is UTF-16" in error_of(write("a.tsv", "가\tgo\n".encode("utf-16")))


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", gzip.compress(b"", mtime=0)])
def test_an_empty_file(write, content):
    assert "is empty" in error_of(write("a.tsv", content))


def test_a_missing_file_names_the_nearest(write, tmp_path):
    write("train.tsv", "가\tgo\n")
    assert f"Did you mean {tmp_path}/train.tsv?" in error_of(f"{tmp_path}/trian.tsv")
    assert f"no file {tmp_path}/b.ko" in error_of(f"{tmp_path}/b.ko,{tmp_path}/train.tsv")
    assert "directory" in error_of(f"{tmp_path}/nowhere/train.tsv")
    assert "No file matches" in error_of(f"{tmp_path}/*.csv")


@pytest.mark.parametrize("spec", ["", "  ", "a,b,c", "a,", ",", "a\0b", "x" * 5000])
def test_a_spec_that_names_nothing(spec):
    assert error_of(spec)


def test_a_directory_and_a_device_are_refused(tmp_path):
    assert "is a directory" in error_of(str(tmp_path))
    if os.path.exists("/dev/zero"):
        assert "not a regular file" in error_of("/dev/zero")


def test_broken_gzip(write):
    whole = gzip.compress("가\tgo\n".encode() * 100)
    damaged = bytearray(whole)
    damaged[-6] ^= 0xFF  # the checksum
    for content in (whole[:-12], bytes(damaged), b"\x1f\x8b"):
        assert "broken gzip" in error_of(write("a.tsv.gz", content))
    assert "is not gzip" in error_of(write("b.tsv.gz", "가\tgo\n"))


def test_nothing_left(write):
    message = error_of(write("a.tsv", "가\t\n\tgo\n"))
    assert "none of 2 lines is left (2 empty)" in message


def test_the_built_in_corpus_has_three_splits():
    train, valid = read_pairs("phrasebook"), read_pairs("phrasebook:valid")
    assert len(train) > len(valid) > 0
    assert train.sources == read_pairs("phrasebook:train").sources
    assert not set(train) & (set(valid) | set(read_pairs("phrasebook:test")))
    swapped = read_pairs("phrasebook:valid", (2, 1))
    assert swapped.sources == valid.targets and swapped.targets == valid.sources
    assert "Did you mean phrasebook:valid?" in error_of("phrasebook:vaild")


def test_parse_columns():
    assert parse_columns(" 2, 1") == (2, 1)
    for text in ("2;1", "2", "0,1", "1,-2", "1,2,3", "", "a,b", "1.5,2", "²,1", "9" * 5000 + ",1"):
        with pytest.raises(CorpusError, match="columns"):
            parse_columns(text)


@pytest.mark.parametrize("columns", [(0, 1), (1,), "12", (True, 2), (1.0, 2), None])
def test_columns_out_of_range(write, columns):
    assert "columns" in error_of(write("a.tsv", "가\tgo\n"), columns=columns)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(tmp_path, content):
    path = tmp_path / "any.tsv"
    path.write_bytes(content)
    try:
        pairs = read_pairs(str(path))
    except CorpusError as error:
        assert "any.tsv" in str(error)
    else:
        assert pairs.report.read == pairs.report.kept + pairs.report.dropped
        assert len(pairs) == pairs.report.kept > 0


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\t\n\r"))


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(CELLS, CELLS), min_size=1))
def test_what_was_written_is_read(tmp_path, rows):
    path = tmp_path / "rows.tsv"
    path.write_bytes("".join(f"{a}\t{b}\n" for a, b in rows).encode("utf-8"))
    pairs = read_pairs(str(path), drop_duplicates=False, drop_empty=False)
    expected = [(a.strip(), b.strip()) for a, b in rows]
    if rows[0][0].startswith("\ufeff"):
        expected[0] = (rows[0][0][1:].strip(), expected[0][1])
    assert list(pairs) == expected
