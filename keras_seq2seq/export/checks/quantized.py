"""What a file of smaller numbers must pass, which need not do just what the model does."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from keras_seq2seq.export.checks.device import DeviceCheck
from keras_seq2seq.export.export_error import ExportError
from keras_seq2seq.export.native.agreement import same
from keras_seq2seq.text.special_tokens import EOS


def check_quantized(file: DeviceCheck, texts: Sequence[str], greedy: bool) -> None:
    """Runs all signatures of a file on texts, and on ids that no text gives.

    Ids and lengths must be in range; ids of any kind give what the ids give that they count as;
    and step by step the same tokens come as from `translate`.

    Args:
        file: whose `check` would compare it with the model.
        texts: sources.
        greedy: whether `translate` is plain greedy search.

    Raises:
        ExportError: a result is out of range, or one signature contradicts another.
    """
    has_steps = greedy and "decode_step" in file.runners
    for ids, plain, told in zip(*file.inputs(texts), strict=True):
        found = file.run("translate", ids=ids[None])
        _check_range(file, "translate", told, found)
        of_plain = file.run("translate", ids=plain[None])
        _equal("translate", told, found["ids"], of_plain["ids"])
        if plain[0] == EOS:
            _equal("translate", told, found["length"], [0])
        if has_steps:
            tokens, score = file.step_by_step(ids)
            _equal("decode_step", told, found["ids"][0], tokens)
            _equal("decode_step", told, found["score"][0], score)
        if "beam" in file.runners:
            _check_range(file, "beam", told, file.run("beam", ids=ids[None]))
        if "score" in file.runners:
            scored = file.run("score", ids=ids[None], target_ids=found["ids"])
            _check_range(file, "score", told, scored)


def _check_range(
    file: DeviceCheck, signature: str, told: str, found: Mapping[str, np.ndarray]
) -> None:
    limit, size = file.model.max_target_length, file.model.seq2seq.target_vocabulary_size
    most = {"ids": size - 1, "length": limit}
    for name, value in found.items():
        good = np.isfinite(value)
        if name in most:
            good &= (value >= 0) & (value <= most[name])
        if not np.all(good):
            expected = f"0 to {most[name]}" if name in most else "finite"
            raise ExportError(
                f"`{signature}` of the new file gives {name} {str(value)[:300]} for "
                f"{told[:200]!r}, but {expected} is expected. It was removed."
            )


def _equal(signature: str, told: str, ours: Any, theirs: Any) -> None:
    if not same(ours, theirs, equal_nan=False):
        raise ExportError(
            f"`{signature}` of the new file contradicts itself for {told[:200]!r}: "
            f"{str(ours)[:300]} and {str(theirs)[:300]} must be equal. It was removed."
        )
