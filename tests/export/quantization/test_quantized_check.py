"""A file of smaller numbers that does what it must not is refused."""

import types

import numpy as np
import pytest

from keras_seq2seq.export.checks.quantized import check_quantized
from keras_seq2seq.export.export_error import ExportError

S, T, V = 4, 3, 9


class FakeFile:
    """A `DeviceCheck` whose file translates every source as one token; `wrong` is what else."""

    def __init__(self, **wrong):
        self.wrong = wrong
        names = ("translate", "encode", "decode_step", "score")
        self.runners = dict.fromkeys(names)
        sizes = types.SimpleNamespace(target_vocabulary_size=V)
        self.model = types.SimpleNamespace(max_target_length=T, seq2seq=sizes)

    def inputs(self, texts):
        ids = np.array([[5, 3, 0, 0], [3, 0, 0, 0], [77, 3, 0, 0]], "int32")
        plain = np.array([[5, 3, 0, 0], [3, 0, 0, 0], [1, 3, 0, 0]], "int32")
        return ids, plain, ["a", "", "odd"]

    def run(self, signature, ids, **others):
        if signature == "score":
            return {"token_scores": self.wrong.get("token_scores", np.zeros((1, T)))}
        is_empty = ids[0, 0] == 3
        found = {
            "ids": np.array([[0, 0, 0] if is_empty else [4, 3, 0]]),
            "length": np.array([0 if is_empty else 1]),
            "score": np.array([0.0 if is_empty else -1.0]),
        }
        if ids[0, 0] == self.wrong.get("of"):
            found |= {n: np.array(v) for n, v in self.wrong.items() if n in found}
        return found

    def step_by_step(self, row):
        found = self.run("translate", ids=row[None])
        return self.wrong.get("steps", found["ids"][0]), float(found["score"][0])


def test_what_is_in_range_and_consistent_passes():
    check_quantized(FakeFile(), [], greedy=True)
    check_quantized(FakeFile(steps=[4, 4, 3]), [], greedy=False)  # `translate` is another search


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"of": 5, "ids": [[9, 3, 0]]}, "gives ids .* 0 to 8 is expected"),
        ({"of": 5, "ids": [[-1, 3, 0]]}, "gives ids"),
        ({"of": 5, "length": [4]}, "gives length .* 0 to 3 is expected"),
        ({"of": 5, "score": [np.nan]}, "gives score .* finite is expected"),
        ({"of": 3, "length": [1]}, "`translate` of the new file contradicts itself"),
        ({"of": 77, "ids": [[6, 3, 0]]}, "`translate` of the new file contradicts itself"),
        ({"steps": [4, 4, 3]}, "`decode_step` of the new file contradicts itself"),
        ({"token_scores": np.array([[-np.inf] * T])}, "`score` of the new file gives token_scores"),
    ],
)
def test_what_is_not_is_refused(wrong, message):
    with pytest.raises(ExportError, match=message):
        check_quantized(FakeFile(**wrong), [], greedy=True)
