"""Cells, attentions, bridges and whole models from outside of the package."""

import keras
import numpy as np
import pytest
from contracts import check_config_is_complete, random_ids
from keras import ops

from keras_seq2seq import (
    Attention,
    Bridge,
    ByteTokenizer,
    Decoder,
    Encoder,
    Seq2Seq,
    SequenceCrossentropy,
    TextSeq2Seq,
    export,
    open_artefact,
)
from keras_seq2seq.data import SentencePairs
from keras_seq2seq.layers import ATTENTIONS, BRIDGES, CELLS, StepLayer
from keras_seq2seq.models import Decodable, ModelSpec
from keras_seq2seq.specs.config_error import ConfigError
from keras_seq2seq.specs.configured import Configured
from keras_seq2seq.training import Run, RunDirectory
from keras_seq2seq.training.configuration.config_file import commented_toml, load_config

OWN = ("fading", "uniform", "halved")
SOURCES, TARGETS = ["ab", "cd", "abcd", ""] * 4, ["ba", "dc", "dcba", ""] * 4


class Fading(Configured, StepLayer):
    """A cell: c = c / 2 + W x."""

    def __init__(
        self, units, go_backwards=False, recurrent_dropout=0.0, use_cudnn="auto", **kwargs
    ):
        super().__init__(**kwargs)
        self.units = units
        self.go_backwards = go_backwards
        self.recurrent_dropout = recurrent_dropout
        self.use_cudnn = use_cudnn
        self.dense = keras.layers.Dense(units, dtype=self.dtype_policy)

    def build(self, input_shape):
        self.dense.build(input_shape)
        self.built = True

    def initial_state(self, batch, max_length):
        return [ops.zeros((batch, self.units), dtype=self.compute_dtype)]

    def sequence(self, inputs, state=None, mask=None, training=None):
        batch, steps = ops.shape(inputs)[:2]
        new = self.dense(inputs)
        real = ops.ones((batch, steps), dtype="bool") if mask is None else mask
        if self.go_backwards:
            new, real = ops.flip(new, axis=1), ops.flip(real, axis=1)
        state = self.initial_state(batch, steps) if state is None else state

        def keep(c, step):
            is_real = step[:, :1] > 0
            c = ops.where(is_real, c / 2 + step[:, 1:], c)
            return c, c

        real = ops.cast(ops.expand_dims(real, axis=-1), new.dtype)
        by_time = ops.transpose(ops.concatenate([real, new], axis=-1), (1, 0, 2))
        last, outputs = ops.scan(keep, state[0], by_time)
        return ops.transpose(outputs, (1, 0, 2)), [last]

    def step(self, inputs, state):
        c = state[0] / 2 + self.dense(inputs)
        return c, [c]


class Uniform(Attention):
    """An attention that looks at all real positions alike."""

    def build(self, query_shape, memory_shape, padding_mask_shape=None, keys_shape=None):
        self.built = True

    def keys(self, memory):
        return memory[..., :1]

    def call(self, query, memory, padding_mask=None, keys=None, training=None):
        scores = ops.cast(0 * query[..., :1] + 0 * ops.swapaxes(keys, 1, 2), "float32")  # [B, T, S]
        if padding_mask is not None:
            scores = ops.where(ops.expand_dims(padding_mask, axis=1), scores, -1e9)
        weights = ops.softmax(scores, axis=-1)
        return ops.matmul(ops.cast(weights, memory.dtype), memory), weights


class Halved(Bridge):
    """A bridge: the mean of both directions."""

    def call(self, state):
        return [[(layer[0] + layer[1]) / 2] for layer in state]


@pytest.fixture(autouse=True, scope="module")
def _registered():
    kinds = list(zip((CELLS, ATTENTIONS, BRIDGES), OWN, (Fading, Uniform, Halved), strict=True))
    for registry, name, kind in kinds:
        assert registry.register(name)(kind) is kind
    yield
    for registry, name, _ in kinds:
        registry._classes.pop(name)  # other tests shall find what the library has


