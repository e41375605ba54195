"""Kinds by name: those of the library, those from outside, and what is said of unknown ones."""

import subprocess
import sys

import keras
import pytest

from keras_seq2seq.specs.registry import Registry


@pytest.fixture
def layers():
    return Registry("layer", dense="keras.layers.Dense", flat="keras.layers.Flatten")


def make_class(name="Own", module=__name__):
    def get_config(self):
        return {}

    return type(name, (), {"get_config": get_config, "__module__": module})


def test_it_is_a_mapping_from_names_to_classes(layers):
    assert list(layers) == ["dense", "flat"] and len(layers) == 2
    assert layers["dense"] is keras.layers.Dense
    assert dict(layers) == {"dense": keras.layers.Dense, "flat": keras.layers.Flatten}
    assert "dense" in layers and "other" not in layers


def test_a_class_from_outside_is_one_of_them_and_known_to_keras(layers):
    own = layers.register("own")(make_class())
    assert list(layers) == ["dense", "flat", "own"] and layers["own"] is own
    package = __name__.partition(".")[0]
    assert keras.saving.get_registered_name(own) == f"{package}>Own"
    assert layers.of_class("Own") is own and layers.of_class("Flatten") is keras.layers.Flatten


@pytest.mark.parametrize("name", ["Dense", "Own"])
def test_a_class_name_is_taken_once(layers, name):
    """Manifests and Keras's files know a class by it."""
    layers.register("own")(make_class())
    with pytest.raises(ValueError, match=f"another class name than {name}"):
        layers.register("second")(make_class(name, module="elsewhere"))
    assert list(layers) == ["dense", "flat", "own"]


@pytest.mark.parametrize("name", [5, None, "", " ", "none", "a\0b", make_class()])
def test_what_is_no_name_is_refused(layers, name):
    with pytest.raises(ValueError, match=r'A layer has a name, as in .register\("mine"\)'):
        layers.register(name)


def test_what_keras_knows_already_keeps_its_name(layers):
    cls = keras.saving.register_keras_serializable("theirs", "Name")(make_class("Known"))
    layers.register("known")(cls)
    assert keras.saving.get_registered_name(cls) == "theirs>Name"


def test_unknown_names_are_told_the_nearest(layers):
    with pytest.raises(ValueError, match="no layer 'dens'; choose one of 'dense', 'flat'. Did you"):
        layers["dens"]
    with pytest.raises(ValueError, match="Unknown layer class 'Desne'.*Did you mean 'Dense'"):
        layers.of_class("Desne")


def test_a_name_is_given_once(layers):
    for name in ("dense", "own", "own2"):
        if name != "dense":
            layers.register(name)(make_class("Twice"))
    with pytest.raises(ValueError, match="There is a layer 'dense' already"):
        layers.register("dense")(make_class("Other"))
    with pytest.raises(ValueError, match="There is a layer 'own' already"):
        layers.register("own")(make_class("Other"))
    again = make_class("Twice")  # a cell of a notebook that is run again
    assert layers.register("own")(again) is again is layers["own"]


def test_the_kinds_of_the_library_are_where_they_are_said_to_be():
    from keras_seq2seq.layers import ATTENTIONS, BRIDGES, CELLS, Attention, Bridge, StepLayer

    for registry, base in ((ATTENTIONS, Attention), (BRIDGES, Bridge), (CELLS, StepLayer)):
        for name in registry:
            assert issubclass(registry[name], base)
            assert ">" in keras.saving.get_registered_name(registry[name])


def test_names_are_known_before_keras_is_imported():
    program = (
        "import sys; from keras_seq2seq.layers import ATTENTIONS, BRIDGES, CELLS; "
        "print(*CELLS, *ATTENTIONS, *BRIDGES, 'keras' in sys.modules)"
    )
    reply = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert reply.stdout.split() == [
        *("lstm", "gru", "ssru"),
        *("dot", "scaled_dot", "general", "additive"),
        *("concat", "dense", "sum", "zero"),
        "False",
    ], reply.stderr
