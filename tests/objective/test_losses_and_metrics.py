import keras
import numpy as np
import pytest
from contracts import check_config_is_complete

from keras_seq2seq import Perplexity, SequenceCrossentropy, TokenAccuracy

RANDOM = np.random.default_rng(0)
LOGITS = RANDOM.normal(0, 3, (3, 5, 11)).astype("float32")
TARGETS = RANDOM.integers(1, 11, (3, 5)).astype("int32")
TARGETS[0, 3:] = 0
TARGETS[2, 1:] = 0
REAL = TARGETS != 0


def log_softmax(logits):
    logits = logits.astype("float64")
    return logits - np.log(np.exp(logits).sum(-1, keepdims=True))


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.5])
def test_closed_form_equals_one_hot_smoothing(smoothing):
    smooth = (1 - smoothing) * np.eye(11)[TARGETS] + smoothing / 11
    expected = -(smooth * log_softmax(LOGITS)).sum(-1)[REAL].mean()
    assert float(SequenceCrossentropy(smoothing)(TARGETS, LOGITS)) == pytest.approx(expected, 1e-5)
    reference = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=smoothing)
    theirs = reference(np.eye(11)[TARGETS][REAL], LOGITS[REAL])
    assert float(theirs) == pytest.approx(expected, 1e-5)


def test_more_padding_changes_nothing():
    wide_targets = np.pad(TARGETS, ((0, 2), (0, 4)))
    wide_logits = np.pad(LOGITS, ((0, 2), (0, 4), (0, 0)), constant_values=7)
    loss = SequenceCrossentropy(0.1)
    assert float(loss(wide_targets, wide_logits)) == pytest.approx(float(loss(TARGETS, LOGITS)))


def test_sample_weights_count_pairs_and_padding_stays_out():
    loss = SequenceCrossentropy()
    weights = np.array([[1.0], [2.0], [0.0]]) * np.ones((3, 5))
    each = -np.take_along_axis(log_softmax(LOGITS), TARGETS[..., None], -1)[..., 0]
    expected = (each * weights * REAL).sum() / (weights * REAL).sum()
    assert float(loss(TARGETS, LOGITS, sample_weight=weights)) == pytest.approx(expected, 1e-5)


def test_a_batch_of_padding_alone_gives_zero_not_nan():
    assert float(SequenceCrossentropy(0.1)(np.zeros((2, 3)), LOGITS[:2, :3])) == 0


def test_half_precision_logits_give_a_float32_loss():
    loss = SequenceCrossentropy(0.1)(TARGETS, LOGITS.astype("float16"))
    assert keras.backend.standardize_dtype(loss.dtype) == "float32"


@pytest.mark.parametrize("wrong", [-0.1, 1.0])
def test_smoothing_outside_of_its_range_is_refused(wrong):
    with pytest.raises(ValueError, match="must lie in"):
        SequenceCrossentropy(wrong)


def test_metrics_over_batches_are_those_of_all_tokens_together():
    accuracy, perplexity, real = TokenAccuracy(), Perplexity(), []
    for row in range(3):  # batches with 3, 5 and 1 real tokens, of different widths
        width = 5 - row
        targets, logits = TARGETS[row : row + 1, :width], LOGITS[row : row + 1, :width]
        real.append(REAL[row] & (np.arange(5) < width))
        accuracy.update_state(targets, logits)
        perplexity.update_state(targets, logits)
    real = np.stack(real)
    assert float(accuracy.count) == real.sum()
    right = (LOGITS.argmax(-1) == TARGETS)[real].mean()
    each = -np.take_along_axis(log_softmax(LOGITS), TARGETS[..., None], -1)[..., 0]
    assert float(accuracy.result()) == pytest.approx(right, 1e-6)
    assert float(perplexity.result()) == pytest.approx(np.exp(each[real].mean()), 1e-4)


def test_configs():
    check_config_is_complete(SequenceCrossentropy(0.2))
    assert TokenAccuracy(ignore_id=4).get_config()["ignore_id"] == 4
    assert Perplexity(ignore_id=4).get_config()["ignore_id"] == 4


def twice(array):
    return np.concatenate([array, array])


def test_r_drop_is_the_symmetric_divergence_of_two_passes():
    """Against the definition, written with probabilities in float64."""
    passes = np.concatenate([LOGITS, LOGITS + RANDOM.normal(size=LOGITS.shape)]).astype("float32")
    first, second = log_softmax(passes[:3]), log_softmax(passes[3:])
    both = (np.exp(first) * (first - second) + np.exp(second) * (second - first)).sum(-1)
    plain, r_drop = SequenceCrossentropy(0.1), SequenceCrossentropy(0.1, r_drop=3.0)
    extra = float(r_drop(twice(TARGETS), passes)) - float(plain(twice(TARGETS), passes))
    assert extra == pytest.approx(3.0 / 4 * both[REAL].mean(), 1e-4)


def test_r_drop_adds_nothing_where_passes_agree_or_sentences_differ():
    plain, r_drop = SequenceCrossentropy(), SequenceCrossentropy(r_drop=5.0)
    for targets, logits in (
        (twice(TARGETS), twice(LOGITS)),  # the same twice
        (TARGETS, LOGITS),  # an odd number of rows
        (TARGETS[:2], LOGITS[:2]),  # two halves that differ
        (TARGETS[:1], LOGITS[:1]),
    ):
        assert float(r_drop(targets, logits)) == pytest.approx(float(plain(targets, logits)))


def test_r_drop_must_not_be_negative():
    with pytest.raises(ValueError, match="r_drop=-1"):
        SequenceCrossentropy(r_drop=-1)