OPTIONS = {"units": 8, "embedding_dim": 8, "dropout": 0.0}
NAMES = dict(zip(("cell", "attention", "bridge"), OWN, strict=True))


def fit_two_steps(model):
    model.compile(keras.optimizers.Adam(0.01), SequenceCrossentropy())
    ids = random_ids(8, 5, 30)
    x = {"source_ids": ids, "decoder_ids": np.pad(ids, ((0, 0), (1, 0)))[:, :-1]}
    model.fit(x, ids, epochs=2, batch_size=8, verbose=0)
    return x


def test_own_kinds_are_valid_wherever_a_name_is_written():
    config = load_config(None, [f"model.{kind}={name}" for kind, name in NAMES.items()])
    assert (config.model.cell, config.model.attention, config.model.bridge) == OWN
    written = commented_toml(config)
    for kind, name in NAMES.items():
        assert f'{kind} = "{name}"' in written
        assert f", {name}." in written.replace("\n# ", " ")  # among what may be chosen
    with pytest.raises(ConfigError, match="Did you mean 'fading'"):
        load_config(None, ["model.cell=fadin"])


@pytest.mark.parametrize("how", ["options", "spec", "toml", "parts"])
def test_own_parts_are_trained_saved_and_loaded(how, tmp_path):
    if how == "options":
        model = Seq2Seq.from_options(30, 30, **NAMES, **OPTIONS)
    elif how == "spec":
        model = Seq2Seq.from_options(30, 30, ModelSpec(**NAMES, **OPTIONS))
    elif how == "toml":
        overrides = [f"model.{key}={value}" for key, value in {**NAMES, **OPTIONS}.items()]
        model = Seq2Seq.from_options(30, 30, load_config(None, overrides).model)
    else:
        whole = Seq2Seq.from_options(30, 30, **NAMES, **OPTIONS)
        model = Seq2Seq(whole.encoder, whole.decoder, whole.generator, bridge=Halved(8, "halved"))
    assert type(model.bridge) is Halved
    assert type(model.decoder.attention_layer) is Uniform
    assert type(model.encoder.rnn.backward_layers[0]) is Fading
    x = fit_two_steps(model)
    model.save(tmp_path / "own.keras")
    loaded = keras.saving.load_model(tmp_path / "own.keras")
    assert type(loaded.bridge) is Halved
    np.testing.assert_allclose(loaded(x), model(x), atol=1e-6)
    ours, theirs = (m.generate(x["source_ids"], 5) for m in (model, loaded))
    np.testing.assert_array_equal(ours.ids, theirs.ids)
    twin = model.copy(dtype="float32")
    np.testing.assert_allclose(twin(x), model(x), atol=1e-6)
    check_config_is_complete(model)


def test_a_step_of_own_parts_is_what_training_saw():
    model = Seq2Seq.from_options(30, 30, **NAMES, **OPTIONS)
    ids = random_ids(3, 5, 30)
    logits = model({"source_ids": ids, "decoder_ids": ids})
    state, memory = model.encode(ids)
    for step in range(5):
        one, state, _ = model.decode_step(ids[:, step], state, memory)
        np.testing.assert_allclose(one, logits[:, step], atol=1e-5)


def make_text_model(seq2seq):
    tokenizer = ByteTokenizer()
    return TextSeq2Seq(seq2seq, tokenizer, tokenizer, max_source_length=12, max_target_length=8)


def check_artefacts(model, folder):
    """Saved, served, and on a phone: the same texts."""
    model.save(folder / "own.keras")
    loaded = keras.saving.load_model(folder / "own.keras")
    assert type(loaded.seq2seq) is type(model.seq2seq)
    texts = ["ab", "cdab", "", "b"]
    expected, scores = model.generate(texts, return_scores=True)
    assert loaded.generate(texts) == expected
    export.saved_model(model, folder / "served")
    export.tflite(model, folder / "own.tflite")
    for path in (folder / "own.keras", folder / "served", folder / "own.tflite"):
        found = open_artefact(path).generate(texts)
        assert found.texts == expected, path
        np.testing.assert_allclose(found.scores, scores, atol=1e-4)


