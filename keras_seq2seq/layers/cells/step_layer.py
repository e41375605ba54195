"""What everything that runs over time offers."""

import abc
from typing import Any

import keras

from keras_seq2seq.specs.known_names import KnownNames
from keras_seq2seq.tensors import Tensor

State = list[Any]


class StepLayer(KnownNames, keras.layers.Layer, abc.ABC):
    """A layer over time: T steps at once in training, one after the other in decoding.

    `sequence` over T steps and T times `step` give the same; a test holds this for all of `CELLS`.
    Whatever a step needs of those before it is in the state: tensors whose first axis is that of
    the rows, of a shape that no step changes, so that a search may reorder them and any loop carry
    them. A cache of keys and values is one of [B, max_length, ...]. Decoding calls `step` outside
    of a layer's call, where Keras casts no weights: a step casts its own to the inputs' dtype.
    Arguments of the constructor are attributes of the same name if `Configured` stands before
    `StepLayer`, which then writes `get_config`.

    Args:
        units: int. H.
        go_backwards: bool. `sequence` reads from the last step to the first, and gives its outputs
            in the order in which it made them.
        recurrent_dropout: float in [0, 1), of the state; a cell that knows none refuses it.
        use_cudnn: `"auto"`, `True` or `False`. Whether a GPU may use kernels that no CPU has.
    """

    units: int

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.supports_masking = True

    @abc.abstractmethod
    def initial_state(self, batch: Any, max_length: int) -> State:
        """The state before the first of at most `max_length` steps, for `batch` rows."""

    @abc.abstractmethod
    def sequence(
        self, inputs: Tensor, state: Any = None, mask: Tensor = None, training: bool | None = None
    ) -> tuple[Tensor, State]:
        """T steps: inputs [B, T, E] -> outputs [B, T, H] and the state behind the last one.

        Args:
            inputs: float tensor [B, T, E].
            state: what `initial_state`, `sequence` or `step` gave; `None` is the initial one.
            mask: bool tensor [B, T], true on real steps; the others change no state.
            training: bool.
        """

    @abc.abstractmethod
    def step(self, inputs: Tensor, state: State) -> tuple[Tensor, State]:
        """One step of decoding: inputs [B, E] -> output [B, H] and the new state."""
