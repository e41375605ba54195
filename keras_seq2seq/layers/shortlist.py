"""Which target tokens a source is likely to need."""

from typing import Any

import keras
from keras import ops

from keras_seq2seq.specs.known_names import KnownNames
from keras_seq2seq.tensors import Tensor


@keras.saving.register_keras_serializable(package="keras_seq2seq")
class Shortlist(KnownNames, keras.layers.Layer):
    """A lexical shortlist: of V target tokens, the few that a search for a source looks at.

    Those are tokens that stand in every list, and the likeliest translations of each source
    token; `text_models.learn_shortlist` learns both from a model's attention. A sentence of n
    tokens gets (size - always) / n of each token's candidates, at most all of them, so that its
    list holds at most `size` tokens, and depends on nothing but the sentence itself.

    Args:
        source_vocabulary_size, target_vocabulary_size: int. V of each side.
        candidates: int. C, the most translations of one source token.
        always: int. F, tokens that stand in every list, special ones among them.
        size: int. L, the most tokens of a list, above F.
        pad_id: int. That of the source.

    Call arguments:
        source_ids: int tensor [B, S].

    Returns:
        ids, int32 tensor [K], in rising order: all tokens that any of the B sources needs; and
        allowed, bool tensor [B, K], which of them each source's own list has. Where shapes cannot
        depend on data, with JAX, K is V, and nothing is gained.

    Raises:
        ValueError: for sizes that do not fit together.

    Example:

    >>> shortlist = Shortlist(50, 60, candidates=2, always=4, size=12)
    >>> shortlist.set_weights([keras.ops.ones((50, 2)) * 9, keras.ops.arange(4)])
    >>> ids, allowed = shortlist(keras.ops.array([[7, 8, 3]]))
    >>> ids.numpy().tolist()
    [0, 1, 2, 3, 9]

    Reference: [L'Hostis et al., 2016](https://arxiv.org/abs/1610.00072), section 3.
    """

    def __init__(
        self,
        source_vocabulary_size: int,
        target_vocabulary_size: int,
        candidates: int = 50,
        always: int = 1000,
        size: int = 1280,
        pad_id: int = 0,
        **options: Any,
    ):
        super().__init__(**options)
        if not (candidates >= 1 and 1 <= always < size <= target_vocabulary_size):
            raise ValueError(
                "Shortlist: expected candidates >= 1 and 1 <= always < size <= "
                f"target_vocabulary_size, got candidates={candidates}, always={always}, "
                f"size={size}, target_vocabulary_size={target_vocabulary_size}."
            )
        self.source_vocabulary_size = source_vocabulary_size
        self.target_vocabulary_size = target_vocabulary_size
        self.candidates, self.always, self.size = candidates, always, size
        self.pad_id = pad_id
        self.build()

    def build(self, *_: Any) -> None:
        shapes = {"table": (self.source_vocabulary_size, self.candidates), "tokens": (self.always,)}
        for name, shape in shapes.items():
            weight = self.add_weight(shape, "zeros", "int32", trainable=False, name=name)
            setattr(self, name, weight)
        self.built = True

    def call(self, source_ids: Tensor) -> tuple[Tensor, Tensor]:
        own = self._own(source_ids)  # [B, V]
        if keras.backend.backend() == "jax":
            return ops.arange(self.target_vocabulary_size, dtype="int32"), own
        needed = ops.any(own, axis=0)  # [V]
        ids = ops.cast(ops.nonzero(needed)[0], "int32")  # [K]
        return ids, ops.take(own, ids, axis=1)

    def _own(self, source_ids: Tensor) -> Tensor:
        """The list of each source alone: ids [B, S] -> bool [B, V]."""
        real = ops.not_equal(source_ids, self.pad_id)
        length = ops.sum(ops.cast(real, "int32"), axis=1, keepdims=True)  # [B, 1]
        share = (self.size - self.always) // ops.maximum(length, 1)
        places = ops.arange(self.candidates, dtype="int32")[None, None]  # [1, 1, C]
        chosen = ops.logical_and(real[:, :, None], places < share[:, :, None])  # [B, S, C]
        found = ops.where(chosen, ops.take(self.table, source_ids, axis=0), self.tokens[0])
        batch = ops.shape(source_ids)[0]
        found = ops.reshape(found, (batch, -1))  # [B, S C]
        always = ops.zeros_like(found[:, :1]) + ops.convert_to_tensor(self.tokens)[None]  # [B, F]
        ids = ops.concatenate([always, found], axis=1)  # [B, N]
        width = self.target_vocabulary_size
        rows = ops.arange(batch, dtype="int32")[:, None] * width  # [B, 1]
        flat = ops.reshape(rows + ids, (-1, 1))  # [B N, 1]
        counts = ops.scatter(flat, ops.ones_like(flat[:, 0]), (batch * width,))
        return ops.reshape(counts, (batch, width)) > 0

    def get_config(self) -> dict[str, Any]:
        names = ("source_vocabulary_size", "target_vocabulary_size", "candidates", "always", "size")
        return super().get_config() | {n: getattr(self, n) for n in (*names, "pad_id")}
