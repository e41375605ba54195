"""Random numbers as a function of what they are for, without a state."""

from keras import ops

from keras_seq2seq.tensors import Tensor

_STEP, _ROW, _TOKEN = -1640531527, -2048144777, -1028477379  # odd, bits well mixed


def gumbel_noise(seed: Tensor, row: Tensor, position: Tensor, width: int) -> Tensor:
    """Gumbel noise that depends on seed, row, position and token alone.

    So a request with a seed gets the same sample alone, in any batch and on any machine, which
    generators with a state, or with one seed for a batch, cannot promise. From `seed` [N], `row`
    [N], which sample of its example each row is, and a scalar `position` come float32 [N, V].

    Reference: the mixing function is that of
    [MurmurHash3](https://github.com/aappleby/smhasher), used as a counter-based generator
    ([Salmon et al., 2011](https://doi.org/10.1145/2063384.2063405)).
    """
    key = _mix(ops.cast(seed, "int32") + ops.cast(row, "int32") * _ROW)
    key = _mix(key ^ (ops.cast(position, "int32") * _STEP))  # [N]
    tokens = (ops.arange(width, dtype="int32") + 1) * _TOKEN  # [V]
    bits = _mix(_mix(key[:, None] ^ tokens[None]))  # [N, V]
    uniform = (ops.cast(_shift(bits, 8), "float32") + 0.5) / 2.0**24  # in (0, 1)
    return -ops.log(-ops.log(uniform))


def _mix(x: Tensor) -> Tensor:
    x = (x ^ _shift(x, 16)) * -2048144789
    x = (x ^ _shift(x, 13)) * -1028477387
    return x ^ _shift(x, 16)


def _shift(x: Tensor, count: int) -> Tensor:
    """Shifts right and fills with zeros, whatever the sign: only int32 multiplies everywhere."""
    return ops.bitwise_and(ops.right_shift(x, count), (1 << (32 - count)) - 1)
