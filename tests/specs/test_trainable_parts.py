"""What is frozen stays frozen wherever a model goes."""

import json

import keras
import numpy as np
import pytest
from contracts import few_at_first, random_ids

from keras_seq2seq import (
    Bridge,
    ByteTokenizer,
    Decoder,
    Encoder,
    Ensemble,
    Generator,
    RecurrentStack,
    Seq2Seq,
    SequenceCrossentropy,
    TextSeq2Seq,
    average_weights,
)
from keras_seq2seq.models import Decodable
from keras_seq2seq.specs.trainable_parts import KEY, settle_parts

OPTIONS = {"units": 4, "embedding_dim": 4, "dropout": 0.0}
KINDS = {
    "tied": {},
    "wide": {
        "tie_embeddings": False,
        "bridge": "dense",
        "layer_norm": True,
        "cell": "gru",
        "bidirectional": False,
    },
    "upper": {
        "num_layers": 2,
        "first_layer_attention": True,
        "attention": "additive",
        "cell": "ssru",
    },
}
IDS = random_ids(4, 5, 30)
X = {"source_ids": IDS, "decoder_ids": IDS}


def make(kind="tied"):
    return Seq2Seq.from_options(30, 30, **OPTIONS, **KINDS[kind])


def with_weights(model):
    return [layer for layer in model._flatten_layers(include_self=False) if layer.weights]


def moved_by_a_step(model):
    """Which weights one step of training moves."""
    model.compile("sgd", SequenceCrossentropy())
    before = model.get_weights()
    model.fit(X, IDS, epochs=1, verbose=0)
    return [bool(np.any(a != b)) for a, b in zip(before, model.get_weights(), strict=True)]


def flags(model):
    return [w.trainable for w in model.weights]


@pytest.mark.parametrize("kind", few_at_first(1, KINDS))
def test_each_part_frozen_by_itself_is_so_in_the_configuration(kind):
    model = make(kind)
    plain = json.dumps(model.get_config())
    seen = set()
    for part in with_weights(model):
        part.trainable = False
        if tuple(flags(model)) not in seen:  # a layer, and one that holds it alone
            seen.add(tuple(flags(model)))
            config = json.loads(json.dumps(model.get_config()))
            assert config != json.loads(plain)
            twin = Seq2Seq.from_config(config)
            assert flags(twin) == flags(model)
            assert twin.get_config() == config
        for layer in model._flatten_layers():
            layer.trainable = True  # TensorFlow leaves out what seems to be set already
    assert len(seen) >= 7
    assert json.dumps(model.get_config()) == plain


@pytest.mark.parametrize("part", few_at_first(1, ["encoder", "decoder.embedding"]))
def test_training_moves_what_is_not_frozen_and_nothing_else(part, tmp_path):
    model = make()
    owner, _, name = part.rpartition(".")
    layer = getattr(getattr(model, owner) if owner else model, name)
    layer.trainable = False
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    wanted = flags(model)
    for twin in (model.for_export(), average_weights([model, model])):
        assert flags(twin) == wanted
    for twin in (model, model.copy(), loaded):
        assert moved_by_a_step(twin) == wanted
    loaded.save(tmp_path / "again.keras")  # with an optimizer
    again = keras.saving.load_model(tmp_path / "again.keras")
    assert moved_by_a_step(again) == wanted


def test_a_frozen_part_of_a_text_model_and_of_an_ensemble(tmp_path):
    size = ByteTokenizer().vocabulary_size

    def text_model():
        ids = Seq2Seq.from_options(size, size, **OPTIONS)
        return TextSeq2Seq(ids, ByteTokenizer(), ByteTokenizer())

    model = text_model()
    count = len(model.weights)
    model.seq2seq.encoder.trainable = False
    wanted = flags(model)
    model.save(tmp_path / "model.keras")
    both = TextSeq2Seq.ensemble([model, text_model()])
    both.save(tmp_path / "both.keras")
    for twin in (
        model.copy(),
        model.for_export(),
        keras.models.load_model(tmp_path / "model.keras"),
    ):
        assert flags(twin) == wanted
    for twin in (both, both.copy(), keras.saving.load_model(tmp_path / "both.keras")):
        assert flags(twin) == wanted + [True] * count
    assert flags(keras.models.clone_model(model)) == wanted
    assert all(flags(model.copy(trainable=True))) and not any(flags(model.copy(trainable=False)))
    assert all(flags(both.copy(trainable=True))) and not any(flags(both.copy(trainable=False)))


