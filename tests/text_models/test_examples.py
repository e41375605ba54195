"""Strings in every form that Keras knows for numbers, and what is said of other things."""

import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf
from contracts import few_at_first

from keras_seq2seq import ByteTokenizer, Seq2Seq, SequenceCrossentropy, TextSeq2Seq, TokenAccuracy
from keras_seq2seq.data import SentencePairs
from keras_seq2seq.text_models.text_inputs import as_texts, is_text

SOURCES = ["abc", "", "저는", "d e", "ff", "g", "hi", "j"]
TARGETS = ["cba", "x", "je", "e d", "FF", "", "ih", "J"]
WEIGHTS = [1.0, 0.5, 2.0, 1.0, 0.0, 1.0, 1.0, 3.0]
LONG = "abc " * 40


@pytest.fixture(scope="module")
def model():
    ids = Seq2Seq.from_options(260, 260, units=4, embedding_dim=4, dropout=0.0)
    model = TextSeq2Seq(ids, *[ByteTokenizer()] * 2, max_source_length=20, max_target_length=16)
    model.compile(keras.optimizers.SGD(0.0), SequenceCrossentropy(), metrics=[TokenAccuracy()])
    return model


class Column:
    """What a column of pandas is to us."""

    def __init__(self, values):
        self.values = values

    def __len__(self):
        return len(self.values)

    def __getitem__(self, key):
        raise KeyError(key)  # as a column whose index begins elsewhere

    def to_numpy(self):
        return np.array(self.values, object)


class Batches(keras.utils.PyDataset):
    """Batches of three, the last of two."""

    epochs = 0

    def __init__(self, *parts):
        super().__init__()
        self.parts = parts

    def __len__(self):
        return 3

    def __getitem__(self, i):
        return tuple(part[3 * i : 3 * i + 3] for part in self.parts)

    def on_epoch_end(self):
        self.epochs += 1


def dataset(*parts):
    return tf.data.Dataset.from_tensor_slices(parts).batch(3)


def generator(*parts):
    yield from map(Batches(*parts).__getitem__, range(3))


IN_MEMORY = {
    "list": list,
    "tuple": tuple,
    "array": np.array,
    "objects": lambda texts: np.array(texts, object),
    "bytes": lambda texts: [text.encode() for text in texts],
    "tensor": tf.constant,
    "column": Column,
}
STREAMS = {"dataset": dataset, "generator": generator, "PyDataset": Batches}


def loss(model, *args, **kwargs):
    return model.evaluate(*args, verbose=0, return_dict=True, **kwargs)


def check_equal(found, expected):
    assert found.keys() == expected.keys()
    for name in found:
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-4)


@pytest.mark.parametrize("kind", IN_MEMORY)
def test_in_memory(model, kind):
    make = IN_MEMORY[kind]
    x, y, weight = model.encode_examples(SOURCES, TARGETS, WEIGHTS)
    ours = model.encode_examples(make(SOURCES), make(TARGETS), np.array(WEIGHTS))
    for found, expected in zip(tf.nest.flatten(ours), tf.nest.flatten((x, y, weight)), strict=True):
        np.testing.assert_array_equal(found, expected)
    assert model.generate(make(SOURCES)) == model.generate(SOURCES)


@pytest.mark.parametrize("kind", STREAMS)
@pytest.mark.parametrize("weighted", few_at_first(1, [True, False]))
def test_batches(model, kind, weighted):
    parts = (SOURCES, TARGETS, WEIGHTS) if weighted else (SOURCES, TARGETS)
    weight = np.array(WEIGHTS) if weighted else None
    # Batches of one size in both, since the loss is a mean of batches.
    expected = loss(model, SOURCES, TARGETS, sample_weight=weight, batch_size=3)
    check_equal(loss(model, STREAMS[kind](*parts)), expected)
    history = model.fit(STREAMS[kind](*parts), validation_data=STREAMS[kind](*parts), verbose=0)
    np.testing.assert_allclose(history.history["loss"], expected["loss"], rtol=1e-4)
    np.testing.assert_allclose(history.history["val_loss"], expected["loss"], rtol=1e-4)


