"""A SavedModel that takes texts, run batch by batch; needs TensorFlow and tensorflow-text."""

import importlib.util
import math
import os
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

OUTPUTS = ("text", "score", "length", "truncated", "finished")  # what is kept, where there is


class ModelError(ValueError):
    """A SavedModel, or a place where it shall run, that cannot translate; says how to mend it."""


class BatchError(RuntimeError):
    """A text on which the model fails, also when it runs alone."""


def find_version(model: str) -> str:
    """The absolute path of a SavedModel: of `model` itself, or its child of the largest number.

    It is asked once, before the work is handed out: all workers load the same version, even if a
    newer one is written meanwhile.

    Raises:
        ModelError: There is none.
    """
    base = pathlib.Path(model).absolute()
    if (base / "saved_model.pb").is_file():
        return str(base)
    if not base.is_dir():
        is_file = "is a file" if base.exists() else "does not exist"
        raise ModelError(
            f"{base} {is_file}: name the directory of a SavedModel, as `keras-seq2seq export` "
            "writes it."
        )
    numbered = [p for p in base.iterdir() if p.name.isascii() and p.name.isdigit()]
    children = [p for p in numbered if (p / "saved_model.pb").is_file()]
    if not children:
        raise ModelError(f"{base} holds no SavedModel: no saved_model.pb in it nor in {base}/1.")
    return str(max(children, key=lambda path: int(path.name)))


class ServedTextModel:
    """The signature of a SavedModel whose only input is `text`, for lists of strings.

    Texts of like length run together, since a batch takes the steps of its longest; the results
    are in the order of the texts.

    Args:
        path: str. A version directory, which every worker must see under this path.
        signature: str. `serving_default` (greedy) or `beam`, of which the best result counts.
        batch_size: int. Texts that run at once.
        threads: int. Cores that TensorFlow may use; 0 leaves it to TensorFlow. What the process
            has used before stays.

    Call arguments:
        texts: list of N str.

    Returns:
        A dict of `OUTPUTS`, each a list of N values.

    Raises:
        ModelError: tensorflow-text is not installed, or there is no such signature.
        BatchError: The model fails on a text; a failed batch runs again in halves to find it.

    Example:

    ```python
    model = ServedTextModel(find_version("served/ko_en"))
    model(["안녕하세요."])["text"]  # ["Hello."]
    ```
    """

    def __init__(
        self,
        path: str,
        signature: str = "serving_default",
        batch_size: int = 32,
        threads: int = 0,
    ):
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        for module, package in ("tensorflow", "tensorflow"), ("tensorflow_text", "tensorflow-text"):
            if importlib.util.find_spec(module) is None:
                raise ModelError(
                    f"{package} is not installed where the model runs. Install it there, for "
                    "instance: pip install tensorflow==2.21.0 tensorflow-text==2.21.1"
                )
        import tensorflow as tf
        import tensorflow_text as _registers_its_operators  # noqa: F401

        self._tf = tf
        self.batch_size = batch_size
        if threads:
            _limit_threads(tf, threads)
        try:
            model: Any = tf.saved_model.load(path)
        except (OSError, tf.errors.OpError) as error:
            raise ModelError(f"{path} cannot be loaded: {error}") from error
        self._model = model  # what is loaded lives as long as this
        known = dict(model.signatures)
        fitting = sorted(n for n, f in known.items() if set(_inputs(f)) == {"text"})
        if signature not in fitting:
            raise ModelError(
                f"{path} has no signature {signature!r} with `text` as its only input; of that "
                f"kind it has: {', '.join(fitting) or 'none'}."
            )
        self._run_signature = known[signature]

    def __call__(self, texts: Sequence[str]) -> dict[str, list[Any]]:
        order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
        found: dict[str, list[Any]] = {}
        for start in range(0, len(order), self.batch_size):
            rows = order[start : start + self.batch_size]
            for name, values in self._results([texts[row] for row in rows]).items():
                column = found.setdefault(name, [None] * len(texts))
                for row, value in zip(rows, values, strict=True):
                    column[row] = value
        return found

    def _results(self, texts: list[str]) -> dict[str, list[Any]]:
        try:
            found = _columns(self._run_signature(text=self._tf.constant(texts)))
            reason = "" if all(map(math.isfinite, found.get("score", ()))) else "its score is NaN"
        except self._tf.errors.OpError as error:
            found, reason = {}, " ".join(error.message.split())[-300:]
        if not reason:
            return found
        if len(texts) == 1:
            raise BatchError(f"the model fails on {texts[0][:200]!r}: {reason}")
        half = len(texts) // 2
        first, second = self._results(texts[:half]), self._results(texts[half:])
        return {name: first[name] + second[name] for name in first}


def _inputs(function: Any) -> Mapping[str, Any]:
    return function.structured_input_signature[1]


def _columns(outputs: Mapping[str, Any]) -> dict[str, list[Any]]:
    """The outputs that are kept, as Python values; of N results of a text, the first."""
    columns = {}
    for name in OUTPUTS:
        if name in outputs:
            values = outputs[name].numpy()
            values = (values[:, 0] if values.ndim == 2 else values).tolist()
            columns[name] = [v.decode() if isinstance(v, bytes) else v for v in values]
    return columns


def _limit_threads(tf: Any, threads: int) -> None:
    try:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)
    except RuntimeError:  # TensorFlow has run in this process, with threads that stay
        pass
