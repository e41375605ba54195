"""From target ids and a state to hidden states."""

import keras
from keras import ops

from keras_seq2seq.layers.attention import Attention
from keras_seq2seq.layers.embedding import embedding_config, make_embedding, with_embedding
from keras_seq2seq.layers.recurrent_stack import RecurrentStack


@keras.saving.register_keras_serializable(package="keras_seq2seq")
class Decoder(keras.layers.Layer):
    """Reads the target so far with an RNN that starts from a given state (seed eq. 6).

    Attention, where there is one, looks at the memory after the RNN, so that all T steps of
    training run as one fused call: h' = tanh(W [h; context]). One call with T ids equals T calls
    with one id each.

    Args:
        vocabulary_size: int. V of the target.
        units: int. H, the width of the decoder's state.
        embedding_dim: int. E.
        cell: `"lstm"` or `"gru"`.
        num_layers: int.
        attention: `None` (the seed's plain model), `"dot"` or `"general"`.
        output_dim: int or `None`. Width D of the hidden states that go to the generator; `None`
            means H. Another width than H adds a projection where there is no attention.
        dropout: float in [0, 1), on embeddings, between layers and on the hidden states.
        embedding: a `keras.layers.Embedding` to use instead of an own one (shared tables).
        use_cudnn: see `RecurrentStack`.

    Call arguments:
        ids: int tensor [B, T], the target framed by BOS; padding may follow at the right.
        state: one list per layer, `[h, c]` (LSTM) or `[h]` (GRU), each [B, H].
        memory: float tensor [B, S, M], the encoder's outputs; unused without attention.
        padding_mask: bool tensor [B, S], true on real positions, or `None` if none is padded.
        training: bool.

    Returns:
        hidden, float tensor [B, T, D]; the new state; attention weights, float32 tensor
        [B, T, S], or of width 0, [B, T, 0], without attention.

    Raises:
        ValueError: for an unknown attention, or attention without a memory.

    Example:

    >>> decoder = Decoder(vocabulary_size=100, units=8, embedding_dim=4)
    >>> state = [[keras.ops.zeros((2, 8)), keras.ops.zeros((2, 8))]]
    >>> hidden, state, _ = decoder(keras.ops.ones((2, 5), dtype="int32"), state)
    >>> hidden.shape
    TensorShape([2, 5, 8])

    Reference: [Luong et al., 2015](https://arxiv.org/abs/1508.04025), eq. 5.
    """

    def __init__(
        self,
        vocabulary_size,
        units,
        embedding_dim,
        cell="lstm",
        num_layers=1,
        attention=None,
        output_dim=None,
        dropout=0.0,
        embedding=None,
        use_cudnn="auto",
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.supports_masking = True
        self.vocabulary_size = vocabulary_size
        self.units = units
        self.embedding_dim = embedding_dim
        self.cell = cell
        self.num_layers = num_layers
        self.attention = attention
        self.output_dim = output_dim
        self.dropout = dropout
        self.use_cudnn = use_cudnn
        self.given_embedding = embedding
        policy = self.dtype_policy
        self.embedding = embedding or make_embedding(vocabulary_size, embedding_dim, policy)
        self.rnn = RecurrentStack(
            units, cell, num_layers, dropout=dropout, use_cudnn=use_cudnn, dtype=policy
        )
        self.attention_layer = None if attention is None else Attention(attention, dtype=policy)
        self.projection = None
        if attention is not None or output_dim not in (None, units):
            self.projection = keras.layers.Dense(
                output_dim or units, activation="tanh", use_bias=False, dtype=policy
            )
        self.dropout_layer = keras.layers.Dropout(dropout, dtype=policy)

    def build(self, ids_shape, state_shape=None, memory_shape=None, padding_mask_shape=None):
        if not self.embedding.built:
            self.embedding.build(ids_shape)
        self.rnn.build((*ids_shape, self.embedding_dim))
        hidden_shape, width = (*ids_shape, self.units), self.units
        if self.attention_layer is not None:
            if memory_shape is None:
                raise ValueError(
                    f"Decoder: attention={self.attention!r} needs the encoder's memory."
                )
            self.attention_layer.build(hidden_shape, memory_shape)
            width += memory_shape[-1]
        if self.projection is not None:
            self.projection.build((*ids_shape, width))
        self.built = True

    def call(self, ids, state, memory=None, padding_mask=None, training=None):
        embedded = self.dropout_layer(self.embedding(ids), training=training)  # [B, T, E]
        hidden, state = self.rnn(embedded, initial_state=state, training=training)
        if self.attention_layer is None:
            weights = ops.cast(hidden[..., :0], "float32")  # [B, T, 0]: Keras takes no None
        else:
            context, weights = self.attention_layer(hidden, memory, padding_mask)
            hidden = ops.concatenate([hidden, context], axis=-1)  # [B, T, H + M]
        if self.projection is not None:
            hidden = self.projection(hidden)  # [B, T, D]
        return self.dropout_layer(hidden, training=training), state, weights

    def get_config(self):
        return {
            **super().get_config(),
            "vocabulary_size": self.vocabulary_size,
            "units": self.units,
            "embedding_dim": self.embedding_dim,
            "cell": self.cell,
            "num_layers": self.num_layers,
            "attention": self.attention,
            "output_dim": self.output_dim,
            "dropout": self.dropout,
            "embedding": embedding_config(self.given_embedding),
            "use_cudnn": self.use_cudnn,
        }

    @classmethod
    def from_config(cls, config):
        return cls(**with_embedding(config))