def test_a_py_dataset_is_asked_as_by_keras(model):
    batches = Batches(SOURCES, TARGETS)
    model.fit(batches, epochs=2, verbose=0)
    assert batches.epochs == 2
    endless = (batch for _ in range(10**9) for batch in generator(SOURCES, TARGETS))
    model.fit(endless, epochs=2, steps_per_epoch=4, verbose=0)


def test_other_doors(model):
    pairs = SentencePairs(SOURCES, TARGETS)
    expected = loss(model, SOURCES, TARGETS)
    check_equal(loss(model, pairs), expected)
    history = model.fit(pairs, validation_data=pairs, verbose=0).history
    np.testing.assert_allclose(history["val_loss"], expected["loss"], rtol=1e-4)
    for method in (model.train_on_batch, model.test_on_batch):
        check_equal(method(SOURCES, TARGETS, return_dict=True), expected)
    history = model.fit(SOURCES, TARGETS, validation_split=0.25, verbose=0).history
    np.testing.assert_allclose(
        history["val_loss"], loss(model, SOURCES[6:], TARGETS[6:])["loss"], 1e-4
    )
    history = model.fit(SOURCES, TARGETS, verbose=0, validation_data=[SOURCES, TARGETS, WEIGHTS])
    weighted = loss(model, SOURCES, TARGETS, sample_weight=WEIGHTS)["loss"]
    np.testing.assert_allclose(history.history["val_loss"], weighted, rtol=1e-4)


# === Over-long pairs ===


