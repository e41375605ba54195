"""One version of a model, loaded."""

import functools
import gc
import pathlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import grpc
import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import config_pb2

from keras_seq2seq.export.saved_model_artefact import SavedModelArtefact
from keras_seq2seq.serving.serving_error import ServingError, invalid
from keras_seq2seq.serving.versions.row_limit import row_limit

_DEFAULT = "serving_default"
_CALLABLES = 16  # that are kept


class Servable:
    """A SavedModel in a session, whose every signature answers as TensorFlow Serving does.

    Args:
        directory: The version's directory. Its files are compared with the manifest, and its
            graph is refused if it does more than compute.
        most_rows: How many a request may have; by default what the version itself says.

    Raises:
        ExportError: It cannot be loaded.

    Example:

    ```python
    servable = Servable(pathlib.Path("served/ko_en/1"))
    servable.predict("serving_default", {"text": np.array([b"a text"], object)})["text"]
    ```
    """

    def __init__(self, directory: pathlib.Path, most_rows: int | None = None):
        self.directory = directory
        self.most_rows = most_rows or row_limit(directory)
        artefact = SavedModelArtefact(directory)
        self.signatures = artefact.signature_defs
        self.checked = bool(artefact.manifest)
        self._session = artefact.session
        self._callable = functools.lru_cache(_CALLABLES)(self._make_callable)

    def close(self) -> None:
        """Frees the memory; nothing may be running."""
        self._callable.cache_clear()
        self._session.close()
        del self._session
        gc.collect()  # a graph and its operations know each other

    def signature(self, name: str) -> Any:
        """The `SignatureDef` of a name; the empty one means `serving_default`."""
        try:
            return self.signatures[name or _DEFAULT]
        except KeyError:
            raise ServingError(
                grpc.StatusCode.FAILED_PRECONDITION,
                f'Serving signature key "{name or _DEFAULT}" not found.',
            ) from None

    def input_types(self, name: str) -> dict[str, tf.DType]:
        """The inputs of a signature and their types, for REST."""
        if (name or _DEFAULT) not in self.signatures:
            missing = f'Serving signature name: "{name or _DEFAULT}" not found in signature def'
            raise invalid(missing)
        inputs = self.signatures[name or _DEFAULT].inputs
        if not inputs:
            raise invalid(f"Failed to get input map for signature: {name or 'DEFAULT'}")
        return {key: tf.as_dtype(inputs[key].dtype) for key in sorted(inputs)}

    def predict(
        self,
        name: str,
        inputs: Mapping[str, np.ndarray],
        output_filter: Iterable[str] = (),
        seconds: float | None = None,
    ) -> dict[str, np.ndarray]:
        """Runs a signature.

        Args:
            name: Of the signature.
            inputs: For each of its inputs an array, strings as objects `bytes`.
            output_filter: Which outputs are wanted; all if there are none.
            seconds: How long it may take.

        Raises:
            ServingError: with the code and message of TensorFlow Serving.
        """
        signature = self.signature(name)
        feeds = _feeds(signature, inputs)
        fetches = {key: signature.outputs[key].name for key in _wanted(signature, output_filter)}
        try:
            if _of_declared_shapes(signature, feeds):
                options = tf.compat.v1.RunOptions()
                if seconds is not None:
                    options.timeout_in_ms = max(1, int(seconds * 1000))
                return self._session.run(fetches, feeds, options=options)
            return self._run_unchecked(fetches, feeds)
        except tf.errors.OpError as error:
            raise _refusal(error) from error

    def _run_unchecked(
        self, fetches: Mapping[str, str], feeds: Mapping[str, np.ndarray]
    ) -> dict[str, np.ndarray]:
        """Leaves it to the graph to refuse shapes, as the server does.

        `Session.run` would refuse them itself, in words that no client of the server ever reads.
        """
        names = sorted(fetches)
        run = self._callable(tuple(feeds), tuple(fetches[name] for name in names))
        return dict(zip(names, run(*feeds.values()), strict=True))

    def _make_callable(self, feeds: tuple[str, ...], fetches: tuple[str, ...]) -> Callable:
        """A function of the session; to prepare one takes longer than to run many a signature."""
        options = config_pb2.CallableOptions(feed=feeds, fetch=fetches)
        return self._session._make_callable_from_options(options)


_CODES = {code.value[0]: code for code in grpc.StatusCode}


def _refusal(error: tf.errors.OpError) -> ServingError:
    """An error of the graph, in the runtime's words: Python's `Session` adds its own to them."""
    inner = error.__context__
    message = inner.message if isinstance(inner, tf.errors.OpError) else error.message
    return ServingError(_CODES.get(error.error_code, grpc.StatusCode.UNKNOWN), message)


def _of_declared_shapes(signature: Any, feeds: Mapping[str, np.ndarray]) -> bool:
    declared = {info.name: tf.TensorShape(info.tensor_shape) for info in signature.inputs.values()}
    return all(declared[name].is_compatible_with(array.shape) for name, array in feeds.items())


def _feeds(signature: Any, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Arrays by names of tensors; all that the signature takes and no others."""
    known, given = signature.inputs, inputs
    if len(given) > len(known) or (len(given) < len(known) and not signature.defaults):
        raise invalid(
            f"input size does not match signature: {len(given)}!={len(known)} "
            f"len({{{_list(given)}}}) != len({{{_list(known)}}}). "
            f"Sent extra: {{{_list(given.keys() - set(known))}}}. "
            f"Missing but required: {{{_list(set(known) - given.keys())}}}."
        )
    feeds = {}
    for name in sorted(known):
        feed = known[name].name
        if name in given:
            feeds[feed] = given[name]
        elif name in signature.defaults:
            feeds[feed] = tf.make_ndarray(signature.defaults[name])
        else:
            raise invalid(
                f"Signature input alias: {name}(feed name: {feed}) not found in request and no "
                f"default value provided. Inputs expected to be in the request {{{_list(given)}}}, "
                f"or default input alias set: {_list(signature.defaults)}"
            )
    used = given.keys() & set(known)
    if len(used) != len(given):
        raise invalid(
            f"Inputs contains invalid name. Used request inputs: {_list(used)}, "
            f"request input: {_list(given)}"
        )
    types = {info.name: tf.as_dtype(info.dtype) for info in known.values()}
    for i, feed in enumerate(sorted(feeds)):
        came = tf.as_dtype(feeds[feed].dtype) if feeds[feed].dtype != object else tf.string
        if came != types[feed]:
            expected, came = dtype_name(types[feed]), dtype_name(came)
            raise invalid(f"Expects arg[{i}] to be {expected} but {came} is provided")
    return feeds


def _wanted(signature: Any, output_filter: Iterable[str]) -> list[str]:
    wanted: list[str] = []
    for name in output_filter:
        if name not in signature.outputs:
            raise invalid(
                f"output tensor alias not found in signature: {name} Outputs expected to be in "
                f"the set {{{_list(signature.outputs)}}}."
            )
        if name in wanted:
            raise invalid(f"duplicate output tensor alias: {name}")
        wanted.append(name)
    wanted = wanted or sorted(signature.outputs)
    for name in wanted:
        node = signature.outputs[name].name
        if ":" not in node:  # of the signature that starts a model: an operation
            raise invalid(f"Node '{node}' does not have output 0")
    return wanted


def _list(names: Iterable[str]) -> str:
    return ",".join(sorted(names))


def dtype_name(dtype: tf.DType) -> str:
    """TensorFlow's name of a type in its messages."""
    c_names = {"float32": "float", "float64": "double", "float16": "half"}
    return c_names.get(dtype.name, dtype.name)
