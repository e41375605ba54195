"""Which directories are versions."""

import pytest

from keras_seq2seq.export.export_error import ExportError
from keras_seq2seq.export.saved_model import _rename_to_next_version
from keras_seq2seq.export.saved_model_artefact import find_version
from keras_seq2seq.export.version_names import is_version_name

TOO_LARGE = str(2**63)
NONE = ("", "²", "١", "-1", "+1", "1 ", "1.0", "v1", TOO_LARGE, "9" * 20, "9" * 5000)


def test_versions_are_numbers_that_a_server_can_bear():
    for name in ("0", "1", "0009", "20261129115000", str(2**63 - 1), "0" * 5000 + "7"):
        assert is_version_name(name)
    for name in NONE:
        assert not is_version_name(name)


def test_other_directories_are_neither_read_nor_counted(tmp_path):
    for name in ("²", TOO_LARGE, "2", "written"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "saved_model.pb").touch()
    assert find_version(tmp_path) == tmp_path / "2"
    assert _rename_to_next_version(tmp_path / "written", tmp_path) == tmp_path / "3"
    (tmp_path / str(2**63 - 1)).mkdir()
    with pytest.raises(ExportError, match="no version can follow"):
        _rename_to_next_version(tmp_path / "3", tmp_path)
