"""Files that belong together are known by their hashes."""

import pytest

from keras_seq2seq.file_hashes import HASHES, check_files, expect_file, known_hashes, sha256_of


def write(path, text):
    path.write_text(text)
    return path


def test_a_file_may_be_the_one_before_until_it_is_renamed(tmp_path):
    for text in ("first", "second", "third"):
        new = write(tmp_path / "new", text)
        expect_file(tmp_path, "model", new)
        check_files(tmp_path)  # killed before the file was renamed
        new.rename(tmp_path / "model")
        check_files(tmp_path)
    assert len(known_hashes(tmp_path)["model"]) == 2
    write(tmp_path / "model", "first")
    with pytest.raises(ValueError, match=r"model is not the file .* SHA-256 is a7937b64b8ca"):
        check_files(tmp_path)


def test_the_same_content_again_is_one_hash(tmp_path):
    for _ in range(2):
        expect_file(tmp_path, "model", write(tmp_path / "model", "same"))
    assert known_hashes(tmp_path) == {"model": [sha256_of(tmp_path / "model")]}


def test_what_is_not_there_or_not_known_is_passed_over(tmp_path):
    check_files(tmp_path)
    expect_file(tmp_path, "gone", write(tmp_path / "other", "x"))
    check_files(tmp_path)
    check_files(tmp_path, {"nowhere": ["0"]})


@pytest.mark.parametrize("text", ["", "{", "[]", '{"model": "x"}', '{"model": [1]}', "[" * 100_000])
def test_a_broken_record_is_told(text, tmp_path):
    write(tmp_path / HASHES, text)
    with pytest.raises(ValueError, match="is broken: bring it back"):
        check_files(tmp_path)
