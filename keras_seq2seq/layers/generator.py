"""From a hidden state to probabilities over the vocabulary."""

from typing import Any

import keras
from keras import ops

from keras_seq2seq.layers.listed_tokens import ListedTokens
from keras_seq2seq.layers.memory import Memory, is_given
from keras_seq2seq.layers.options.generator_spec import GeneratorSpec
from keras_seq2seq.specs.configured import Configured
from keras_seq2seq.tensors import Tensor

_FORBIDDEN = -1e9  # far below any logit, and finite in every graph


@keras.saving.register_keras_serializable(package="keras_seq2seq")
class Generator(Configured, keras.layers.Layer):
    """softmax(h W) over the target vocabulary (seed eq. 9), in float32 under any dtype policy.

    Args:
        vocabulary_size: int. V.
        spec: `GeneratorSpec` or `None`; its option may also be given by itself: `fixed_norm`,
            float or `None`. r: h and each token's vector w are brought to this norm, and
            a bias is added: softmax(r^2 cos(h, w) + b). Else frequent tokens win by their length
            alone (Nguyen and Chiang, 2018, https://arxiv.org/abs/1710.01329, section 4).
        embedding: a `keras.layers.Embedding` [V, H] whose transpose serves as W, or `None` for
            a W [H, V] of its own.

    Call arguments:
        hidden: float tensor [N, T, H].
        weights: float32 tensor [N, T, S], where each step looked, or `None`. This class does not
            read them; one that copies from the source does.
        memory: `Memory` or `None`. What `prepare` put into it is not computed again; of one that
            `restrict` made, V are the tokens that are listed there.
        logits: bool. Return h W itself, before the softmax: what losses and searches read.

    Returns:
        float32 tensor [N, T, V], probabilities or logits.

    Raises:
        ConfigError: for a fixed_norm that is negative.
        ValueError: if the tied embedding's shape does not fit H and V.

    Example:

    >>> probabilities = Generator(10)(keras.ops.ones((2, 3, 4)))
    >>> probabilities.shape
    TensorShape([2, 3, 10])
    """

    spec_class = GeneratorSpec
    spec: GeneratorSpec

    def __init__(
        self,
        vocabulary_size: int,
        spec: GeneratorSpec | None = None,
        embedding: keras.layers.Embedding | None = None,
        **options: Any,
    ):
        super().__init__(spec, **{"autocast": False, **options})  # the norms shall stay float32
        self.supports_masking = True
        self.vocabulary_size = vocabulary_size
        self.embedding: Any = embedding

    def build(self, hidden_shape: Any, weights_shape: Any = None, memory_shape: Any = None) -> None:
        units = hidden_shape[-1]
        if self.embedding is None:
            self.kernel = self.add_weight((units, self.vocabulary_size), name="kernel")
        elif (self.embedding.input_dim, self.embedding.output_dim) != (self.vocabulary_size, units):
            raise ValueError(
                f"Generator: the tied embedding is [{self.embedding.input_dim}, "
                f"{self.embedding.output_dim}], but vocabulary and hidden state need "
                f"[{self.vocabulary_size}, {units}]."
            )
        if self.spec.fixed_norm is not None:
            self.bias = self.add_weight((self.vocabulary_size,), "zeros", name="bias")
        self.built = True

    def prepare(self, memory: Memory) -> Memory:
        """Adds the norms of all tokens to the memory of a search.

        A step then divides V scores, and not V vectors.
        """
        norms = () if self.spec.fixed_norm is None else self._token_norms()
        return memory._replace(token_norms=norms)

    def restrict(self, memory: Memory, ids: Tensor, allowed: Tensor) -> Memory:
        """A memory for steps whose logits are those of K tokens alone: ids [K] in rising order.

        Args:
            memory: what `prepare` made.
            ids: int32 tensor [K].
            allowed: bool tensor [B, K]; the others of a source's row have logits of -1e9.
        """
        is_tied = self.embedding is not None
        if is_tied:
            vectors = ops.take(self.embedding.embeddings, ids, axis=0)  # [K, D]
        else:
            vectors = ops.take(self.kernel, ids, axis=1)  # [D, K]
        norms, bias = memory.token_norms, ()
        if self.spec.fixed_norm is not None:  # of these alone; those of all are not computed then
            norms = ops.reshape(self._relative_norm(vectors, axis=1 if is_tied else 0), (-1,))
            bias = ops.take(ops.cast(self.bias, "float32"), ids)
        vectors = ops.cast(vectors, self.compute_dtype)
        kernel = ops.transpose(vectors) if is_tied else vectors
        return memory._replace(token_norms=norms, listed=ListedTokens(kernel, bias, allowed))

    def _token_norms(self) -> Tensor:
        """|w| / r of each token, float32 [V, 1], or [1, V] of an own W."""
        if self.embedding is None:
            return self._relative_norm(self.kernel, axis=0)
        return self._relative_norm(self.embedding.embeddings, axis=1)

    def call(
        self,
        hidden: Tensor,
        weights: Tensor | None = None,
        memory: Memory | None = None,
        logits: bool = False,
    ) -> Tensor:
        norms, listed = () if memory is None else memory.token_norms, _listed_in(memory)
        kernel, is_tied, bias = self._vectors(listed)
        if self.spec.fixed_norm is not None:
            hidden = ops.divide(hidden, self._relative_norm(hidden, axis=-1))  # float32
            if not is_given(norms):
                kernel = ops.divide(kernel, self._token_norms())
        hidden = ops.cast(hidden, self.compute_dtype)
        kernel = ops.cast(kernel, self.compute_dtype)
        scores = ops.matmul(hidden, ops.transpose(kernel) if is_tied else kernel)  # [N, T, V]
        scores = ops.cast(scores, "float32")
        if is_given(norms):
            # The bound is never met; without it TFLite divides a second copy of the kernel.
            scores = ops.maximum(scores, -1e30) / ops.reshape(norms, (-1,))
        if self.spec.fixed_norm is not None:
            scores = scores + ops.cast(bias, "float32")
        if listed is not None:
            scores = _only(listed.allowed, scores)
        return scores if logits else ops.softmax(scores, axis=-1)

    def _vectors(self, listed: ListedTokens | None) -> tuple[Any, bool, Any]:
        """The vectors of all tokens, or of those listed; whether they stand in rows; the bias."""
        if listed is not None:
            return listed.kernel, False, listed.bias
        bias = () if self.spec.fixed_norm is None else self.bias
        if self.embedding is not None:
            return self.embedding.embeddings, True, bias
        return self.kernel, False, bias

    def _relative_norm(self, vectors: Tensor, axis: int) -> Tensor:
        """|v| / r, float32, with 1 in the place of `axis`."""
        vectors = ops.cast(vectors, "float32")
        squares = ops.sum(vectors * vectors, axis=axis, keepdims=True)
        return ops.sqrt(squares + 1e-6) / self.spec.fixed_norm


def _listed_in(memory: Memory | None) -> ListedTokens | None:
    return memory.listed if memory is not None and is_given(memory.listed) else None


def _only(allowed: Tensor, scores: Tensor) -> Tensor:
    """Scores [N, T, K], N a multiple of B, with those that allowed [B, K] lacks far below."""
    rows, columns = ops.shape(allowed)
    own = ops.reshape(scores, (rows, -1, columns))
    return ops.reshape(ops.where(allowed[:, None], own, _FORBIDDEN), ops.shape(scores))