@pytest.mark.parametrize(
    "make",
    [
        lambda **kw: Encoder(30, **OPTIONS, **kw),
        lambda **kw: RecurrentStack(units=4, num_layers=2, **kw),
    ],
    ids=["encoder", "stack"],
)
def test_a_lone_layer_in_a_model_of_ones_own(make, tmp_path):
    def whole(layer):
        if isinstance(layer, Encoder):
            inputs = keras.Input((None,), dtype="int32")
            values = layer(inputs)[1].values
        else:
            inputs = keras.Input((None, 3))
            values = layer(inputs)[0]
        return keras.Model(inputs, keras.layers.Dense(2)(values))

    for freeze in ("whole", "built", "unbuilt", "constructor"):
        layer = make(trainable=False) if freeze == "constructor" else make()
        inner = layer.embedding if isinstance(layer, Encoder) else layer.forward_layers[0]
        if freeze == "unbuilt":
            inner.trainable = False
        model = whole(layer)
        if freeze in ("built", "whole"):
            (inner if freeze == "built" else layer).trainable = False
        wanted = flags(model)
        assert wanted.count(False) == len((inner if "built" in freeze else layer).weights)
        model.save(tmp_path / "model.keras")
        assert flags(keras.saving.load_model(tmp_path / "model.keras")) == wanted
        assert flags(keras.models.clone_model(model)) == wanted


def test_false_in_a_constructor_freezes_all_parts():
    parts = Encoder(30, **OPTIONS), Decoder(30, units=8, embedding_dim=4), Generator(30)
    for model in (
        Seq2Seq(*parts, trainable=False),
        Ensemble([make()], trainable=False),
        TextSeq2Seq(Seq2Seq.from_options(260, 260), *[ByteTokenizer()] * 2, trainable=False),
    ):
        assert not any(flags(model)) and KEY not in model.get_config()
    parts[0].trainable = True
    Seq2Seq(*parts)  # another model around them leaves them as they are
    assert all(flags(parts[0])) and not any(flags(parts[1]))
    bridge = Bridge(8, "dense", directions=2, trainable=False)  # its parts come when it is built
    bridge([[np.ones((1, 4))] * 4])
    assert not any(flags(bridge))


def test_a_part_below_a_frozen_one_may_be_trained():
    encoder = make().encoder
    encoder.trainable = False
    encoder.embedding.trainable = True
    twin = Encoder.from_config(encoder.get_config())
    assert twin.get_config()[KEY] == {"embedding": True}
    twin(IDS)
    assert flags(twin) == flags(encoder) and flags(encoder).count(True) == 1


@keras.saving.register_keras_serializable(package="tests")
class Unbuilt(Decodable, keras.Model):
    """Layers that are built when they are first called, and a config that names none of them."""

    pad_id, bos_id, eos_id, attention, policy = 0, 2, 3, None, None

    def __init__(self, size, **kwargs):
        super().__init__(**kwargs)
        self.size = size
        self.table = keras.layers.Embedding(size, 4)
        self.out = {"dense": [keras.layers.Dense(4), keras.layers.Dense(size)]}

    def call(self, inputs):
        hidden = self.out["dense"][0](self.table(inputs["decoder_ids"]))
        return self.out["dense"][1](hidden)

    def encode(self, source_ids): ...

    def decode_step(self, ids, state, memory): ...

    def decode(self, decoder_ids, state, memory): ...

    def get_config(self):
        return {**super().get_config(), "size": self.size}


def test_an_own_model_needs_to_do_nothing(tmp_path):
    model = Unbuilt(30)
    model(X)
    model.out["dense"][0].trainable = model.table.trainable = False
    assert model.get_config()[KEY] == {"table": False, "out.dense.0": False}
    model.save(tmp_path / "model.keras")
    for twin in (model.copy(), keras.saving.load_model(tmp_path / "model.keras")):
        assert flags(twin) == flags(model) and flags(twin).count(False) == 3


def test_a_part_that_is_not_there_is_told():
    config = {**make().get_config(), KEY: {"encoder.embeding": False}}
    with pytest.raises(ValueError, match="there is no part encoder.embeding"):
        Seq2Seq.from_config(config)
    settle_parts(make())
