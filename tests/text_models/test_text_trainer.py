"""Keras's own roads: each does what it says for strings, or names the one that does."""

import keras
import numpy as np
import pytest
from contracts import random_ids
from learnt_pairs import PAIRS

from keras_seq2seq import ByteTokenizer, Ensemble, Seq2Seq, SequenceCrossentropy, TextSeq2Seq

SOURCES, TARGETS = map(list, zip(*PAIRS, strict=True))
OPTIONS = {"units": 4, "embedding_dim": 4}
IDS = {"source_ids": random_ids(2, 3, 30), "decoder_ids": random_ids(2, 3, 30)}


def text_model(**options):
    ids = Seq2Seq.from_options(260, 260, **OPTIONS, **options)
    return TextSeq2Seq(ids, ByteTokenizer(), ByteTokenizer())


@pytest.mark.parametrize("make", [text_model, lambda: text_model().seq2seq])
def test_hdf5_cannot_hold_a_model_and_touches_no_file(make, tmp_path):
    model = make()
    for name in ("m.h5", "m.hdf5"):
        path = tmp_path / name
        path.write_text("kept")
        with pytest.raises(ValueError, match=r'model.save\("m.keras"\), or .*"m.weights.h5"'):
            model.save(path)
        assert path.read_text() == "kept"
    with pytest.raises(ValueError, match=r'model.save\("m.keras"\)'):  # as callbacks save
        checkpoint = keras.callbacks.ModelCheckpoint(str(tmp_path / "m.h5"))
        checkpoint.set_model(model)
        checkpoint.on_epoch_end(0, {})
    for save in (keras.saving.save_model, keras.models.save_model):  # Keras opens it before
        with pytest.raises(ValueError, match=r'model.save\("model.keras"\)'):
            save(model, tmp_path / "m.h5")
    assert model.get_config()
    model.save_weights(tmp_path / "m.weights.h5")
    other = make()
    other.load_weights(tmp_path / "m.weights.h5")
    for ours, theirs in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_export_names_what_writes_strings(trained, tmp_path):
    with pytest.raises(ValueError, match=r"keras_seq2seq.export.saved_model\(model, directory\)"):
        trained.export(tmp_path / "served")
    with pytest.raises(ValueError, match="keras_seq2seq.export.tflite"):
        trained.export(str(tmp_path / "m.tflite"), format="litert")
    assert not list(tmp_path.iterdir())
    text_model().seq2seq.export(tmp_path / "ids", verbose=False)  # over ids it is Keras's
    assert (tmp_path / "ids" / "saved_model.pb").exists()


@pytest.mark.parametrize("options", [{}, {"tie_embeddings": False}, {"share_embeddings": True}])
def test_clones_share_what_the_model_shares(options):
    model = text_model(**options)
    clone = keras.models.clone_model(model)
    assert type(clone) is TextSeq2Seq and type(clone.seq2seq) is Seq2Seq
    assert [w.shape for w in clone.weights] == [w.shape for w in model.weights]
    assert clone.generate(SOURCES[:2], max_length=3)  # a byte tokenizer learns nothing
    with pytest.raises(ValueError, match=r"Use model.copy\(\), or for fresh weights Seq2Seq.from"):
        keras.models.clone_model(model.seq2seq)
    fresh = Seq2Seq.from_config(model.seq2seq.get_config())
    assert fresh(IDS).shape == (2, 3, 260)
    both = keras.models.clone_model(Ensemble([model.seq2seq]))
    assert type(both) is Ensemble


def test_a_clone_without_vocabularies_says_who_has_them(trained, tmp_path):
    clone = keras.models.clone_model(trained)
    for use in (
        lambda: clone.generate("a"),
        lambda: clone.fit(SOURCES, TARGETS),
        lambda: clone.save(tmp_path / "clone.keras"),
    ):
        with pytest.raises(ValueError, match=r"has no vocabulary yet.*clone_model.*model.copy\(\)"):
            use()
    assert trained.copy().generate(SOURCES) == TARGETS


@pytest.mark.parametrize("make", [text_model, lambda: text_model().seq2seq])
@pytest.mark.parametrize("mode", ["int8", "float8"])
def test_quantized_models_could_not_be_loaded(make, mode):
    model = make()
    with pytest.raises(ValueError, match="Keras cannot load a quantized model of these layers"):
        model.quantize(mode)
    before = model.get_weights()
    assert {w.dtype for w in before} == {np.dtype("float32")}


@pytest.mark.parametrize(
    "changes", [{"attention": "additive"}, {"num_layers": 2}, {"layer_norm": True}], ids=str
)
def test_a_copy_takes_no_change_that_its_weights_do_not_fit(changes):
    name, value = next(iter(changes.items()))
    for model in (text_model(), text_model().seq2seq):
        with pytest.raises(ValueError, match=f"copy: with {name}={value!r} a model has other wei"):
            model.copy(**changes)
    assert text_model().copy(attention_heads=2, residual=True).seq2seq.decoder.spec.residual


def test_a_model_is_trained_and_saved_as_any_of_keras(tmp_path):
    model = text_model()
    model.compile("adam", SequenceCrossentropy())
    path = str(tmp_path / "best.keras")
    model.fit(
        SOURCES,
        TARGETS,
        validation_data=(SOURCES, TARGETS),
        callbacks=[keras.callbacks.ModelCheckpoint(path), keras.callbacks.EarlyStopping()],
        verbose=0,
    )
    assert keras.saving.load_model(path).generate(SOURCES) == model.generate(SOURCES)
