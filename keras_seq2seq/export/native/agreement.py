"""Do two sessions give the same answers to the same requests?"""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeAlias

import numpy as np

from keras_seq2seq.decoding.search_options import OPTIONS

_TOLERANCE = 1e-3  # of floats, of 1 plus their size: other kernels round otherwise
_VALUES: Mapping[str, tuple[Any, ...]] = {  # what requests wish for, the mad included
    "seed": (0, 1, -7, 2**31 - 1),
    "temperature": (1.0, 0.7, 0.0, -1.0, float("nan"), float("inf"), 1e-30, 3.0),
    "top_k": (0, 5, 1, -3, 2**31 - 1),
    "top_p": (1.0, 0.9, 0.0, -1.0, float("nan"), 2.0),
    "length_penalty": (1.0, 0.6, 0.0, float("nan"), -1.0, 1e30),
    "max_length": (2**31 - 1, 5, 1, 0, -2),
}

Tensors: TypeAlias = Mapping[str, np.ndarray]


class _Session(Protocol):
    """What runs signatures: a `SavedModelArtefact`, or a `NativeSession`."""

    def run(self, signature: str, **inputs: Any) -> dict[str, np.ndarray]: ...


@dataclasses.dataclass(frozen=True)
class Exchange:
    """A request and what a session answered.

    Args:
        signature: str.
        inputs: dict of arrays.
        outputs: dict of arrays.

    Example:

    ```python
    for exchange in exchanges(open_artefact("served/ko_en"), ["안녕하세요."]):
        print(exchange.difference(session))  # a NativeSession; nothing if it answers alike
    ```
    """

    signature: str
    inputs: Tensors
    outputs: Tensors

    def difference(self, session: _Session) -> str:
        """How another session's answer first differs; empty if it is the same."""
        found = session.run(self.signature, **self.inputs)
        if found.keys() != self.outputs.keys():
            return f"{self.signature}: outputs {sorted(found)}, not {sorted(self.outputs)}"
        for name, expected in self.outputs.items():
            if found[name].shape != expected.shape or found[name].dtype != expected.dtype:
                kind = f"{found[name].dtype} {found[name].shape}"
                return f"{self.signature}: {name} is {kind}, not {expected.dtype} {expected.shape}"
            for row, (ours, theirs) in enumerate(zip(expected, found[name], strict=True)):
                if not same(ours, theirs):
                    sent = {key: str(rows[row])[:200] for key, rows in self.inputs.items()}
                    return (
                        f"{self.signature}, {sent}: {name} is {str(theirs)[:200]}, not "
                        f"{str(ours)[:200]}"
                    )
        return ""


def same(one: Any, other: Any, equal_nan: bool = True) -> bool:
    """Whether two values of an output are equal, but for the rounding of floats."""
    one, other = np.asarray(one), np.asarray(other)
    if one.dtype.kind == "f" and one.shape == other.shape:
        return np.allclose(one, other, rtol=_TOLERANCE, atol=_TOLERANCE, equal_nan=equal_nan)
    return np.array_equal(one, other)


def exchanges(
    artefact: Any, texts: Sequence[str | bytes], batch_size: int = 32
) -> Iterator[Exchange]:
    """Requests to every signature of a `SavedModelArtefact`, with its answers.

    Targets that are scored are its own translations, each of the source before; options and ids
    change from row to row.

    Args:
        artefact: A `SavedModelArtefact`, exported with a manifest.
        texts: Sources; bytes need not be UTF-8.
        batch_size: Rows of a request.
    """
    rows = np.array([t.encode("utf-8", "replace") if isinstance(t, str) else t for t in texts], "O")
    signatures = artefact.manifest["signatures"]
    for start in range(0, len(rows), batch_size):
        sources = rows[start : start + batch_size]
        written = artefact.run("serving_default", text=sources)
        steps: dict[str, np.ndarray] = {}  # what `encode` gives `decode_step`
        for name in sorted(signatures, key=lambda name: name == "decode_step"):  # that one last
            inputs = {}
            for key in signatures[name]["inputs"]:
                if key in steps:
                    inputs[key] = steps[key]
                elif key == "target":
                    inputs[key] = np.roll(written["text"], 1)
                elif key == "ids":
                    inputs[key] = _ids(start, len(sources), one=name == "decode_step")
                elif key in OPTIONS:
                    inputs[key] = _options(key, start, len(sources))
                else:
                    inputs[key] = sources
            outputs = artefact.run(name, **inputs)
            if name == "encode":
                steps = outputs
            yield Exchange(name, inputs, outputs)


def _ids(start: int, count: int, one: bool) -> np.ndarray:
    """Ids of which some are of no token, int32 [B, 9]; one of each row, [B], all of tokens."""
    random = np.random.default_rng(start)
    low, high, shape = (4, 16, (count,)) if one else (-2, 4096, (count, 9))
    return random.integers(low, high, shape).astype("int32")


def _options(name: str, start: int, count: int) -> np.ndarray:
    about = OPTIONS[name]
    values = np.array(_VALUES.get(name, (about.neutral,)), about.kind)
    return np.random.default_rng([start, *name.encode()]).choice(values, count)
