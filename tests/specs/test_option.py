"""One option: type, limits, what stands for None, and what is said of a wrong value."""

import dataclasses

import numpy as np
import pytest

from keras_seq2seq.specs.config_error import ConfigError
from keras_seq2seq.specs.option import choices_of, finer_rate, option
from keras_seq2seq.specs.registry import Registry
from keras_seq2seq.specs.spec import Spec

SHAPES = Registry("shape", square="keras.layers.Dense", circle="keras.layers.Dropout")


def _is_even(value):
    if value % 2:
        raise ValueError(f"{value} is odd.")


@dataclasses.dataclass(frozen=True)
class Sample(Spec):
    least: int = option(3, "At least 2.", minimum=2)
    most: float = option(0.5, "At most 1.", maximum=1.0)
    within: float = option(0.5, "Between 0 and 1.", above=0.0, below=1.0)
    name: str = option("a", "A or b.", choices=("alpha", "beta", "a"))
    shape: str | None = option(None, "A shape, or none.", none="none", choices=SHAPES)
    size: int | None = option(None, "A size; 0 is what fits.", none=0, minimum=0)
    rate: float | None = finer_rate("Of all.")
    even: int = option(2, "Even.", check=_is_even)
    flag: bool = option(False, "Yes or no.")


GOOD = [
    ("least", 2, 2),
    ("most", 1, 1.0),
    ("most", 1.0, 1.0),
    ("within", 0.001, 0.001),
    ("name", "beta", "beta"),
    ("shape", "circle", "circle"),
    ("shape", "none", None),
    ("shape", None, None),
    ("size", 0, None),
    ("size", None, None),
    ("size", 7, 7),
    ("rate", -1, None),
    ("rate", None, None),
    ("rate", 0, 0.0),
    ("even", 4, 4),
    ("flag", True, True),
    ("least", np.int64(5), 5),
    ("least", np.array(5), 5),
    ("most", np.float32(0.5), 0.5),
    ("flag", np.bool_(True), True),
]
BAD = [
    ("least", 1, "options.least is 1, but must be at least 2"),
    ("least", 2.0, "options.least is 2.0 (float), but a whole number is expected (int)"),
    ("least", True, "options.least is True (bool), but a whole number is expected"),
    ("least", None, "options.least is None (NoneType), but a whole number is expected"),
    ("least", np.array([5]), "but a whole number is expected"),
    ("most", 1.01, "options.most is 1.01, but must be at most 1.0."),
    ("most", float("nan"), "options.most is nan, but a finite number is expected"),
    ("most", "1", "options.most is '1' (str), but a number is expected"),
    ("most", 10**400, "which is beyond any number"),
    ("within", 0.0, "options.within is 0.0, but must be above 0.0 and below 1.0."),
    ("within", 1, "options.within is 1.0, but must be above 0.0 and below 1.0."),
    ("name", "alpah", "must be one of 'alpha', 'beta', 'a'. Did you mean 'alpha'?"),
    ("name", "Beta", "Did you mean 'beta'?"),
    ("shape", "circel", "must be one of 'none', 'square', 'circle'. Did you mean 'circle'?"),
    ("shape", "", "options.shape is '', but must be one of"),
    ("size", -1, "options.size is -1, but must be at least 0."),
    ("rate", 1.0, "options.rate is 1.0, but must be at least -1.0 and below 1.0."),
    ("rate", -0.5, "options.rate: -0.5 is no share"),
    ("even", 3, "options.even: 3 is odd."),
    ("flag", 1, "options.flag is 1 (int), but true or false is expected"),
    ("name", "a\0", "which no file can hold"),
]


@pytest.mark.parametrize(("name", "value", "known"), GOOD)
def test_what_may_be_written(name, value, known):
    found = getattr(Sample(**{name: value}), name)
    assert found == known and type(found) is type(known)


@pytest.mark.parametrize(("name", "value", "said"), BAD)
def test_what_may_not_be_written(name, value, said):
    with pytest.raises(ConfigError) as caught:
        Sample(**{name: value})
    assert said in str(caught.value)
    assert isinstance(caught.value, ValueError)


def test_a_kind_that_is_registered_later_is_a_choice_at_once():
    with pytest.raises(ConfigError):
        Sample(shape="star")
    shapes = Registry("shape", square="keras.layers.Dense")

    @dataclasses.dataclass(frozen=True)
    class Open(Spec):
        shape: str | None = option(None, "A shape.", none="none", choices=shapes)

    @shapes.register("star")
    class Star:
        def get_config(self):
            return {}

    assert Open(shape="star").shape == "star"
    assert choices_of(dataclasses.fields(Open)[0]) == ["none", "square", "star"]
