"""Reading parallel text: what is kept, what is counted, and what is said of bad input."""

import bz2
import gzip
import io
import lzma
import os
import tarfile
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keras_seq2seq.data.corpus_error import CorpusError
from keras_seq2seq.data.parallel_text import parse_columns, read_pairs
from keras_seq2seq.data.text_lines import decode_lines


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


LATIN, KOREAN = "a dog\tein Hund\n" * 3, "가나다\t라 마\n" * 3


@pytest.mark.parametrize("text", [LATIN, KOREAN])
@pytest.mark.parametrize(
    "codec, name",
    [
        ("utf-16", "UTF-16"),
        ("utf-32", "UTF-32"),
        ("utf-16-le", "UTF-16LE"),
        ("utf-16-be", "UTF-16BE"),
        ("utf-32-le", "UTF-32LE"),
        ("utf-32-be", "UTF-32BE"),
    ],
)
def test_wide_encodings_are_told_apart_with_a_mark_or_without(write, text, codec, name):
    said = error_of(write("a.tsv", text.encode(codec)))
    assert f"a.tsv is {name}. Convert it to UTF-8: iconv -f {name} -t UTF-8." in said


def test_big_endian_marks(write):
    for codec in ("utf-16", "utf-32"):
        content = ("\ufeff" + KOREAN).encode(f"{codec}-be")
        assert f"is {codec.upper()}." in error_of(write("a.tsv", content))


@pytest.mark.parametrize("text", [LATIN, KOREAN])
@pytest.mark.parametrize("place", [0, 1, 7, -1])
def test_a_nul_in_utf8_is_named_and_no_wide_encoding(write, text, place):
    text *= 50
    place %= len(text)
    said = error_of(write("a.tsv", f"{text[:place]}\0{text[place:]}"))
    assert f"a.tsv, line {text.count(chr(10), 0, place) + 1}: byte" in said and "is NUL" in said


def test_a_nul_that_could_be_half_a_line_feed(write):
    assert "line 2: byte 1 of the line (0x00" in error_of(write("a.tsv", b"ab\n\0cd\tef\n"))


def workbook(part):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(part, "<x/>" * 100)
    return file.getvalue()


def tar():
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("train.tsv"))
    return file.getvalue()


@pytest.mark.parametrize(
    "content, said",
    [
        (lzma.compress(LATIN.encode()), "is packed by xz. Unpack it: xz -d."),
        (bz2.compress(LATIN.encode()), "is packed by bzip2."),
        (b"\x28\xb5\x2f\xfd\x04\x00\x41", "is packed by zstd."),
        (workbook("xl/workbook.xml"), "is an Excel workbook (.xlsx)"),
        (workbook("word/document.xml"), "is a Word document"),
        (workbook("train.tsv"), "is a zip archive"),
        (b"%PDF-1.7\n%\xe2\xe3\n", "is a PDF document"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500), "is an old Office file"),
        (tar(), "is a tar archive"),
        (gzip.compress(tar()), "is a tar archive"),
        (gzip.compress(gzip.compress(b"a\tb\n")), "is gzip within gzip"),
        (b"PAR1\x15\x00\x15PAR1", "is a Parquet table"),
        (b"\x89PNG\r\n\x1a\n\0\0", "is a picture"),
    ],
    ids=lambda value: value if isinstance(value, str) else "file",  # archives know the time
)
def test_what_is_no_text_is_named(write, content, said):
    assert f"a.tsv {said}" in error_of(write("a.tsv", content))
    with pytest.raises(CorpusError, match="^standard input is "):
        decode_lines(content, "standard input")


def test_text_that_begins_like_something_else_is_text(write):
    for start in ("PAR1", "BZh9", "PK", "Rar!", "7z"):
        assert read_pairs(write("a.tsv", f"{start} go\tgeh\n")).sources == [f"{start} go"]


@pytest.mark.parametrize(
    "content, line",
    [
        ("a\tb\rc\td\re\tf\r", 1),  # one pair with the target "b\rc" once
        ("a\tb\nc\td\ne\tf\rg\th\n", 3),  # which lost h
        ("a\tb\r\nc\td\re\tf\r\n", 2),
        ("a\tb\n\rc\td\n", 2),
    ],
)
def test_a_lone_carriage_return_in_a_table_is_named(write, content, line):
    said = error_of(write("a.tsv", content))
    assert f"a.tsv, line {line}: byte" in said and "carriage return (CR)" in said
    assert f"line {line}: byte" in error_of(write("a.tsv.gz", gzip.compress(content.encode())))
    with pytest.raises(CorpusError, match=f"standard input, line {line}"):
        decode_lines(content.encode(), "standard input")


def test_a_carriage_return_beyond_the_columns_that_count_is_none_of_ours(write):
    path = write("a.tsv", "a\tb\tby\rme\nc\td\tx\ty\r\r z\n")
    assert list(read_pairs(path)) == [("a", "b"), ("c", "d")]
    assert "line 1: byte 7 of" in error_of(path, columns=(1, 3))
    assert "line 1: byte 8 of" in error_of(write("a.tsv", "a\tb\tbyx\rc\td\n"))
    assert "(CR)" in error_of(write("a.tsv", "a\tb\tby me\rc\td\tby me\r"))  # lines of their own


def test_carriage_returns_before_the_line_end_belong_to_it(write):
    assert list(read_pairs(write("a.tsv", "a\tb\r\r\nc\td\r"))) == [("a", "b"), ("c", "d")]


def test_two_files_keep_carriage_returns_within_lines_that_line_feeds_end(write):
    source, target = write("a.ko", "가\r나\n다\n"), write("a.en", "one\ntwo\n")
    assert list(read_pairs(f"{source},{target}")) == [("가\r나", "one"), ("다", "two")]
    source, target = write("b.ko", "가\r나\r"), write("b.en", "one\rtwo\r")
    assert "b.ko, line 1" in error_of(f"{source},{target}")


def test_byte_order_marks_of_joined_files_are_dropped(write):
    path = write("joined.tsv", "\ufeffa\tb\n\ufeffc\td\r\n\ufeff\n\ufeffe\tf")
    assert list(read_pairs(path)) == [("a", "b"), ("c", "d"), ("e", "f")]
    source, target = write("a.ko", "가\n\ufeff나\n"), write("a.en", "go\nme\n")
    assert read_pairs(f"{source},{target}").sources == ["가", "나"]


@pytest.mark.parametrize(
    "content, line",
    [
        ("a\tb\nc\td\ufeffe\tf\ng\th\n", 2),
        ("a\tb\ufeffc\td", 1),
        ("a\tb\tx\nc\td\ty\ufeffe\tf\tz\n", 2),
    ],
)
def test_files_that_were_joined_without_a_line_end(write, content, line):
    said = error_of(write("a.tsv", content))
    assert f"a.tsv, line {line}: a byte order mark stands within the line" in said


def test_a_zero_width_space_within_a_cell_is_no_joint(write):
    path = write("a.tsv", "a\tb\tx\nc\ufeffd\te\ufefff\ty\ng\th\ufeffi\tz\n")
    assert read_pairs(path).targets == ["b", "e\ufefff", "h\ufeffi"]


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


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\t\n\r\0"))


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(CELLS, CELLS), min_size=1))
def test_what_was_written_is_read(tmp_path, rows):
    path = tmp_path / "rows.tsv"
    path.write_bytes("".join(f"{a}\t{b}\n" for a, b in rows).encode("utf-8"))
    pairs = read_pairs(str(path), drop_duplicates=False, drop_empty=False)
    assert list(pairs) == [(a.removeprefix("\ufeff").strip(), b.strip()) for a, b in rows]
