"""The same tokens from Keras, SavedModel and .tflite, for 200 sentences nobody trained on."""

import numpy as np
import pytest

from keras_seq2seq import Phrasebook, export, open_artefact
from keras_seq2seq.training import RunDirectory, load_config, train


@pytest.fixture(scope="module")
def model_and_sources(tmp_path_factory):
    folder = tmp_path_factory.mktemp("artefacts")
    book = Phrasebook(size=5000)
    for name in ("train", "valid"):
        lines = [f"{source}\t{target}\n" for source, target in book.split(name)[:4500]]
        (folder / f"{name}.tsv").write_text("".join(lines), "utf-8")
    overrides = [
        f"data.train={folder}/train.tsv",
        f"data.valid={folder}/valid.tsv",
        "text.vocabulary_size=600",
        "model.units=48",
        "model.embedding_dim=48",
        "training.epochs=6",
        "data.batch_size=32",
        "training.learning_rate=5e-3",
        "training.warmup_steps=20",
    ]
    run = RunDirectory(folder / "run").create()
    train(load_config(None, overrides), run)
    return open_artefact(run.path).model, [source for source, _ in book.split("test")[:200]]


@pytest.mark.slow
def test_all_give_the_same_tokens_and_scores(model_and_sources, tmp_path):
    model, sources = model_and_sources
    expected, scores, lengths = model.generate_batches(sources)
    assert len(set(expected)) > 100  # the comparison can tell artefacts apart
    saved = export.saved_model(model, tmp_path / "served", sample=sources[:20])
    lite = export.tflite(model, tmp_path / "model.tflite", sample=sources[:20])
    text = export.tflite(model, tmp_path / "model.text.tflite", text=True, sample=sources[:20])
    for path in (saved, lite, text):
        result = open_artefact(path).generate(sources)
        assert result.texts == expected, path
        assert result.lengths == lengths.tolist(), path
        np.testing.assert_allclose(result.scores, scores, atol=1e-3, err_msg=str(path))
