"""The dataset: every pair once an epoch, an order that depends on seed and epoch alone."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_seq2seq.data.corpus_error import CorpusError
from keras_seq2seq.data.epoch_counter import EpochCounter
from keras_seq2seq.data.pipeline import drop_over_long, make_dataset, token_lengths
from keras_seq2seq.data.sentence_pairs import SentencePairs
from keras_seq2seq.text.byte_tokenizer import ByteTokenizer
from keras_seq2seq.text.normalization import Normalization
from keras_seq2seq.text.sentencepiece.sentencepiece_tokenizer import SentencePieceTokenizer
from keras_seq2seq.text.special_tokens import BOS, EOS, PAD


class CodePoints:
    """A tokenizer for the tests: every character is the id of its code point."""

    normalization = Normalization()

    def tokenize(self, text):
        return tf.strings.unicode_decode(text, "UTF-8")


def numbered(count):
    """Pairs that tell which they are: the source is chr(i), the target chr(i) once or more."""
    letters = [chr(1000 + i) for i in range(count)]
    return SentencePairs(letters, [letter * (1 + i % 7) for i, letter in enumerate(letters)])


def dataset_of(pairs, **options):
    return make_dataset(pairs, CodePoints(), CodePoints(), **options)


def order(dataset):
    """Which pairs the dataset delivers, batch by batch."""
    return [(x["source_ids"][:, 0].numpy() - 1000).tolist() for x, _, _ in dataset]


class Recorder(keras.Model):
    """Writes down which pairs it is trained on, and learns nothing."""

    def __init__(self):
        super().__init__()
        self.epochs_seen = []

    def call(self, x):
        return x["decoder_ids"]

    def train_step(self, data):
        self.epochs_seen[-1].append((data[0]["source_ids"][:, 0].numpy() - 1000).tolist())
        return {"loss": 0.0}


class NextEpoch(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        self.model.epochs_seen.append([])


def epochs_of_fit(dataset, counter=None, **options):
    """The batches that each epoch of a `fit` sees."""
    model = Recorder()
    model.compile(run_eagerly=True)
    callbacks = [NextEpoch()] + ([counter] if counter else [])
    model.fit(dataset, verbose=0, shuffle=False, callbacks=callbacks, **options)
    return model.epochs_seen


@pytest.mark.parametrize("shuffle", [True, False])
def test_every_pair_once_and_a_known_number_of_batches(shuffle):
    dataset = dataset_of(numbered(50), batch_size=8, shuffle=shuffle)
    assert dataset.cardinality() == 7
    for _ in range(2):
        batches = order(dataset)
        assert len(batches) == 7
        assert sorted(sum(batches, [])) == list(range(50))


def test_elements_are_what_fit_takes():
    dataset = dataset_of(numbered(10), batch_size=4)
    x, y, sample_weight = dataset.element_spec
    assert set(x) == {"source_ids", "decoder_ids"}
    assert all(spec.shape == [None, None] for spec in tf.nest.flatten(dataset.element_spec))
    assert [spec.dtype for spec in (*x.values(), y, sample_weight)] == [tf.int32] * 3 + [tf.float32]
    for x, y, sample_weight in dataset:
        assert (x["source_ids"][:, -1].numpy() == EOS).all()
        assert (x["decoder_ids"][:, 0].numpy() == BOS).all()
        np.testing.assert_array_equal(sample_weight.numpy(), y.numpy() != PAD)
        assert y.shape[1] == sample_weight.numpy().sum(axis=1).max()  # no column of padding only


def test_source_and_target_stay_together():
    for x, y, _ in dataset_of(numbered(50), batch_size=8):
        for source, target in zip(x["source_ids"].numpy(), y.numpy(), strict=True):
            letter = source[0]
            count = 1 + (letter - 1000) % 7
            assert target[:count].tolist() == [letter] * count and target[count] == EOS


def test_a_tokenizer_gets_its_sentences_back():
    targets = ["안녕하세요", "", "see you at 7", "naïve"]
    pairs = SentencePairs(["x"] * 4, targets)
    tokenizer = ByteTokenizer()
    assert token_lengths(pairs, tokenizer, tokenizer)[:, 1].tolist() == [15, 0, 12, 6]
    dataset = make_dataset(pairs, tokenizer, tokenizer, batch_size=3)
    texts = [text.decode() for _, y, _ in dataset for text in tokenizer.detokenize(y).numpy()]
    assert sorted(texts) == sorted(targets)


def test_over_long_pairs_are_counted_at_the_exact_length():
    pairs = SentencePairs(["ab", "abc", "ab", "ab"], ["x", "x", "xyz", "xy"])
    kept = drop_over_long(
        pairs, CodePoints(), CodePoints(), max_source_length=3, max_target_length=3
    )
    assert list(kept) == [("ab", "x"), ("ab", "xy")]
    assert kept.report.describe() == "memory: 4 pairs read, 2 kept (2 over-long)"


def test_over_long_pairs_are_left_out_of_a_dataset_with_a_warning(recwarn):
    pairs = numbered(14)
    with pytest.warns(UserWarning, match="2 of 14 pairs are over-long"):
        dataset = dataset_of(pairs, batch_size=3, max_target_length=7)
    assert sorted(sum(order(dataset), [])) == [i for i in range(14) if i % 7 != 6]
    recwarn.clear()
    fitting = drop_over_long(pairs, CodePoints(), CodePoints(), max_target_length=7)
    dataset_of(fitting, max_target_length=7)
    assert not [warning for warning in recwarn if "over-long" in str(warning.message)]


def test_nothing_to_learn_from_is_refused():
    with pytest.raises(CorpusError, match="all of 3 pairs are over-long.*shortest has 2 and 2"):
        dataset_of(numbered(3), max_source_length=1)
    with pytest.raises(CorpusError, match="no sentence pair"):
        dataset_of(numbered(0))
    with pytest.raises(ValueError, match="batch_size"):
        dataset_of(numbered(3), batch_size=0)


def test_empty_sentences_have_no_tokens():
    pairs = SentencePairs(["", "가나"], ["abc", ""])
    assert token_lengths(pairs, CodePoints(), CodePoints()).tolist() == [[0, 3], [2, 0]]


def test_each_iteration_is_another_epoch_and_repeats_from_a_new_dataset():
    first, again, other = (dataset_of(numbered(40), batch_size=8, seed=seed) for seed in (1, 1, 2))
    epochs = [order(first) for _ in range(3)]
    assert epochs[0] != epochs[1] != epochs[2] != epochs[0]
    assert epochs == [order(again) for _ in range(3)]
    assert epochs[0] != order(other)


def test_a_counter_says_which_epoch_it_is():
    counter = EpochCounter(3)
    dataset = dataset_of(numbered(40), batch_size=8, epoch_counter=counter)
    third = order(dataset)
    assert order(dataset) == third
    counter.epoch = 4
    assert order(dataset) != third
    plain = dataset_of(numbered(40), batch_size=8)
    assert [order(plain) for _ in range(4)][3] == third


def test_fit_sees_one_plan_an_epoch():
    pairs = numbered(40)
    expected = [order(dataset) for dataset in [dataset_of(pairs, batch_size=8)] for _ in range(3)]
    assert epochs_of_fit(dataset_of(pairs, batch_size=8), epochs=3) == expected
    counter = EpochCounter()
    dataset = dataset_of(pairs, batch_size=8, epoch_counter=counter)
    assert epochs_of_fit(dataset, counter, epochs=3) == expected


def test_a_resumed_fit_sees_what_an_unbroken_one_would_have_seen():
    def fit(**options):
        counter = EpochCounter()
        dataset = dataset_of(numbered(40), batch_size=8, epoch_counter=counter)
        return epochs_of_fit(dataset, counter, **options)

    assert fit(epochs=4, initial_epoch=2) == fit(epochs=4)[2:]


@pytest.mark.filterwarnings("ignore:Your input ran out of data")
@pytest.mark.parametrize("options", [{}, {"batch_tokens": 40}])
def test_a_fit_goes_on_in_the_midst_of_an_epoch(options):
    def fit(counter, **more):
        dataset = dataset_of(numbered(40), batch_size=8, epoch_counter=counter, **options)
        return epochs_of_fit(dataset, counter, epochs=4, **more)

    whole = fit(EpochCounter())
    assert len({len(epoch) for epoch in whole}) == 1
    resumed = fit(EpochCounter(epoch=1, batch=3), initial_epoch=1)
    assert resumed == [whole[1][3:], *whole[2:]]


def test_batches_by_tokens():
    pairs = numbered(60)
    dataset = dataset_of(pairs, batch_size=8, batch_tokens=48)
    for _ in range(3):
        batches = list(dataset)
        assert len(batches) == dataset.cardinality()
        assert sorted(
            sum(([s[0] - 1000 for s in x["source_ids"].numpy()] for x, _, _ in batches), [])
        ) == list(range(60))
    assert max(y.shape[0] * y.shape[1] for _, y, _ in batches) <= 1.1 * 48


def fit_from(epoch, batch, skipped=(), **options):
    counter = EpochCounter()
    counter.move(epoch, batch, skipped)
    dataset = dataset_of(numbered(40), batch_size=8, epoch_counter=counter)
    return epochs_of_fit(dataset, counter, initial_epoch=epoch, **options)


@pytest.mark.filterwarnings("ignore:Your input ran out of data")
def test_a_fit_may_begin_in_the_midst_of_an_epoch_and_leave_out_batches():
    whole = fit_from(0, 0, epochs=3)
    assert [len(epoch) for epoch in whole] == [5, 5, 5]
    assert fit_from(1, 3, epochs=3) == [whole[1][3:], whole[2]]
    assert fit_from(1, 4, epochs=2) == [whole[1][4:]]
    left = fit_from(1, 1, [(1, 1), (1, 4), (2, 0), (0, 2)], epochs=3)
    assert left == [whole[1][2:4], whole[2][1:]]


def test_another_fit_with_the_same_counter_begins_at_the_beginning():
    counter = EpochCounter()
    dataset = dataset_of(numbered(40), batch_size=8, epoch_counter=counter)
    first = epochs_of_fit(dataset, counter, epochs=1)
    assert epochs_of_fit(dataset, counter, epochs=1) == first


@pytest.fixture(scope="module")
def words():
    lines = [f"a {word} is on the {word}" for word in ("cat", "mat", "rat", "hat", "bat") * 4]
    return SentencePairs(lines, lines), SentencePieceTokenizer.learn(lines, 40)


def rows_of(dataset):
    return [(x["source_ids"].numpy().tolist(), y.numpy().tolist()) for x, y, _ in dataset]


@pytest.mark.parametrize("batch_tokens", [0, 60])
def test_other_pieces_in_every_epoch_and_the_same_for_seed_and_epoch(words, batch_tokens):
    pairs, tokenizer = words

    def make(counter=None, seed=1):
        return make_dataset(
            pairs,
            tokenizer,
            tokenizer,
            batch_size=4,
            batch_tokens=batch_tokens,
            seed=seed,
            epoch_counter=counter,
            subword_sampling=(0.2, 0.5),
        )

    dataset = make()
    epochs = [rows_of(dataset) for _ in range(3)]
    assert epochs[0] != epochs[1] != epochs[2]
    assert {len(epoch) for epoch in epochs} == {int(dataset.cardinality())}
    assert rows_of(make(EpochCounter(2))) == epochs[2]
    assert rows_of(make(EpochCounter(2, batch=1))) == epochs[2][1:]
    assert rows_of(make(EpochCounter(2), seed=2)) != epochs[2]
    for epoch in epochs:
        texts = [tokenizer.detokenize_python(row) for sources, _ in epoch for row in sources]
        assert sorted(texts) == sorted(pairs.sources)
        assert any(
            source[:5] != y[:5] for xs, ys in epoch for source, y in zip(xs, ys, strict=True)
        )


def test_each_side_is_sampled_by_itself(words):
    pairs, tokenizer = words
    plain = tokenizer.tokenize_python(pairs.sources[0])
    options = {"batch_size": 1, "shuffle": False}
    dataset = make_dataset(pairs, tokenizer, tokenizer, subword_sampling=(0.1, 0), **options)
    best = {tuple(tokenizer.tokenize_python(text)) for text in pairs.sources}
    assert {tuple(y[0, :-1].numpy()) for _, y, _ in dataset} == best
    assert any(tuple(x["source_ids"][0, :-1].numpy()) not in best for x, _, _ in dataset)
    assert len(plain) < 25


def test_what_sampling_makes_too_long_keeps_its_best_pieces(words):
    pairs, tokenizer = words
    longest = int(token_lengths(pairs, tokenizer, tokenizer).max()) + 1
    dataset = make_dataset(
        pairs,
        tokenizer,
        tokenizer,
        max_source_length=longest,
        max_target_length=longest,
        subword_sampling=(0.05, 0.05),
    )
    for x, y, _ in dataset:
        assert max(x["source_ids"].shape[1], y.shape[1]) <= longest
    texts = [tokenizer.detokenize_python(row) for _, ys, _ in dataset for row in ys.numpy()]
    assert sorted(texts) == sorted(pairs.targets)


def test_r_drop_repeats_the_rows_of_every_batch(words):
    pairs, tokenizer = words
    options = {"batch_size": 3, "seed": 1}
    plain = make_dataset(pairs, tokenizer, tokenizer, **options)
    twice = make_dataset(pairs, tokenizer, tokenizer, r_drop=True, **options)
    assert int(twice.cardinality()) == int(plain.cardinality())
    for once, both in zip(plain, twice, strict=True):
        for ours, theirs in zip(tf.nest.flatten(both), tf.nest.flatten(once), strict=True):
            np.testing.assert_array_equal(ours, np.concatenate([theirs, theirs]))


def test_a_dataset_is_one_of_tf_data():
    dataset = dataset_of(numbered(50), batch_size=8)
    for derived in (dataset.map(lambda *batch: batch), dataset.prefetch(2), dataset.repeat(2)):
        assert derived.cardinality() in (7, 14)
    first, second = (dataset_of(numbered(50), batch_size=8).shard(2, i) for i in range(2))
    assert (len(first), len(second)) == (4, 3)
    assert sorted(sum(order(first) + order(second), [])) == list(range(50))
    options = tf.data.Options()
    options.threading.private_threadpool_size = 4
    assert order(dataset.with_options(options)) == order(dataset_of(numbered(50), batch_size=8))


def test_one_epoch_alone_is_the_same_in_every_iteration():
    plain = dataset_of(numbered(40), batch_size=8)
    third = [order(plain) for _ in range(3)][2]
    alone = dataset_of(numbered(40), batch_size=8, epoch=2)
    assert order(alone) == order(alone) == third
    with pytest.raises(ValueError, match="not both"):
        dataset_of(numbered(40), epoch=2, epoch_counter=EpochCounter())


def test_an_epoch_of_which_nothing_is_left():
    counter = EpochCounter(epoch=1, batch=5)
    assert order(dataset_of(numbered(40), batch_size=8, epoch_counter=counter)) == []
