"""What layers save of themselves, and a new option that nothing else lists."""

import dataclasses
import json

import keras
import pytest
from contracts import check_config_is_complete

from keras_seq2seq import Attention, Bridge, Decoder, Encoder, Generator, RecurrentStack, Seq2Seq
from keras_seq2seq.layers import CELLS, DecoderSpec, EncoderSpec, GeneratorSpec, StackSpec
from keras_seq2seq.models import ModelSpec
from keras_seq2seq.specs.config_error import ConfigError
from keras_seq2seq.specs.configured import Configured, check_choice
from keras_seq2seq.specs.option import option
from keras_seq2seq.training.configuration.config import RunConfig
from keras_seq2seq.training.configuration.config_file import commented_toml

SMALL = {"units": 4, "embedding_dim": 4}
LAYERS = {
    "attention": lambda: Attention("dot", 2, 0.1),
    "bridge": lambda: Bridge(8, "sum", 2, 3),
    "decoder": lambda: Decoder(30, attention_heads=2, **SMALL),
    "encoder": lambda: Encoder(30, memory_dropout=0.2, pad_id=1, **SMALL),
    "generator": lambda: Generator(30, fixed_norm=2),
    "stack": lambda: RecurrentStack(units=4, bidirectional=True, use_cudnn=False),
    "model": lambda: Seq2Seq.from_options(30, 40, **SMALL),
    **{cell: lambda cell=cell: CELLS[cell](4, go_backwards=True) for cell in CELLS},
}


@pytest.mark.parametrize("name", LAYERS)
def test_the_config_is_whole_and_any_file_can_hold_it(name):
    layer = LAYERS[name]()
    check_config_is_complete(layer)
    config = layer.get_config()
    assert json.loads(json.dumps(config)) == config


def test_a_spec_an_equal_dict_and_options_one_by_one_are_the_same():
    spec = EncoderSpec(units=4, embedding_dim=6)
    for encoder in (
        Encoder(30, spec),
        Encoder(30, spec.to_dict()),
        Encoder(30, units=4, embedding_dim=6),
        Encoder(30, EncoderSpec(units=4), embedding_dim=6),
        Encoder(vocabulary_size=30, spec=spec),
    ):
        assert encoder.spec == spec
        assert encoder.rnn.spec.units == 4 and encoder.embedding.output_dim == 6


def test_arguments_may_be_given_by_position():
    table = keras.layers.Embedding(30, 4)
    encoder = Encoder(30, EncoderSpec(**SMALL), table, 1, False)
    assert (encoder.embedding, encoder.pad_id, encoder.use_cudnn) == (table, 1, False)
    decoder = Decoder(30, DecoderSpec(**SMALL, lexical_model=False), 6, table, False)
    assert (decoder.output_dim, decoder.embedding, decoder.use_cudnn) == (6, table, False)
    stack = RecurrentStack(StackSpec(units=4), True, False)
    assert (stack.spec.units, stack.bidirectional, stack.use_cudnn) == (4, True, False)
    generator = Generator(30, GeneratorSpec(4), table)
    assert (generator.spec.fixed_norm, generator.embedding) == (4.0, table)


@pytest.mark.parametrize(
    "make",
    [
        lambda **options: Encoder(30, **options),
        lambda **options: Decoder(30, **options),
        lambda **options: RecurrentStack(**options),
        lambda **options: Seq2Seq.from_options(30, 40, **options),
    ],
)
def test_an_option_that_is_unknown_or_out_of_range_is_refused(make):
    with pytest.raises(ConfigError, match="Did you mean 'units'"):
        make(unit=4)
    with pytest.raises(ConfigError, match="dropout is 1.0, but must be at least 0.0 and below 1"):
        make(dropout=1.0)


def test_what_belongs_to_keras_goes_to_keras():
    layer = Encoder(30, **SMALL, name="reads", trainable=False, dtype="mixed_bfloat16")
    assert (layer.name, layer.trainable) == ("reads", False)
    assert layer.dtype_policy.name == layer.rnn.dtype_policy.name == "mixed_bfloat16"
    copy = Encoder.from_config(layer.get_config())
    assert (copy.name, copy.trainable, copy.dtype_policy.name) == ("reads", False, "mixed_bfloat16")


def test_arguments_of_base_classes_are_saved_too():
    @keras.saving.register_keras_serializable(package="tests")
    class Louder(Generator):
        def __init__(self, vocabulary_size, volume=2.0, **kwargs):
            super().__init__(vocabulary_size, **kwargs)
            self.volume = volume

    layer = Louder(30, 3.0, fixed_norm=4.0)
    assert Louder.arguments() == ["vocabulary_size", "volume", "spec", "embedding"]
    check_config_is_complete(layer)
    copy = Louder.from_config(layer.get_config())
    assert (copy.volume, copy.spec.fixed_norm, copy.vocabulary_size) == (3.0, 4.0, 30)


def test_a_layer_that_forgets_an_attribute_is_told_at_once():
    class Forgetful(Configured, keras.layers.Layer):
        def __init__(self, kept, lost, **kwargs):
            super().__init__(**kwargs)
            self.kept = kept

    with pytest.raises(AttributeError, match="lost"):
        Forgetful(1, 2).get_config()


def test_a_new_option_is_one_line():
    """It is then in the file with its comment, in the config of the layer, and checked."""

    @dataclasses.dataclass(frozen=True)
    class WarpedSpec(GeneratorSpec):
        warp: float = option(0.5, "How far tokens are warped.", minimum=0.0)

    @keras.saving.register_keras_serializable(package="tests")
    class Warped(Generator):
        spec_class = WarpedSpec

    layer = Warped(30, warp=2)
    assert layer.get_config()["spec"] == {"fixed_norm": 5.0, "warp": 2.0}
    check_config_is_complete(layer)
    with pytest.raises(ConfigError, match="generator.warp is -1.0, but must be at least 0"):
        Warped(30, warp=-1)

    @dataclasses.dataclass(frozen=True)
    class LargerSpec(ModelSpec, WarpedSpec):
        pass

    toml = commented_toml(dataclasses.replace(RunConfig(), model=LargerSpec(warp=3)))
    assert "# How far tokens are warped.\nwarp = 3.0\n" in toml
    assert WarpedSpec.of(LargerSpec(warp=3)).warp == 3.0


def test_a_choice_that_is_unknown_names_the_nearest():
    with pytest.raises(ValueError, match="Bridge: mode='dens' is not known.*Did you mean 'dense'"):
        Bridge(4, "dens")
    with pytest.raises(ValueError, match="Did you mean 'additive'"):
        Attention("aditive")
    check_choice("Any", "thing", "b", {"a", "b"})
