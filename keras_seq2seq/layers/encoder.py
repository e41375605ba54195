"""From source ids to memory and final state."""

from typing import Any

import keras
from keras import ops

from keras_seq2seq.layers.cells.step_layer import State
from keras_seq2seq.layers.dropout import make_dropout
from keras_seq2seq.layers.embedding import make_embedding
from keras_seq2seq.layers.memory import Memory
from keras_seq2seq.layers.options.encoder_spec import EncoderSpec
from keras_seq2seq.layers.recurrent_stack import RecurrentStack
from keras_seq2seq.specs.configured import Configured
from keras_seq2seq.tensors import Tensor


@keras.saving.register_keras_serializable(package="keras_seq2seq")
class Encoder(Configured, keras.layers.Layer):
    """Embeds the source and reads it with an RNN from h0 = 0 (seed eq. 3; bidirectional, eq. 4).

    Padded positions change nothing: the state stops at each row's last token.

    Args:
        vocabulary_size: int. V of the source.
        spec: `EncoderSpec` or `None`; its options may also be given one by one: `units`,
            `embedding_dim`, `cell`, `num_layers`, `bidirectional`, ... What each does stands beside
            it in `EncoderSpec`, `SideSpec` and `StackSpec`.
        embedding: a `keras.layers.Embedding` to use instead of a new one (shared tables).
        pad_id: int. The id that marks padding.
        use_cudnn: see `RecurrentStack`.

    Call arguments:
        ids: int tensor [B, S], padded on the right; every row has a real token (its EOS).
        padded: bool. `False` promises that no id is padding, so that no mask is computed.
        training: bool.

    Returns:
        the final state (see `RecurrentStack`), and a `Memory` with `source_ids`, `mask`, `values`
        [B, S, H or 2H] and `embedded` [B, S, E].

    Raises:
        ConfigError: for an unknown option or one out of range.

    Example:

    >>> encoder = Encoder(vocabulary_size=100, units=8, embedding_dim=4)
    >>> state, memory = encoder(keras.ops.ones((2, 5), dtype="int32"))
    >>> memory.values.shape
    TensorShape([2, 5, 16])
    """

    spec_class = EncoderSpec
    spec: EncoderSpec

    def __init__(
        self,
        vocabulary_size: int,
        spec: EncoderSpec | None = None,
        embedding: keras.layers.Embedding | None = None,
        pad_id: int = 0,
        use_cudnn: bool | str = "auto",
        **options: Any,
    ):
        super().__init__(spec, **options)
        self.supports_masking = True
        self.vocabulary_size = vocabulary_size
        self.pad_id = pad_id
        self.use_cudnn = use_cudnn
        spec, policy = self.spec, self.dtype_policy
        self.embedding = make_embedding(
            vocabulary_size, spec.embedding_dim, policy, given=embedding
        )
        self.rnn = RecurrentStack(
            spec.stack(spec.num_layers), spec.bidirectional, use_cudnn, dtype=policy
        )
        self.token_dropout_layer = make_dropout(spec.token_dropout, whole_tokens=True, dtype=policy)
        self.dropout_layer, self.memory_dropout_layer = (
            make_dropout(spec.rate_at(place), spec.variational_dropout, dtype=policy)
            for place in ("embedding", "memory")
        )

    def build(self, ids_shape: Any) -> None:
        if not self.embedding.built:
            self.embedding.build(ids_shape)
        self.rnn.build((*ids_shape, self.spec.embedding_dim))
        self.built = True

    def call(
        self, ids: Tensor, padded: bool = True, training: bool | None = None
    ) -> tuple[list[State], Memory]:
        mask = ops.not_equal(ids, self.pad_id) if padded else None
        embedded = self.token_dropout_layer(self.embedding(ids), training=training)  # [B, S, E]
        embedded = self.dropout_layer(embedded, training=training)
        values, state = self.rnn(embedded, padding_mask=mask, training=training)
        values = self.memory_dropout_layer(values, training=training)
        return state, Memory(ids, () if mask is None else mask, values, embedded)
