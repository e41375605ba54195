"""The learning rate of each step: a rise, then one of several declines."""

import math
from typing import Any

import keras
from keras import ops

from keras_seq2seq.nearest_name import did_you_mean
from keras_seq2seq.specs.known_names import KnownNames
from keras_seq2seq.tensors import Tensor

_CONFIG = ("peak", "warmup_steps", "total_steps", "decay")
DECAYS = ("cosine", "inverse_sqrt", "constant", "plateau")


@keras.saving.register_keras_serializable(package="keras_seq2seq")
class WarmupSchedule(KnownNames, keras.optimizers.schedules.LearningRateSchedule):
    """A learning rate that rises linearly to its peak and then declines.

    - `"cosine"`: along half a cosine to zero at the end of the run.
    - `"inverse_sqrt"`: with 1 / sqrt(step), as it does for Transformers.
    - `"constant"`: not at all.
    - `"plateau"`: by the variable `scale`, which `ReduceOnPlateau` lowers.

    Args:
        peak: The highest learning rate.
        warmup_steps: Steps of the rise; 0 starts at the peak.
        total_steps: Steps of the whole run; only `"cosine"` looks at it.
        decay: One of the above.

    Raises:
        ValueError: for an unknown decay.

    Example:

    >>> schedule = WarmupSchedule(0.01, warmup_steps=4, total_steps=100, decay="inverse_sqrt")
    >>> [round(float(schedule(step)), 4) for step in (0, 1, 3, 15, 63)]
    [0.0025, 0.005, 0.01, 0.005, 0.0025]

    References: [Vaswani et al., 2017](https://arxiv.org/abs/1706.03762), section 5.3;
    [Loshchilov and Hutter, 2017](https://arxiv.org/abs/1608.03983).
    """

    def __init__(
        self, peak: float, warmup_steps: int = 0, total_steps: int = 1, decay: str = "cosine"
    ):
        super().__init__()
        if decay not in DECAYS:
            raise ValueError(
                f"WarmupSchedule: decay is {decay!r}, but must be one of {', '.join(DECAYS)}."
                f"{did_you_mean(str(decay), DECAYS, cutoff=0.5)}"
            )
        self.peak = peak
        self.warmup_steps = warmup_steps
        self.total_steps = total_steps
        self.decay = decay
        self.scale = keras.Variable(1.0, trainable=False, dtype="float32", name="scale")

    def __call__(self, step: Tensor) -> Tensor:
        done = ops.cast(step, "float32") + 1.0  # counting the one to come: the first moves, too
        warmup = float(max(self.warmup_steps, 1))
        rate = self.peak * ops.minimum(1.0, done / warmup)
        if self.decay == "inverse_sqrt":
            return rate * ops.sqrt(warmup / ops.maximum(done, warmup))
        if self.decay == "cosine":
            left = float(max(self.total_steps + 1 - warmup, 1))  # 0 comes behind the last step
            gone = ops.clip((done - warmup) / left, 0.0, 1.0)
            return rate * 0.5 * (1.0 + ops.cos(math.pi * gone))
        return rate * self.scale if self.decay == "plateau" else rate

    def get_config(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in _CONFIG}
