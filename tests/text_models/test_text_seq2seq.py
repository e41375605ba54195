import json
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
from contracts import check_config_is_complete
from learnt_pairs import PAIRS

from keras_seq2seq import Seq2Seq, SequenceCrossentropy, TextSeq2Seq
from keras_seq2seq.text import ByteTokenizer, CharacterTokenizer, Normalization

SOURCES = [source for source, _ in PAIRS]
TARGETS = [target for _, target in PAIRS]


def byte_model(**kwargs):
    tokenizer = ByteTokenizer()
    size = tokenizer.vocabulary_size
    return TextSeq2Seq(
        Seq2Seq.from_options(size, size, units=8, embedding_dim=8), tokenizer, tokenizer, **kwargs
    )


def test_learns_its_pairs_by_heart(trained):
    assert trained.generate(SOURCES) == TARGETS


def test_one_string_in_one_string_out(trained):
    assert trained.generate(SOURCES[0]) == TARGETS[0]
    text, score = trained.generate(SOURCES[0], return_scores=True)
    assert text == TARGETS[0]
    assert isinstance(score, float)
    assert -5 < score < 0
    assert trained.generate([]) == []


@pytest.mark.parametrize("batch_size", [1, 3, 32])
def test_batches_and_order_change_nothing(trained, batch_size):
    texts = [*SOURCES, "", "없는 말", " \t ", SOURCES[2]]
    expected, scores = trained.generate(texts, return_scores=True)
    order = np.random.default_rng(0).permutation(len(texts))
    shuffled = [texts[i] for i in order]
    outputs, other = trained.generate(shuffled, batch_size, return_scores=True)
    assert outputs == [expected[i] for i in order]
    np.testing.assert_allclose(other, [scores[i] for i in order], atol=1e-4)


def test_empty_and_blank_lines_give_empty_results(trained):
    outputs, scores = trained.generate(["", "   ", "\t\u3000\n"], return_scores=True)
    assert outputs == ["", "", ""]
    assert not scores.any()


def test_what_is_no_string_is_refused(trained):
    with pytest.raises(TypeError, match="expected strings, got int"):
        trained.generate(["a", 7])
    for texts in ([None], ["a", None, 7]):
        with pytest.raises(TypeError, match="expected strings, got NoneType"):
            trained.generate(texts)
    with pytest.raises(ValueError, match="batch_size must be at least 1"):
        trained.generate(["a"], batch_size=0)


@pytest.mark.parametrize(
    "text",
    ["a" * 10_000, "\0", "😀🇰🇷👩‍👩‍👧", "שלום", "e\u0301\u0301\u0301", "\ufeff", b"\xff\xfe\x80"],
)
def test_odd_strings_are_translated_alone_as_in_a_batch(trained, text):
    together = trained.generate([text, *SOURCES])
    assert together[0] == trained.generate([text])[0]
    assert together[1:] == TARGETS


def test_fit_takes_strings_ids_and_datasets(trained):
    losses = []
    model = byte_model(max_source_length=48, max_target_length=24)
    model.compile(loss=SequenceCrossentropy())
    x, y, weight = model.encode_examples(SOURCES, TARGETS)
    pairs = tf.data.Dataset.from_tensor_slices((SOURCES, TARGETS)).batch(8)
    losses.append(model.evaluate(SOURCES, TARGETS, verbose=0))
    losses.append(model.evaluate(x, y, sample_weight=weight, verbose=0))
    losses.append(model.evaluate(pairs, verbose=0))
    np.testing.assert_allclose(losses, losses[0], rtol=1e-5)
    history = model.fit(pairs, validation_data=(SOURCES, TARGETS), verbose=0).history
    assert np.isfinite(history["val_loss"]).all()


def test_as_many_targets_as_sources():
    with pytest.raises(ValueError, match="received 2 sources and 1 targets"):
        byte_model().fit(["a", "b"], ["c"])


def test_attention_shows_every_token(trained):
    weights, target_tokens, source_tokens = trained.attention(SOURCES[2], TARGETS[2])
    assert weights.shape == (len(target_tokens), len(source_tokens))
    assert target_tokens[-1] == source_tokens[-1] == "</s>"
    np.testing.assert_allclose(weights.sum(-1), 1, atol=1e-5)


def test_vocabulary_and_model_must_agree():
    tokenizer = ByteTokenizer()
    with pytest.raises(ValueError, match="source_vocabulary_size=260"):
        TextSeq2Seq(Seq2Seq.from_options(100, 260, units=4, embedding_dim=4), tokenizer, tokenizer)


def test_config(trained):
    model = byte_model()
    check_config_is_complete(model)
    assert "vocabulary" not in json.dumps(trained.get_config()["source_tokenizer"]["config"])


def test_a_new_process_gives_the_same(trained, tmp_path):
    trained.save(tmp_path / "model.keras")
    texts = [*SOURCES, "", "저는 책이 있어요."]
    program = """
import json, sys, keras, keras_seq2seq
model = keras.saving.load_model(sys.argv[1])
texts, scores = model.generate(json.loads(sys.argv[2]), return_scores=True)
print(json.dumps([texts, scores.tolist(), bool(model.compiled)]))
"""
    command = [sys.executable, "-c", program, str(tmp_path / "model.keras"), json.dumps(texts)]
    reply = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    outputs, scores, compiled = json.loads(reply.stdout.splitlines()[-1])
    expected, expected_scores = trained.generate(texts, return_scores=True)
    assert outputs == expected
    np.testing.assert_allclose(scores, expected_scores, atol=1e-4)
    assert compiled


def test_saving_keeps_other_tokenizers_and_their_normalization(tmp_path):
    normalization = Normalization("NFD", lowercase=True)
    characters = CharacterTokenizer.learn(SOURCES, 80, normalization)
    bytes_ = ByteTokenizer()
    seq2seq = Seq2Seq.from_options(
        characters.vocabulary_size, bytes_.vocabulary_size, units=8, embedding_dim=8
    )
    model = TextSeq2Seq(seq2seq, characters, bytes_, max_source_length=30, max_target_length=9)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.source_tokenizer.vocabulary_state() == characters.vocabulary_state()
    assert (loaded.max_source_length, loaded.max_target_length) == (30, 9)
    assert loaded.generate(SOURCES) == model.generate(SOURCES)


@pytest.mark.parametrize("ids", [{"pad_id": 9}, {"bos_id": 5}, {"eos_id": 7}], ids=str)
def test_special_ids_are_those_of_text(ids):
    bytes_ = ByteTokenizer()
    size = bytes_.vocabulary_size
    model = Seq2Seq.from_options(size, size, units=4, embedding_dim=4, **ids)
    with pytest.raises(ValueError, match="those of text are 0, 2 and 3"):
        TextSeq2Seq(model, bytes_, bytes_)