def test_over_long_pairs_are_left_out_and_counted(model):
    expected = model.encode_examples(SOURCES, TARGETS, WEIGHTS)
    x, y = [LONG, *SOURCES, "a"], ["b", *TARGETS, "x" * 16]  # 16 and EOS are too many
    with pytest.warns(UserWarning, match="2 of 10 pairs are over-long and left out. Raise max_so"):
        found = model.encode_examples(x, y, [9.0, *WEIGHTS, 9.0])
    for ours, theirs in zip(tf.nest.flatten(found), tf.nest.flatten(expected), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.encode_examples(["a" * 19], ["x" * 15])  # just short enough


@pytest.mark.parametrize("method", ["fit", "evaluate", "train_on_batch", "test_on_batch"])
def test_where_all_are_over_long_there_is_nothing_to_learn(model, method):
    with pytest.raises(ValueError, match="All of 8 pairs are over-long .more than 20 source or 16"):
        getattr(model, method)([LONG] * 8, ["CBA " * 40] * 8)


@pytest.mark.parametrize("kind", STREAMS)
def test_in_batches_they_count_nowhere(model, kind):
    wide = [LONG, *SOURCES[:2], "a", *SOURCES[2:4], LONG, LONG]
    said = ["b", *TARGETS[:2], "x" * 16, *TARGETS[2:4], "b", "b"]  # the last batch is all of them
    with pytest.warns(
        UserWarning, match="1 of a batch of pairs are over-long and left out"
    ) as told:
        found = loss(model, STREAMS[kind](wide, said))
    assert len([one for one in told if "over-long" in str(one.message)]) == 1
    clean = tf.data.Dataset.from_tensor_slices((SOURCES[:4], TARGETS[:4])).batch(2)
    assert found["token_accuracy"] == pytest.approx(loss(model, clean)["token_accuracy"], abs=1e-6)
    assert np.isfinite(found["loss"])


@pytest.mark.parametrize("kind", few_at_first(1, STREAMS))
def test_batches_without_any_short_pair_are_no_success(model, kind):
    for method in (model.fit, model.evaluate):
        with (
            pytest.warns(UserWarning, match="over-long and left out"),
            pytest.raises(ValueError, match=r"All of \d+ pairs .* over-long: nothing was learnt"),
        ):
            method(STREAMS[kind]([LONG] * 8, TARGETS[:8]), verbose=0)
    with (
        pytest.warns(UserWarning, match="over-long and left out"),
        pytest.raises(ValueError, match="over-long: nothing was learnt or judged"),
    ):
        held_out = STREAMS[kind]([LONG] * 8, TARGETS[:8])
        model.fit(SOURCES, TARGETS, validation_data=held_out, verbose=0)


# === Keras's order ===


def test_arguments_may_stand_where_keras_has_them(model):
    assert len(model.fit(SOURCES, TARGETS, 4, 2, 0).epoch) == 2
    by_place = model.evaluate(SOURCES, TARGETS, 4, 0, WEIGHTS)
    assert by_place == model.evaluate(
        SOURCES, TARGETS, batch_size=4, verbose=0, sample_weight=WEIGHTS
    )
    validation = (SOURCES[:2], TARGETS[:2])
    history = model.fit(SOURCES, TARGETS, 4, 1, 0, None, 0.0, validation, True, None, WEIGHTS)
    assert "val_loss" in history.history
    assert isinstance(model.train_on_batch(SOURCES, TARGETS, WEIGHTS, None, True), dict)
    assert isinstance(model.test_on_batch(SOURCES, TARGETS, WEIGHTS, True), dict)
    with pytest.raises(ValueError, match="class_weight"):
        model.train_on_batch(SOURCES, TARGETS, None, {0: 1.0})
    with pytest.raises(TypeError, match="fit got 'batch_size' by its place and by its name"):
        model.fit(SOURCES, TARGETS, 4, batch_size=4)
    with pytest.raises(TypeError, match="evaluate takes 8 arguments, got 12"):
        model.evaluate(SOURCES, TARGETS, *range(10))


# === What is refused ===


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        (("abc", "ABC"), TypeError, r"sources: expected a list of strings, got one string: write"),
        ((["a"], "A"), TypeError, "targets: expected a list of strings, got one string"),
        ((["a", None], ["b", "c"]), TypeError, "sources: expected strings, got NoneType: None"),
        (([None], ["b"]), TypeError, "sources: expected strings, got NoneType"),
        (([None] * 3, [None] * 3), TypeError, "sources: expected strings, got NoneType"),
        ((np.array([None]), np.array([None])), TypeError, "sources: expected strings, got None"),
        (([], []), ValueError, "at least one; received 0 sources and 0 targets"),
        ((np.array([]), []), ValueError, "at least one; received 0 sources and 0 targets"),
        ((["a", "b"], ["c", "d"], [1.0, np.nan]), ValueError, "that of pair 2 is nan"),
        ((["a", "b"], ["c", "d"], [np.inf, 1]), ValueError, "that of pair 1 is inf"),
        ((["a", "b"], ["c", "d"], [1, -1]), ValueError, "at least 0, but that of pair 2 is -1"),
        ((["a"], ["c"], ["x"]), ValueError, r"sample_weight: expected numbers, received \['x'\]"),
        ((lambda: [(["a"], ["b"], [np.nan])],), ValueError, "that of pair 1 is nan"),
        (({"a"}, {"b"}), TypeError, "sources: expected a list of strings, got set"),
        ((["a"], [None]), TypeError, "targets: expected strings, got NoneType"),
        ((Column(["a", float("nan")]), ["a", "b"]), TypeError, "got float: nan"),
        (([("a", "b"), ("c", "d")],), TypeError, "sources: expected strings, got tuple"),
        ((np.array([["a"], ["b"]]), ["a", "b"]), TypeError, r"array of shape \(2, 1\): take one"),
        ((["a", "b"], ["c"]), ValueError, "received 2 sources and 1 targets"),
        ((["a", "b"],), ValueError, "received 2 sources and no targets"),
        ((["a", "b"], ["c", "d"], [1.0]), ValueError, r"each of 2 pairs, shape \(2,\), received"),
        ((["a", "b"], ["c", "d"], [[1.0], [1.0]]), ValueError, r"received shape \(2, 1\)"),
        ((["a", "b"], ["c", "d"], 2.0), ValueError, r"received shape \(\)"),
        (
            (tf.data.Dataset.from_tensor_slices((["a"], ["b"])),),
            ValueError,
            r"rank 0: call dataset.batch\(64",
        ),
        ((dataset([["a"]], [["b"]]),), ValueError, "rank 2: flatten its batches"),
        ((dataset(["a"], ["b"], [[1.0]]),), ValueError, "rank 2: flatten its batches"),
        ((tf.data.Dataset.from_tensor_slices(["a"]).batch(1),), ValueError, "strings both; this"),
        ((dataset(["a"], [1]),), ValueError, "strings both; this one yields"),
        ((lambda: [("a", "b")],), TypeError, "sources: expected a list of strings, got one"),
        ((lambda: [(["a"], ["b"], [1], 2)],), ValueError, "sample_weight., received"),
        ((lambda: [(["a"], ["b", "c"])],), ValueError, "1 sources, 2 targets and 1 weights"),
    ],
)
def test_what_does_not_fit_is_told(model, arguments, error, said):
    x, y, weight = (*arguments, None, None)[:3]
    for method in (model.fit, model.evaluate):
        given = (batch for batch in x()) if callable(x) else x
        with pytest.raises(error, match=said):
            method(given, y, sample_weight=weight)


