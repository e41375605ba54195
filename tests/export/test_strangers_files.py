"""Files that somebody else made, or that were damaged on their way: refused, and said why."""

import zipfile

import h5py
import hostile_files as hostile
import keras
import numpy as np
import pytest
from contracts import few_at_first

from keras_seq2seq import Seq2Seq, TextSeq2Seq, export, open_artefact
from keras_seq2seq.text import CharacterTokenizer

VOCABULARIES = ("assets/layers/character_tokenizer", "assets/layers/character_tokenizer_1")


def make(letters=("abcdef", "ghijkl"), **limits):
    source, target = (CharacterTokenizer.learn([text], 50) for text in letters)
    size = source.vocabulary_size
    seq2seq = Seq2Seq.from_options(size, size, units=8, embedding_dim=8)
    return TextSeq2Seq(seq2seq, source, target, **{"max_target_length": 6, **limits})


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    model = make()
    path = tmp_path_factory.mktemp("saved") / "model.keras"
    model.save(path)
    return model, path


def refused(path, match):
    with pytest.raises(export.ExportError, match=match):
        open_artefact(path)


# === Limits ===


@pytest.mark.parametrize("name", ["max_source_length", "max_target_length"])
@pytest.mark.parametrize(
    "value", few_at_first(3, [0, "64", 100_001, -1, True, None, 64.0, 10_000_000])
)
def test_a_limit_is_a_sane_int(name, value):
    with pytest.raises(ValueError, match=f"{name} must be an int from 1 to 100,000"):
        make(**{name: value})
    assert getattr(make(**{name: np.int64(9)}), name) == 9


@pytest.mark.parametrize("value", [-1, True, None, 10_000_000])
def test_a_limit_in_a_file_is_checked(value, saved, tmp_path):
    changes = hostile.with_config(lambda c: hostile.set_everywhere(c, "max_target_length", value))
    path = hostile.rewrite(saved[1], tmp_path / "x.keras", changes)
    refused(path, "max_target_length must be an int")


# === One identity ===


def swapped(path, name):
    with zipfile.ZipFile(path) as archive:
        return archive.read(name)


def changes_of_identity(path, other):
    ours = [f"{folder}/vocabulary.txt" for folder in VOCABULARIES]
    parts = {name: swapped(other, name) for name in ("model.weights.h5", "config.json")}
    return {
        "vocabularies": {a: swapped(path, b) for a, b in (ours, ours[::-1])},
        "vocabulary": {ours[0]: swapped(other, ours[0])},
        "weights": {"model.weights.h5": parts["model.weights.h5"]},
        "configuration": {"config.json": parts["config.json"]},
    }


@pytest.mark.parametrize("part", ["vocabularies", "vocabulary", "weights", "configuration"])
def test_parts_of_another_model_are_refused_by_keras_too(part, saved, tmp_path):
    model, path = saved
    make(("abcdeg", "ghijkl"), max_target_length=7).save(tmp_path / "other.keras")
    changes = changes_of_identity(path, tmp_path / "other.keras")[part]
    broken = hostile.rewrite(path, tmp_path / "broken.keras", changes)
    with pytest.raises(ValueError, match=r"that the model was\s+saved with"):
        keras.saving.load_model(broken)
    refused(broken, "that the model was saved with")
    same = hostile.rewrite(path, tmp_path / "same.keras", {}, zipfile.ZIP_DEFLATED)
    assert open_artefact(same).generate(["abc"]).texts == model.generate(["abc"])


def test_a_file_without_a_seal_is_read_as_ever(saved, tmp_path):
    """Earlier versions wrote neither seal nor fingerprints."""
    model, path = saved
    old = tmp_path / "old.keras"

    def without(config):
        for saved in (config["config"][f"{side}_tokenizer"] for side in ("source", "target")):
            del saved["config"]["fingerprint"]

    change = hostile.with_config(without)["config.json"]
    with zipfile.ZipFile(path) as before, zipfile.ZipFile(old, "w") as after:
        for name in before.namelist():
            content = before.read(name)
            if "seal" not in name:
                after.writestr(name, change(content) if name == "config.json" else content)
    loaded = keras.saving.load_model(old)
    assert loaded.generate(["abc"]) == model.generate(["abc"])
    assert open_artefact(old).generate(["abc"]).texts == model.generate(["abc"])
    loaded.save(tmp_path / "new.keras")
    with zipfile.ZipFile(tmp_path / "new.keras") as archive:
        assert "assets/_seal/seal.json" in archive.namelist()


def test_the_seal_is_no_layer_and_lives_on(saved, tmp_path):
    model, path = saved
    assert len(model.layers) == 3
    again = keras.saving.load_model(path)
    again.seq2seq.set_weights([w + 1 for w in again.seq2seq.get_weights()])
    again.save(tmp_path / "again.keras")
    open_artefact(tmp_path / "again.keras")
    again.copy().save(tmp_path / "copy.keras")
    open_artefact(tmp_path / "copy.keras")
    TextSeq2Seq.ensemble([model, again]).save(tmp_path / "both.keras")
    assert open_artefact(tmp_path / "both.keras").generate(["abc"]).texts


