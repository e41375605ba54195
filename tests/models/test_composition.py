"""A `Seq2Seq` of parts that were made one by one."""

import keras
import numpy as np
import pytest
from contracts import check_config_is_complete, random_ids

from keras_seq2seq import Bridge, Decoder, Encoder, Generator, ModelSpec, Seq2Seq
from keras_seq2seq.specs.config_error import ConfigError

SIDE = {"units": 4, "embedding_dim": 6}
WIDE = {**SIDE, "units": 8}  # behind a bidirectional encoder
TABLE = keras.layers.Embedding(40, 6)
IDS = {"source_ids": random_ids(3, 5, 30), "decoder_ids": random_ids(3, 4, 40, seed=1)}


def make(**changes):
    parts = {
        "encoder": Encoder(30, **SIDE),
        "decoder": Decoder(40, **WIDE),
        "generator": Generator(40),
        **changes,
    }
    return Seq2Seq(**parts)


def tables(model):
    return [w for w in model.weights if len(w.shape) == 2 and w.shape[-1] == 6 and w.shape[0] >= 30]


def test_parts_and_options_make_the_same_network():
    spec = ModelSpec(**SIDE, tie_embeddings=False)
    whole = Seq2Seq.from_options(30, 40, spec)
    composed = make(
        encoder=Encoder(30, spec.encoder),
        decoder=Decoder(40, spec.decoder),
        generator=Generator(40, spec.generator),
        bridge=spec.bridge,
    )
    composed.set_weights(whole.get_weights())
    np.testing.assert_array_equal(composed(IDS), whole(IDS))
    ours, theirs = (m.generate(IDS["source_ids"], 6) for m in (composed, whole))
    np.testing.assert_array_equal(ours.ids, theirs.ids)


@pytest.mark.parametrize("bridge", ["concat", Bridge(8, directions=2)], ids=["name", "layer"])
def test_it_is_saved_and_copied_with_all_its_parts(bridge, tmp_path):
    model = make(bridge=bridge, bos_id=5, eos_id=6, name="whole")
    check_config_is_complete(model)
    model.save(tmp_path / "model.keras")
    for twin in (keras.saving.load_model(tmp_path / "model.keras"), model.copy()):
        np.testing.assert_allclose(twin(IDS), model(IDS), atol=1e-6)
        assert (twin.name, twin.bos_id, twin.eos_id) == ("whole", 5, 6)
        assert twin.encoder.spec == model.encoder.spec and twin.decoder.spec == model.decoder.spec


@pytest.mark.parametrize(
    ("shared", "count"), [((), 3), (("generator",), 2), (("encoder", "generator"), 1)]
)
def test_one_embedding_given_to_several_parts_stays_one(shared, count, tmp_path):
    table = keras.layers.Embedding(40, 6)
    given = {name: table if name in shared else None for name in ("encoder", "generator")}
    model = make(
        encoder=Encoder(40, **SIDE, embedding=given["encoder"]),
        decoder=Decoder(40, **WIDE, embedding=table),
        generator=Generator(40, embedding=given["generator"]),
    )
    model.save(tmp_path / "model.keras")
    for twin in (model, model.copy(), keras.saving.load_model(tmp_path / "model.keras")):
        # A generator of its own has its kernel the other way round.
        assert len(tables(twin)) == count - (not given["generator"])
        for name in shared:
            assert getattr(twin, name).embedding is twin.decoder.embedding
        np.testing.assert_allclose(twin(IDS), model(IDS), atol=1e-6)


def test_each_part_that_knows_a_changed_option_takes_it():
    model = make()
    twin = model.copy(name="twin", dropout=0.1, bidirectional=True, fixed_norm=4, use_cudnn=False)
    assert twin.name == "twin"
    assert [part.name for part in (twin.encoder, twin.decoder, twin.generator)] == [
        part.name for part in (model.encoder, model.decoder, model.generator)
    ]
    assert twin.encoder.spec.dropout == twin.decoder.spec.dropout == 0.1
    assert twin.generator.spec.fixed_norm == 4.0
    assert twin.encoder.use_cudnn is twin.decoder.use_cudnn is False
    assert twin.encoder.spec.units == 4 and twin.decoder.spec.units == 8
    with pytest.raises(ConfigError, match="coder.dropout is 2.0, but must be"):
        model.copy(dropout=2)


