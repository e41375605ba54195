import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins import projector

from keras_seq2seq import ByteTokenizer, Seq2Seq, SequenceCrossentropy, TextSeq2Seq
from keras_seq2seq.data import SentencePairs
from keras_seq2seq.training import (
    AttentionImages,
    EmbeddingProjector,
    RunDirectory,
    SampleTranslations,
    load_config,
    train,
)
from keras_seq2seq.training.tensorboard.event_log import EventLog
from keras_seq2seq.training.tensorboard.tensorboard_views import spread, tensorboard_views

SOURCES, REFERENCES = ["책이 있어요.", "물을 마셔요."], ["There is a book.", "I drink water."]


def events(folder):
    accumulator = EventAccumulator(str(folder), size_guidance={"tensors": 0})
    accumulator.Reload()
    return {
        tag: [(e.step, tf.make_ndarray(e.tensor_proto)) for e in accumulator.Tensors(tag)]
        for tag in accumulator.Tags()["tensors"]
    }


def run_epochs(callback, model, epochs=2):
    callback.set_model(model)
    for epoch in range(epochs):
        callback.on_epoch_end(epoch, {})
    callback.on_train_end()


def test_samples_are_the_models_translations(trained, tmp_path):
    run_epochs(SampleTranslations(tmp_path, SOURCES, REFERENCES), trained)
    found = events(tmp_path)["samples"]
    assert [step for step, _ in found] == [1, 2]
    text = found[0][1].item().decode("utf-8")
    for line, source, reference in zip(text.splitlines()[2:], SOURCES, REFERENCES, strict=True):
        assert line == f"| {source} | {reference} | {trained.generate(source)} |"


def test_text_is_shown_as_it_is(trained, tmp_path):
    hostile = ["a | b\n# c <script> *d* $x$ &amp;", ""]
    run_epochs(SampleTranslations(tmp_path, hostile, hostile), trained, epochs=1)
    text = events(tmp_path)["samples"][0][1].item().decode("utf-8")
    assert len(text.splitlines()) == 4 and "<script>" not in text
    assert r"a \| b # c &lt;script&gt; \*d\* \$x\$ &amp;amp;" in text


def test_sources_and_references_go_together(tmp_path):
    with pytest.raises(ValueError, match="2 sources, but 1 references"):
        SampleTranslations(tmp_path, SOURCES, REFERENCES[:1])


def test_attention_is_a_picture_for_each_sentence(trained, tmp_path):
    run_epochs(AttentionImages(tmp_path, SOURCES), trained)
    found = events(tmp_path)
    assert sorted(found) == ["attention/1", "attention/2"]
    for pictures in found.values():
        assert [step for step, _ in pictures] == [1, 2]
        width, height, png = pictures[0][1]
        pixels = tf.io.decode_png(png).numpy()
        assert pixels.shape == (int(height), int(width), 3) and pixels.std() > 10


def test_embeddings_come_with_their_tokens(trained, tmp_path):
    run_epochs(EmbeddingProjector(tmp_path), trained)
    config = projector.ProjectorConfig()
    from google.protobuf import text_format

    text_format.Parse((tmp_path / "projector_config.pbtxt").read_text(), config)
    assert [e.tensor_path for e in config.embeddings] == [
        "target_embedding.tsv",
        "source_embedding.tsv",
    ]
    for entry, tokenizer, side in zip(
        config.embeddings,
        (trained.target_tokenizer, trained.source_tokenizer),
        (trained.seq2seq.decoder, trained.seq2seq.encoder),
        strict=True,
    ):
        labels = (tmp_path / entry.metadata_path).read_text("utf-8").splitlines()
        assert labels == tokenizer.tokens()
        table = np.loadtxt(tmp_path / entry.tensor_path, delimiter="\t")
        np.testing.assert_allclose(table, side.embedding.embeddings.numpy(), rtol=1e-3)