def test_own_parts_become_every_artefact(tmp_path):
    size = ByteTokenizer().vocabulary_size
    model = make_text_model(Seq2Seq.from_options(size, size, **NAMES, **OPTIONS))
    model.compile(keras.optimizers.Adam(0.01), SequenceCrossentropy())
    model.fit(SOURCES, TARGETS, epochs=2, verbose=0)
    check_artefacts(model, tmp_path)


@keras.saving.register_keras_serializable(package="tests")
class BagOfWords(Decodable, keras.Model):
    """A whole model without attention: the mean of embeddings is the first state of a GRU.

    As Keras allows it, its layers are built when they are called first.
    """

    pad_id, bos_id, eos_id = 0, 2, 3
    attention = None

    def __init__(self, vocabulary_size, units=8, **kwargs):
        super().__init__(**kwargs)
        self.source_vocabulary_size = self.target_vocabulary_size = vocabulary_size
        self.units = units
        self.policy = self.dtype_policy
        self.source_table, self.target_table = (
            keras.layers.Embedding(vocabulary_size, units, dtype=self.policy) for _ in range(2)
        )
        self.rnn = keras.layers.GRU(
            units, return_sequences=True, return_state=True, dtype=self.policy
        )
        self.generator = keras.layers.Dense(vocabulary_size, dtype=self.policy)

    def call(self, inputs, training=None):
        state, memory = self.encode(inputs["source_ids"])
        return self.decode(inputs["decoder_ids"], state, memory)[0]

    def encode(self, source_ids):
        embedded = self.source_table(source_ids)  # [B, S, E]
        real = ops.cast(ops.expand_dims(ops.not_equal(source_ids, 0), axis=-1), embedded.dtype)
        return ops.sum(embedded * real, axis=1) / ops.sum(real, axis=1), ()

    def decode_step(self, ids, state, memory):
        output, (state,) = self.rnn.cell(self.target_table(ids), [state])
        return ops.cast(self.generator(output), "float32"), state, ops.zeros_like(state[:, :0])

    def decode(self, decoder_ids, state, memory):
        outputs, _ = self.rnn(self.target_table(decoder_ids), initial_state=state)
        return ops.cast(self.generator(outputs), "float32"), ops.zeros_like(outputs[..., :0])

    def get_config(self):
        own = {"vocabulary_size": self.source_vocabulary_size, "units": self.units}
        return {**super().get_config(), **own}


@pytest.mark.slow
def test_a_whole_model_becomes_every_artefact(tmp_path):
    model = make_text_model(BagOfWords(ByteTokenizer().vocabulary_size, units=16))
    model.compile(keras.optimizers.Adam(0.03), SequenceCrossentropy())
    losses = model.fit(SOURCES, TARGETS, epochs=60, verbose=0).history["loss"]
    assert losses[-1] < 0.5 * losses[0]
    assert model.generate("abcd") == "dcba"
    assert model.score("abcd", "dcba") > model.score("abcd", "ab")
    found, scores = model.generate(SOURCES[:3], beam_size=2, return_scores=True)
    np.testing.assert_allclose(scores, model.score(SOURCES[:3], found), atol=1e-4)
    twin = model.copy(units=16)
    assert type(twin) is TextSeq2Seq and type(twin.seq2seq) is BagOfWords
    assert twin.generate(SOURCES[:4]) == model.generate(SOURCES[:4])
    with pytest.raises(ValueError, match="BagOfWords has no argument 'unit'"):
        model.copy(unit=16)
    check_artefacts(model, tmp_path)
    both = TextSeq2Seq.ensemble([model, twin])
    assert both.generate(SOURCES[:4]) == model.generate(SOURCES[:4])


def test_a_whole_model_is_trained_by_a_run(tmp_path):
    """Its layers are not built before the run calls it."""
    model = make_text_model(BagOfWords(ByteTokenizer().vocabulary_size))
    pairs = [SentencePairs(SOURCES[:3], TARGETS[:3])] * 2
    config = load_config(None, ["training.epochs=1", "training.attention_images=0"])
    directory = RunDirectory(tmp_path / "run").create()
    assert Run(config, directory, pairs=pairs, model=model).fit().parameters > 1000
    assert type(open_artefact(directory.model).model.seq2seq) is BagOfWords


