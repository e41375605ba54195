"""No option vanishes: a name that is not known is refused, in every public class and function."""

import importlib
import inspect
import re

import keras
import pytest

import keras_seq2seq
from keras_seq2seq import (
    ByteTokenizer,
    Decoder,
    Encoder,
    Ensemble,
    Generator,
    ModelSpec,
    Seq2Seq,
    TextSeq2Seq,
)
from keras_seq2seq.layers import CELLS
from keras_seq2seq.lazy_names import imported_for_editors
from keras_seq2seq.models import Decodable
from keras_seq2seq.specs.config_error import ConfigError
from keras_seq2seq.specs.configured import Configured
from keras_seq2seq.specs.known_names import KnownNames
from keras_seq2seq.specs.spec import Spec

SMALL = {"units": 4, "embedding_dim": 4}


def public_classes():
    found = {}
    for room in ("", *(f".{name}" for name in keras_seq2seq.__all__ if name.islower())):
        module = importlib.import_module(f"keras_seq2seq{room}") if _is_room(room) else None
        for name in dir(module) if module else ():
            thing = getattr(module, name)
            if inspect.isclass(thing) and thing.__module__.startswith("keras_seq2seq"):
                found[thing.__qualname__] = thing
    return found | {CELLS[name].__name__: CELLS[name] for name in CELLS}


def _is_room(room):
    places = imported_for_editors("keras_seq2seq")
    return not room or places[room[1:]] == "keras_seq2seq"


# Results, records and what Python builds by position: Python's own refusal is enough there.
CLASSES = {
    name: cls for name, cls in public_classes().items() if not issubclass(cls, (Exception, tuple))
}
# What Keras saves or calls, and what has options.
KINDS = (
    keras.layers.Layer,
    keras.losses.Loss,
    keras.metrics.Metric,
    keras.callbacks.Callback,
    keras.optimizers.schedules.LearningRateSchedule,
    Decodable,
    Configured,
    Spec,
)


def test_the_walk_finds_the_classes():
    assert {"Seq2Seq", "Encoder", "TokenAccuracy", "BestModel", "StackSpec", "LSTM"} <= {*CLASSES}
    for name, cls in CLASSES.items():
        assert not issubclass(cls, KINDS) or issubclass(cls, KnownNames), f"{name} lacks KnownNames"


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_an_unknown_name_is_refused_and_the_nearest_is_said(name):
    cls = CLASSES[name]
    if not issubclass(cls, KnownNames):
        with pytest.raises(TypeError):
            cls(no_such_name=1)
        return
    known = cls.known_names()
    for right in known:
        wrong = f"{right}z"
        with pytest.raises(ConfigError, match="has no argument ") as told:
            cls(**{wrong: 1})
        near = re.search(r"Did you mean '(\w+)'", str(told.value))
        assert isinstance(told.value, TypeError)
        assert near and near[1] in known, told.value
    with pytest.raises(ConfigError, match=rf"{cls.__name__} has no argument 'zzzz'"):
        cls(zzzz=1)


@pytest.mark.parametrize(
    ("make", "wrong", "right"),
    [
        (lambda **kw: Seq2Seq.from_options(50, 50, **kw), "dropuot", "dropout"),
        (lambda **kw: Seq2Seq.from_options(50, 50, **kw), "num_layer", "num_layers"),
        (lambda **kw: Seq2Seq.from_options(50, 50, **kw), "bidirectonal", "bidirectional"),
        (lambda **kw: Seq2Seq.from_options(50, 50, **kw), "pad_idd", "pad_id"),
        (lambda **kw: Seq2Seq.from_preset("tiny", 44, 15, **kw), "unit", "units"),
        (lambda **kw: Seq2Seq.from_preset("tiny", 44, 15, **kw), "use_cudn", "use_cudnn"),
        (lambda **kw: ModelSpec.from_preset("tiny", **kw), "unit", "units"),
        (lambda **kw: ModelSpec(**kw), "hidden_dropot", "hidden_dropout"),
        (lambda **kw: Encoder(30, **kw), "pad_idx", "pad_id"),
        (lambda **kw: Decoder(30, **kw), "ouput_dim", "output_dim"),
        (lambda **kw: Generator(30, **kw), "embeding", "embedding"),
        (lambda **kw: CELLS["gru"](4, **kw), "recurrent_dropuot", "recurrent_dropout"),
    ],
)
def test_what_was_written_wrong(make, wrong, right):
    with pytest.raises(ConfigError, match=f"Did you mean '{right}'"):
        make(**{wrong: 1})


def test_models():
    parts = Encoder(30, **SMALL), Decoder(30, units=8, embedding_dim=4), Generator(30)
    with pytest.raises(ConfigError, match="Seq2Seq has no argument 'brdge'. Did you mean 'bridge'"):
        Seq2Seq(*parts, brdge="dense")
    with pytest.raises(TypeError, match="encoder is 500, but a layer .*Seq2Seq.from_options"):
        Seq2Seq(500, 500, dropuot=0.5, num_layer=4)
    with pytest.raises(ConfigError, match="no argument 'dropout'. There are: encoder, decoder"):
        Seq2Seq(*parts, dropout=0.5)
    with pytest.raises(ConfigError, match="Did you mean 'models'"):
        Ensemble(model=[])
    with pytest.raises(ConfigError, match="Did you mean 'max_source_length'"):
        TextSeq2Seq(Seq2Seq(*parts), *[ByteTokenizer()] * 2, max_source_lenght=9)
    with pytest.raises(ConfigError, match=r"spec=ModelSpec.from_preset\('tiny', units"):
        Seq2Seq.from_preset("tiny", 44, 15, spec=ModelSpec(units=8))


def test_a_subclass_has_its_own_names_and_those_above():
    class Louder(Generator):
        def __init__(self, vocabulary_size, volume=2.0, **kwargs):
            super().__init__(vocabulary_size, **kwargs)
            self.volume = volume

    class Loudest(Louder):
        def __init__(self):
            super().__init__(30, volume=9.0)

    assert Louder(30, volume=1.0, fixed_norm=2.0, name="loud").volume == 1.0
    with pytest.raises(ConfigError, match="Louder has no argument 'volum'. Did you mean 'volume'"):
        Louder(30, volum=1.0)
    with pytest.raises(ConfigError, match="Loudest has no argument 'volume'"):
        Loudest(volume=1.0)


def test_bases_stand_in_the_order_that_lets_them_check():
    with pytest.raises(TypeError, match="Decodable goes before Keras's class.*D.Decodable, ..."):

        class D(keras.Model, Decodable):
            pass

    with pytest.raises(TypeError, match="Configured goes before Keras's class"):

        class Own(keras.layers.Layer, Configured):
            pass