def test_few_tokens_are_written_on_demand_and_shared_tables_once(tmp_path):
    from keras_seq2seq import CharacterTokenizer

    tokenizer = CharacterTokenizer.learn(["a\tb\u2028 c"], 20)
    size = tokenizer.vocabulary_size
    seq2seq = Seq2Seq.from_options(size, size, units=4, embedding_dim=4, share_embeddings=True)
    model = TextSeq2Seq(seq2seq, tokenizer, tokenizer)
    run_epochs(EmbeddingProjector(tmp_path, max_tokens=7), model)
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "projector_config.pbtxt",
        "target_embedding.tsv",
        "target_tokens.tsv",
    ]
    assert len((tmp_path / "target_tokens.tsv").read_text("utf-8").splitlines()) == 7
    assert len((tmp_path / "target_embedding.tsv").read_text().splitlines()) == 7


def test_what_cannot_be_written_is_told_once(trained, tmp_path):
    (tmp_path / "file").write_text("in the way")
    said = []
    samples = SampleTranslations(tmp_path / "file", SOURCES, REFERENCES, said.append)
    for callback in (samples, EmbeddingProjector(tmp_path / "file", say=said.append)):
        run_epochs(callback, trained, epochs=3)
    assert len(said) == 2 and all("cannot be written" in message for message in said)
    assert (tmp_path / "file").read_text() == "in the way"


def test_nothing_is_opened_before_there_is_something_to_write(tmp_path):
    EventLog(tmp_path / "logs").close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_training_is_the_same_with_and_without_them(trained, tmp_path):
    """They draw no random numbers and change no weights."""

    def weights(callbacks):
        keras.utils.set_random_seed(3)
        model = trained.copy(dropout=0.3)
        model.compile(keras.optimizers.Adam(0.01), SequenceCrossentropy())
        model.fit(SOURCES, REFERENCES, epochs=2, verbose=0, callbacks=callbacks)
        return model.get_weights()

    views = [
        SampleTranslations(tmp_path, SOURCES, REFERENCES),
        AttentionImages(tmp_path, SOURCES),
        EmbeddingProjector(tmp_path),
    ]
    for ours, theirs in zip(weights(views), weights([]), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_run_shows_what_its_configuration_asks_for(tmp_path):
    path = tmp_path / "pairs.tsv"
    path.write_text("".join(f"물 {i}\twater {i}\n" for i in range(40)), "utf-8")
    changes = [f"data.train={path}", f"data.valid={path}", "text.tokenizer=character"]
    changes += ["training.epochs=1", "model.units=4", "model.embedding_dim=4"]
    run = RunDirectory(tmp_path / "run").create()
    train(load_config(None, [*changes, "training.embedding_projector=true"]), run)
    text = events(run.logs / "samples")["samples"][0][1].item().decode("utf-8")
    assert [line.split(" | ")[1] for line in text.splitlines()[2:]] == [
        "water 0", "water 13", "water 26",
    ]  # fmt: skip
    assert list(events(run.logs / "attention")) == ["attention/1"]
    assert (run.logs / "train" / "projector_config.pbtxt").is_file()
    assert "loss" in " ".join(events(run.logs / "train"))


def test_without_attention_there_are_no_pictures_of_it(tmp_path):
    bytes_ = ByteTokenizer()
    size = bytes_.vocabulary_size
    seq2seq = Seq2Seq.from_options(size, size, units=4, embedding_dim=4, attention=None)
    model = TextSeq2Seq(seq2seq, bytes_, bytes_)
    pairs = SentencePairs(SOURCES, REFERENCES)
    (only,) = tensorboard_views(load_config().training, model, tmp_path, pairs)
    assert isinstance(only, SampleTranslations)


def test_all_can_be_switched_off(trained, tmp_path):
    off = ["training.sample_translations=0", "training.attention_images=0"]
    config = load_config(None, off).training
    assert tensorboard_views(config, trained, tmp_path, SentencePairs(SOURCES, REFERENCES)) == []
    default = tensorboard_views(
        load_config().training, trained, tmp_path, SentencePairs(SOURCES, REFERENCES)
    )
    assert [type(callback).__name__ for callback in default] == [
        "SampleTranslations",
        "AttentionImages",
    ]
    assert default[0].log.log_dir != default[1].log.log_dir  # TensorBoard follows one file each


def test_samples_come_from_all_over_the_corpus():
    assert spread(range(100), 4) == [0, 25, 50, 75]
    assert spread(range(2), 5) == [0, 1] and spread([], 3) == []