def test_half_a_model_cannot_be_made():
    class Half(Decodable, keras.Model):
        def encode(self, source_ids):
            return source_ids, ()

    with pytest.raises(TypeError, match="Half lacks decode_step, decode: see Decodable"):
        Half()
    with pytest.raises(TypeError, match="Decodable lacks encode, decode_step, decode"):
        Decodable()


@keras.saving.register_keras_serializable(package="tests")
class Cooled(Seq2Seq):
    """A `Seq2Seq` with an argument of its own: logits are divided by it in decoding."""

    def __init__(self, *args, temperature=1.0, **kwargs):
        super().__init__(*args, **kwargs)
        self.temperature = temperature

    def decode_step(self, ids, state, memory):
        logits, state, weights = super().decode_step(ids, state, memory)
        return logits / self.temperature, state, weights

    def get_config(self):
        return {**super().get_config(), "temperature": self.temperature}


def test_a_subclass_keeps_its_class_and_arguments(tmp_path):
    plain = Cooled.from_options(30, 40, **OPTIONS)
    assert type(plain) is Cooled and plain.temperature == 1.0
    parts = plain.encoder, plain.decoder, plain.generator, plain.bridge
    model = Cooled(*parts, temperature=2.0, name="cooled")
    for twin in (model.copy(), model.copy(dropout=0.1), model.for_export()):
        assert (type(twin), twin.temperature, twin.name) == (Cooled, 2.0, "cooled")
    assert model.copy(temperature=3.0).temperature == 3.0
    with pytest.raises(ValueError, match="no part knows 'temprature'. Did you mean 'temperature'"):
        model.copy(temprature=3.0)
    model.save(tmp_path / "cooled.keras")
    loaded = keras.saving.load_model(tmp_path / "cooled.keras")
    assert (type(loaded), loaded.temperature) == (Cooled, 2.0)
    ids = random_ids(3, 5, 30)
    ours, theirs, others = (m.generate(ids, 5).score for m in (model, loaded, plain))
    np.testing.assert_allclose(ours, theirs, atol=1e-5)
    assert not np.allclose(ours, others, atol=1e-3)


@keras.saving.register_keras_serializable(package="tests")
class FirstHalf(Configured, keras.layers.Layer):
    """A bridge that is none of the library's."""

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units

    def call(self, state):
        return [[tensor[:, : self.units] for tensor in layer[:2]] for layer in state]


@keras.saving.register_keras_serializable(package="tests")
class Plain(Configured, keras.layers.Layer):
    """A generator that is none of the library's."""

    def __init__(self, vocabulary_size, **kwargs):
        super().__init__(**kwargs)
        self.vocabulary_size = vocabulary_size

    def build(self, hidden_shape, weights_shape=None, memory_shape=None):
        self.kernel = self.add_weight((hidden_shape[-1], self.vocabulary_size), name="kernel")

    def prepare(self, memory):
        return memory

    def call(self, hidden, weights=None, memory=None, logits=False):
        return ops.cast(ops.matmul(hidden, ops.cast(self.kernel, hidden.dtype)), "float32")


def test_layers_of_no_class_of_the_library_are_parts(tmp_path):
    model = Seq2Seq(
        encoder=Encoder(30, units=4, embedding_dim=4),
        decoder=Decoder(40, units=4, embedding_dim=4),
        generator=Plain(40),
        bridge=FirstHalf(4),
    )
    assert model.describe()["bridge"] == "FirstHalf" and not model.describe()["tie_embeddings"]
    ids = random_ids(3, 5, 30)
    wanted = model.generate(ids, 5).ids
    model.save(tmp_path / "model.keras")
    for twin in (
        model.copy(),
        model.for_export(),
        keras.saving.load_model(tmp_path / "model.keras"),
    ):
        np.testing.assert_array_equal(twin.generate(ids, 5).ids, wanted)