def test_validation_data_and_class_weights(model):
    with pytest.raises(ValueError, match="validation_data: expected .* received 1 items"):
        model.fit(SOURCES, TARGETS, validation_data=[SOURCES])
    with pytest.raises(TypeError, match="sources: expected a list of strings, got one string"):
        model.fit(SOURCES, TARGETS, validation_data=["a", "b"])
    with pytest.raises(ValueError, match="at least one; received 0 sources and 0 targets"):
        model.fit(SOURCES, TARGETS, validation_data=([], []))
    for method in (model.fit, model.train_on_batch):
        with pytest.raises(ValueError, match="class_weight is for one class.*sample_weight"):
            method(SOURCES, TARGETS, class_weight={0: 1.0})
    for method, wrong, right in (
        (model.fit, "epoch", "epochs"),
        (model.train_on_batch, "return_dic", "return_dict"),
        (model.test_on_batch, "return_dic", "return_dict"),
    ):
        with pytest.raises(TypeError, match=f"has no argument '{wrong}'. Did you mean '{right}'"):
            method(SOURCES, TARGETS, **{wrong: 1})


@pytest.mark.parametrize(
    "texts", ["abc", ["abc"], np.array(["abc"]), tf.constant(["abc"])], ids=str
)
def test_what_gives_logits_says_what_gives_texts(model, texts):
    for method in (model.predict, model.predict_on_batch, model):
        with pytest.raises(TypeError, match=r"there is model.generate\(texts\)"):
            method(texts)
    with pytest.raises(TypeError, match="model.generate"):
        model(inputs={"source_ids": texts})
    with pytest.raises(TypeError, match="model.generate"):
        model.predict(tf.data.Dataset.from_tensor_slices(["a"]).batch(1))
    for batches in ((b for b in [(["a"],)]), Batches(["a"], ["b"])):
        with pytest.raises(TypeError, match="model.generate"):
            model.predict(batches)
    with pytest.raises(TypeError, match="model.generate"):
        model(keras.Input((), dtype="string"))
    x, *_ = model.encode_examples(SOURCES, TARGETS)
    assert model.predict(x, verbose=0).shape == model(x).shape


def test_one_string_is_no_list(model):
    for sources, targets in ((["a", "b"], "cd"), ("ab", ["c", "d"])):
        with pytest.raises(TypeError, match="score: expected a source and a target, or a list"):
            model.score(sources, targets)
    for sources, targets in (("abc", "ABC"), (["a"], "A")):
        with pytest.raises(TypeError, match="SentencePairs: .* is one string; a list"):
            SentencePairs(sources, targets)
    with pytest.raises(TypeError, match="expected a list of strings, got one string"):
        model.generate_batches("abc")
    with pytest.raises(TypeError, match="expected a list of strings, got one string"):
        model.generate(tf.constant("abc"))


def test_ids_and_other_things_pass_through(model):
    x, y, weight = model.encode_examples(SOURCES, TARGETS)
    assert model.encode_examples(x, y, weight) == (x, y, weight)
    numbers = tf.data.Dataset.from_tensor_slices((x, y, weight)).batch(3)
    assert model.encode_examples(numbers)[0] is numbers
    batches = ((part, y[:3], weight[:3]) for part in [{k: v[:3] for k, v in x.items()}] * 2)
    assert np.isfinite(loss(model, batches)["loss"])
    for given in (None, 3, [1, 2], x, np.ones(2), [None], {"a": [1]}):
        assert not is_text(given)
    assert as_texts(()) == []