def test_a_tokenizer_in_any_model_knows_its_vocabulary(tmp_path):
    one, other = (CharacterTokenizer.learn([text], 50) for text in ("abc", "abd"))
    other.save_assets(tmp_path)
    again = CharacterTokenizer.from_config(one.get_config())
    with pytest.raises(ValueError, match="not the vocabulary that the model was saved with"):
        again.load_assets(tmp_path)
    one.save_assets(tmp_path)
    again.load_assets(tmp_path)
    assert again.vocabulary == one.vocabulary


# === Sizes and classes ===


def units(config):
    hostile.set_everywhere(config, "mode", "dense")
    hostile.set_everywhere(config, "units", 10**6)


def everywhere(key, value):
    return lambda config: hostile.set_everywhere(config, key, value)


def lambda_layer(config):
    code = {"class_name": "__lambda__", "config": {"value": "4wEAAAA="}}
    config["config"]["seq2seq"]["config"]["encoder"]["config"]["embedding"] = {
        "module": "keras.layers",
        "class_name": "Lambda",
        "config": {"name": "x", "function": code},
        "registered_name": None,
    }


def other_class(module, kind, **config):
    def change(saved):
        inside = saved["config"]["seq2seq"]["config"]["encoder"]["config"]
        inside["embedding"] = {"module": module, "class_name": kind, "config": config}

    return change


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (units, "bytes of weights, but there are"),
        (
            lambda c: hostile.set_everywhere(c, "num_layers", 300),
            "arrays of weights for 300 layers",
        ),
        (lambda c: hostile.set_everywhere(c, "vocabulary_size", 10**9), "readable .keras model"),
        (lambda_layer, "__lambda__|Lambda"),
        (other_class("keras.layers", "TFSMLayer", filepath="/tmp/x"), "keras.layers.TFSMLayer"),
        (other_class("keras.layers", "StringLookup", vocabulary="/etc/passwd"), "StringLookup"),
        (other_class("keras.utils", "get_file", origin="http://localhost"), "utils.get_file"),
        (other_class("os", "system", command="true"), "os.system"),
    ],
    ids=["units", "layers", "words", "lambda", "saved_model", "lookup", "download", "system"],
)
def test_a_configuration_asks_for_no_more_than_the_weights(change, match, saved, tmp_path):
    path = hostile.rewrite(saved[1], tmp_path / "x.keras", hostile.with_config(change))
    refused(path, match)


def external(file):
    file["elsewhere"] = h5py.ExternalLink("other.h5", "/x")


def soft(file):
    file["elsewhere"] = h5py.SoftLink("/nowhere")


def external_storage(file):
    file.create_dataset("x", (4,), "float32", external=[("/etc/hostname", 0, 16)])


def virtual(file):
    layout = h5py.VirtualLayout((4,), "float32")
    layout[:] = h5py.VirtualSource("other.h5", "x", (4,))
    file.create_virtual_dataset("x", layout)


def packed(file):
    file.create_dataset("x", (10**9,), "float32", chunks=(10**6,), compression="gzip")


def declared(file):
    name = hostile.first_dataset(file)
    del file[name]
    file.create_dataset(name, (10**9,), "float32")  # nothing is written: all are the fill value


def strings(file):
    file["x"] = "a string"


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (external, "link to another place"),
        (soft, "link to another place"),
        (external_storage, "not all in the file"),
        (virtual, "not all in the file"),
        (packed, "is packed"),
        (declared, "not all in the file"),
        (strings, "no array of numbers"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_weights_are_plain_arrays_in_the_file(change, match, saved, tmp_path):
    path = hostile.rewrite(saved[1], tmp_path / "x.keras", hostile.with_weights(change))
    refused(path, match)


def test_a_cycle_of_groups_ends(saved, tmp_path):
    def cycle(file):
        file["loop"] = file["/"]

    open_or_error = hostile.rewrite(saved[1], tmp_path / "x.keras", hostile.with_weights(cycle))
    assert open_artefact(open_or_error).generate(["abc"]).texts == saved[0].generate(["abc"])


@pytest.mark.parametrize("value", [np.inf, np.nan])
def test_weights_that_are_not_finite_are_refused(value, tmp_path):
    model = make()
    weights = model.seq2seq.get_weights()
    weights[0][0, 0] = value
    model.seq2seq.set_weights(weights)
    model.save(tmp_path / "x.keras")
    refused(tmp_path / "x.keras", "are not finite")


def test_zip_bombs_are_not_unpacked(saved, tmp_path):
    def bomb(name, size=2**28):
        changes = {name: b"\0" * size}
        packed = zipfile.ZIP_DEFLATED
        return hostile.rewrite(saved[1], tmp_path / "x.keras", changes, packed)

    for name in ("model.weights.h5", "assets/x/vocabulary.txt", "config.json", "metadata.json"):
        path = bomb(name)
        assert path.stat().st_size < 2**20
        refused(path, "unpack to 268,435,456")


@pytest.mark.parametrize(
    "name", ["assets/../../x", "/etc/x", "assets\\..\\x", "model.weights.npz", "x.py"]
)
def test_other_files_in_it_are_refused(name, saved, tmp_path):
    path = hostile.rewrite(saved[1], tmp_path / "x.keras", {name: b"x"})
    refused(path, "no part of a model|no name of a file")


def test_a_flipped_bit_is_told(saved, tmp_path):
    content = bytearray(saved[1].read_bytes())
    content[len(content) // 2] ^= 4
    (tmp_path / "x.keras").write_bytes(content)
    refused(tmp_path / "x.keras", "was damaged: its checksum is wrong")
