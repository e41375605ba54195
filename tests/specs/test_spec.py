"""Specs: made of each other, of dicts, and back; and the spec of a whole network."""

import dataclasses
import json
from typing import ClassVar

import pytest

from keras_seq2seq.layers import DecoderSpec, EncoderSpec, GeneratorSpec, StackSpec
from keras_seq2seq.models import ModelSpec
from keras_seq2seq.specs.config_error import ConfigError
from keras_seq2seq.specs.spec import Spec
from keras_seq2seq.training.configuration.config_file import load_config

SPECS = [StackSpec, EncoderSpec, DecoderSpec, GeneratorSpec, ModelSpec]
CHANGED = {
    StackSpec: {"cell": "gru", "units": 3, "residual": True},
    EncoderSpec: {"bidirectional": False, "memory_dropout": 0.1},
    DecoderSpec: {"attention": None, "lexical_model": False},
    GeneratorSpec: {"fixed_norm": None},
    ModelSpec: {"attention": None, "fixed_norm": None, "decoder_units": 7, "bridge": "dense"},
}


@pytest.mark.parametrize("kind", SPECS)
def test_it_is_read_back_from_what_it_gives(kind):
    for spec in (kind(), kind(**CHANGED[kind])):
        assert kind.make(spec) == kind.make(spec.to_dict()) == kind.make(spec.values()) == spec
        assert kind.make(None, spec.values()) == kind.of(spec) == spec
        assert kind.make(json.loads(json.dumps(spec.to_dict()))) == spec
        assert list(spec.to_dict()) == list(spec.values()) == list(kind.names())
        assert None not in spec.to_dict().values()
        assert hash(spec) == hash(kind.make(spec))
    assert kind(**CHANGED[kind]) != kind() == kind.make()


def test_changes_win_over_what_was_given():
    spec = StackSpec(units=3, cell="gru")
    assert StackSpec.make(spec, {"units": 4}) == StackSpec(units=4, cell="gru")
    assert StackSpec.make({"units": 3}, {"units": 4}).units == 4
    assert StackSpec.of(EncoderSpec(units=3, bidirectional=False), dropout=0.1) == StackSpec(
        units=3, dropout=0.1
    )
    assert spec.units == 3


def test_an_unknown_option_names_the_nearest_and_its_section():
    for make in (ModelSpec.make, ModelSpec.from_preset):
        with pytest.raises(ConfigError, match="no option model.unist. Did you mean 'units'"):
            make(**({"changes": {"unist": 3}} if make == ModelSpec.make else {"unist": 3}))
    with pytest.raises(ConfigError, match="no option decoder.bidirectional"):
        DecoderSpec.make({"bidirectional": True})


def test_specs_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        StackSpec().units = 3
    with pytest.raises(ConfigError, match="stack.units is 0"):
        dataclasses.replace(StackSpec(), units=0)


def test_the_network_has_every_option_of_its_parts_once():
    names = ModelSpec.names()
    assert len(names) == len(set(names))
    of_parts = [*EncoderSpec.names(), *DecoderSpec.names(), *GeneratorSpec.names()]
    assert set(of_parts) < set(names)
    defaults = ModelSpec().values()
    for part in (EncoderSpec(), DecoderSpec(), GeneratorSpec()):  # one default everywhere
        assert part.values().items() <= defaults.items()
    own = set(names) - set(of_parts)
    assert own == {
        "preset",
        "decoder_units",
        "encoder_layers",
        "decoder_layers",
        "bridge",
        "tie_embeddings",
        "share_embeddings",
    }
    assert all(field.metadata["comment"] for field in dataclasses.fields(ModelSpec))


def test_each_part_is_told_its_own():
    spec = ModelSpec(units=6, num_layers=2, encoder_layers=1, hidden_dropout=0.1, fixed_norm=4.0)
    assert (spec.encoder.num_layers, spec.decoder.num_layers) == (1, 2)
    assert (spec.encoder.units, spec.decoder.units, spec.encoder.memory_dim) == (6, 12, 12)
    assert spec.decoder.rate("hidden") == 0.1 and spec.decoder.rate("layer") == 0.3
    assert spec.generator.fixed_norm == 4.0
    assert type(spec.encoder) is EncoderSpec and type(spec.decoder) is DecoderSpec


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"attention": None, "bridge": "zero"}, "gives the decoder nothing of the source"),
        ({"decoder_units": 7}, 'model.bridge = "concat" makes states of 320'),
        ({"bridge": "sum", "decoder_units": 320}, 'model.bridge = "sum" makes states of 160'),
        ({"attention": "dot", "bridge": "sum"}, "compares a decoder of 160"),
        ({"attention_heads": 3}, "must divide the 320 units"),
        ({"first_layer_attention": True}, "Set model.decoder_layers = 2 or more"),
        ({"attention": None, "input_feeding": True}, "no effect with model.attention"),
        ({"input_feeding": True, "recurrent_dropout": 0.1}, "model.input_feeding does not go"),
    ],
)
def test_options_that_contradict_each_other(options, said):
    with pytest.raises(ConfigError) as in_python:
        ModelSpec(**options)
    assert said in str(in_python.value)
    overrides = [f"model.{k}={str(v).lower()}" for k, v in options.items()]
    with pytest.raises(ConfigError) as in_a_file:
        load_config(None, overrides)
    assert str(in_a_file.value) == str(in_python.value)


def test_a_section_of_its_own_stands_in_messages():
    @dataclasses.dataclass(frozen=True)
    class Own(StackSpec):
        section: ClassVar[str] = "own"

    with pytest.raises(ConfigError, match="own.units is -1"):
        Own(units=-1)
    assert Own.names() == StackSpec.names()


def test_positions_are_those_of_the_fields():
    assert GeneratorSpec(4).fixed_norm == 4.0
    assert StackSpec("gru", 3, 2) == StackSpec(cell="gru", units=3, num_layers=2)
    assert Spec().to_dict() == {}