def test_a_changed_dtype_reaches_every_layer():
    twin = make().copy(dtype="mixed_bfloat16")
    assert {layer.dtype_policy.name for layer in twin._flatten_layers(include_self=False)} - {
        "float32"  # of the inputs alone
    } == {"mixed_bfloat16"}
    parts = [twin.encoder, twin.bridge, twin.decoder, twin.generator]
    for part in parts:
        assert {one.dtype_policy.name for one in part._flatten_layers()} == {"mixed_bfloat16"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"generator": Generator(50)}, "the decoder knows 40 tokens and the generator 50"),
        ({"decoder": Decoder(40, **SIDE)}, "Give the decoder 8 units or use mode='dense'"),
        ({"bridge": "dens"}, "Did you mean 'dense'"),
        (
            {
                "encoder": Encoder(40, embedding=TABLE, **SIDE),
                "generator": Generator(40, embedding=TABLE),
            },
            "share an embedding that the decoder has not",
        ),
        (
            {"decoder": Decoder(40, **WIDE, cell="gru")},
            "cell='lstm' has no state for a decoder of cell='gru'",
        ),
        (
            {"decoder": Decoder(40, units=8, embedding_dim=7)},
            "source embeddings as wide as its own, 7, got 6",
        ),
        (
            {"generator": Generator(40, embedding=keras.layers.Embedding(40, 7))},
            r"the tied embedding is \[40, 7\]",
        ),
    ],
)
def test_parts_that_do_not_fit_say_so(changes, said):
    with pytest.raises(ValueError, match=said):
        make(**changes)


def test_what_is_no_part_is_told_where_sizes_go():
    with pytest.raises(TypeError, match=r"encoder is 30, but a layer.*Seq2Seq.from_options"):
        make(encoder=30)
    with pytest.raises(TypeError, match=r"encoder is 30, but .*Seq2Seq.from_options"):
        Seq2Seq(30, 40, units=4)  # as it was made in 0.1.0
    with pytest.raises(TypeError, match="generator is None, but a layer is expected"):
        Seq2Seq(Encoder(30, **SIDE), Decoder(40, **WIDE))


def test_an_own_bridge_may_stand_between_two_cells():
    class FirstOnly(Bridge):
        def call(self, state):
            return [[layer[0]] for layer in super().call(state)]

    decoder = Decoder(40, **WIDE, cell="gru")
    model = make(decoder=decoder, bridge=FirstOnly(8, directions=2))
    assert model.generate(IDS["source_ids"], 4).ids.shape == (3, 4)


@pytest.mark.parametrize("given", [keras.layers.Embedding(39, 6), True, 64])
@pytest.mark.parametrize("part", [Encoder, Decoder])
def test_an_embedding_of_another_vocabulary_is_refused(part, given):
    with pytest.raises(ValueError, match=r"one of 40 tokens is expected: .*Embedding\(40, 6\)"):
        part(40, embedding=given, **SIDE)


@pytest.mark.parametrize(
    "make", [Encoder, Decoder, Generator, lambda *a: Seq2Seq.from_options(50, *a)]
)
def test_a_size_is_no_spec(make):
    with pytest.raises(ConfigError, match="160 is no .*Spec. Options have names: units=160"):
        make(50, 160)


def test_arguments_of_a_subclass_are_its_own():
    class Weighted(Seq2Seq):
        def __init__(self, encoder, decoder, generator, bridge, copy_weight=0.5, **kwargs):
            super().__init__(encoder, decoder, generator, bridge, **kwargs)
            self.copy_weight = copy_weight

    model = Weighted.from_options(30, 40, bos_id=5, **SIDE)
    assert (model.copy_weight, model.bos_id) == (0.5, 5)
