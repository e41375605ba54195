"""Out of a model and its callbacks into a checkpoint, and back."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from keras_seq2seq.training.errors import CheckpointError
from keras_seq2seq.training.recovery.checkpoint import Checkpoint

# What Keras's own callbacks know; ours say it themselves, in `checkpointed`.
_OF_KERAS = {
    keras.callbacks.EarlyStopping: ("wait", "best", "best_epoch", "stopped_epoch"),
    keras.callbacks.ReduceLROnPlateau: ("wait", "best", "cooldown_counter"),
    keras.callbacks.SwapEMAWeights: ("_ema_weights_in_model",),
}


@dataclass
class TrainingState:
    """Takes down all that a training run knows, and brings it back.

    Weights and the seeds of dropout, the optimizer with its slots, step, averages and loss
    scale, the metrics of the epoch that runs, the random numbers of Python and NumPy, and of
    each callback the attributes that it names in a class attribute `checkpointed` (tuple of
    str; numbers, texts, lists and dicts).

    Args:
        model: A compiled one.
        callbacks: Those it is trained with.

    Raises:
        CheckpointError: when restored, the checkpoint is of another model.
    """

    model: keras.Model
    callbacks: Sequence[keras.callbacks.Callback]

    def capture(self, **state: Any) -> Checkpoint:
        """A checkpoint of this moment; `state` is put into it as it is."""
        arrays = {
            f"{kind}/{number}": variable.numpy()
            for kind, variables in (*self._variables(), ("metrics", self.model.metrics_variables))
            for number, variable in enumerate(variables)
        }
        state["callbacks"] = {
            # Some of Keras's attributes are there only once training has begun.
            name: {key: _plain(getattr(callback, key)) for key in keys if hasattr(callback, key)}
            for name, callback, keys in self._named_callbacks()
        }
        state["stop_training"] = bool(getattr(self.model, "stop_training", False))
        state["random"] = {
            "python": random.getstate(),
            "numpy": _plain(np.random.get_state(legacy=False)),
        }
        return Checkpoint(arrays, state)

    def restore(self, checkpoint: Checkpoint) -> None:
        """Brings back everything but the metrics, which `fit` resets when the epoch begins."""
        for kind, variables in self._variables():
            arrays = _numbered(checkpoint.arrays, kind)
            if [a.shape for a in arrays] != [tuple(v.shape) for v in variables]:
                raise CheckpointError(
                    f"The checkpoint holds another {kind}: {len(arrays)} variables with "
                    f"{sum(a.size for a in arrays):,} numbers, where {len(variables)} with "
                    f"{sum(int(np.prod(v.shape)) for v in variables):,} are expected. Was it "
                    "made by another version? Start a new run."
                )
            for variable, array in zip(variables, arrays, strict=True):
                variable.assign(array)
        for name, callback, keys in self._named_callbacks():
            saved = checkpoint.state["callbacks"].get(name, {})
            for key in filter(saved.__contains__, keys):
                setattr(callback, key, saved[key])
        version, numbers, gauss = checkpoint.state["random"]["python"]
        random.setstate((version, tuple(numbers), gauss))
        saved = checkpoint.state["random"]["numpy"]
        key = np.array(saved["state"]["key"], np.uint32)
        np.random.set_state({**saved, "state": {**saved["state"], "key": key}})

    def restore_metrics(self, checkpoint: Checkpoint) -> None:
        """Adds what the metrics had summed up; after the first batch, when all of them exist.

        Sums begin at zero, and 0 + x + s is s + x to the last bit.
        """
        arrays = _numbered(checkpoint.arrays, "metrics")
        for variable, array in zip(self.model.metrics_variables, arrays, strict=False):
            variable.assign_add(array)

    def _variables(self) -> list[tuple[str, list[keras.Variable]]]:
        optimizer = self.model.optimizer
        return [("model", self.model.variables), ("optimizer", optimizer.variables)]

    def _named_callbacks(self) -> Iterator[tuple[str, keras.callbacks.Callback, tuple[str, ...]]]:
        """(name, callback, keys) of each that knows something; a name tells two of a kind apart."""
        seen: dict[str, int] = {}
        for callback in self.callbacks:
            name = type(callback).__name__
            seen[name] = seen.get(name, -1) + 1
            keys = getattr(callback, "checkpointed", ())
            for kind, known in _OF_KERAS.items():
                keys = keys or (known if isinstance(callback, kind) else ())
            if keys:
                yield f"{name}/{seen[name]}", callback, keys


def _numbered(arrays: dict[str, np.ndarray], kind: str) -> list[np.ndarray]:
    """The arrays of a kind, in the order in which they were taken down."""
    count = sum(name.startswith(f"{kind}/") for name in arrays)
    return [arrays[f"{kind}/{number}"] for number in range(count)]


def _plain(value: Any) -> Any:
    """What JSON can hold: numbers of NumPy become Python's, exactly."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    return value
