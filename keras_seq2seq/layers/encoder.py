"""From source ids to memory and final state."""

import keras
from keras import ops

from keras_seq2seq.layers.dropout import make_dropout, rate_or
from keras_seq2seq.layers.embedding import embedding_config, make_embedding, with_embedding
from keras_seq2seq.layers.recurrent_stack import RecurrentStack


@keras.saving.register_keras_serializable(package="keras_seq2seq")
class Encoder(keras.layers.Layer):
    """Embeds the source and reads it with an RNN from h0 = 0 (seed eq. 3; bidirectional, eq. 4).

    Padded positions change nothing: the state stops at each row's last token.

    Args:
        vocabulary_size: int. V of the source.
        units: int. H of one direction.
        embedding_dim: int. E.
        cell: `"lstm"` or `"gru"`.
        num_layers: int.
        bidirectional: bool.
        dropout: float in [0, 1), on embeddings, between layers and on the memory, where the next
            three do not say otherwise.
        embedding_dropout, layer_dropout, memory_dropout: float in [0, 1), each of these places by
            itself; `None` means `dropout`.
        token_dropout: float in [0, 1). Share of the tokens whose whole embedding is dropped.
        recurrent_dropout, variational_dropout, layer_norm, residual: see `RecurrentStack`; the
            one mask for all steps is that of embeddings and memory, too.
        lexical_memory: bool. Behind its output the memory also holds the token's embedding, for a
            decoder with `lexical_model`.
        embedding: a `keras.layers.Embedding` to use instead of an own one (shared tables).
        pad_id: int. The id that marks padding.
        use_cudnn: see `RecurrentStack`.

    Call arguments:
        ids: int tensor [B, S], padded on the right; every row has a real token (its EOS).
        padded: bool. `False` promises that no id is padding, so that no mask is computed.
        training: bool.

    Returns:
        memory, float tensor [B, S, H or 2H], with lexical_memory [B, S, H + E or 2H + E]; the
        final state (see `RecurrentStack`); the mask, bool tensor [B, S], true on real positions,
        or `None` if `padded` is false.

    Example:

    >>> encoder = Encoder(vocabulary_size=100, units=8, embedding_dim=4, bidirectional=True)
    >>> memory, state, mask = encoder(keras.ops.ones((2, 5), dtype="int32"))
    >>> memory.shape
    TensorShape([2, 5, 16])
    """

    def __init__(
        self,
        vocabulary_size,
        units,
        embedding_dim,
        cell="lstm",
        num_layers=1,
        bidirectional=False,
        dropout=0.0,
        embedding=None,
        pad_id=0,
        use_cudnn="auto",
        embedding_dropout=None,
        layer_dropout=None,
        memory_dropout=None,
        token_dropout=0.0,
        recurrent_dropout=0.0,
        variational_dropout=False,
        layer_norm=False,
        residual=False,
        lexical_memory=False,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.supports_masking = True
        self.vocabulary_size = vocabulary_size
        self.units = units
        self.embedding_dim = embedding_dim
        self.cell = cell
        self.num_layers = num_layers
        self.bidirectional = bidirectional
        self.dropout = dropout
        self.pad_id = pad_id
        self.use_cudnn = use_cudnn
        self.embedding_dropout = embedding_dropout
        self.layer_dropout = layer_dropout
        self.memory_dropout = memory_dropout
        self.token_dropout = token_dropout
        self.recurrent_dropout = recurrent_dropout
        self.variational_dropout = variational_dropout
        self.layer_norm = layer_norm
        self.residual = residual
        self.lexical_memory = lexical_memory
        self.given_embedding = embedding
        policy = self.dtype_policy
        self.embedding = embedding or make_embedding(vocabulary_size, embedding_dim, policy)
        self.rnn = RecurrentStack(
            units,
            cell,
            num_layers,
            bidirectional,
            dropout=rate_or(layer_dropout, dropout),
            use_cudnn=use_cudnn,
            recurrent_dropout=recurrent_dropout,
            variational_dropout=variational_dropout,
            layer_norm=layer_norm,
            residual=residual,
            dtype=policy,
        )
        self.token_dropout_layer = make_dropout(token_dropout, whole_tokens=True, dtype=policy)
        self.dropout_layer, self.memory_dropout_layer = (
            make_dropout(rate_or(rate, dropout), variational_dropout, dtype=policy)
            for rate in (embedding_dropout, memory_dropout)
        )

    def build(self, ids_shape):
        if not self.embedding.built:
            self.embedding.build(ids_shape)
        self.rnn.build((*ids_shape, self.embedding_dim))
        self.built = True

    def call(self, ids, padded=True, training=None):
        mask = ops.not_equal(ids, self.pad_id) if padded else None
        embedded = self.token_dropout_layer(self.embedding(ids), training=training)  # [B, S, E]
        embedded = self.dropout_layer(embedded, training=training)
        memory, state = self.rnn(embedded, padding_mask=mask, training=training)
        memory = self.memory_dropout_layer(memory, training=training)
        if self.lexical_memory:
            memory = ops.concatenate([memory, embedded], axis=-1)  # [B, S, M + E]
        return memory, state, mask

    def get_config(self):
        return {
            **super().get_config(),
            "vocabulary_size": self.vocabulary_size,
            "units": self.units,
            "embedding_dim": self.embedding_dim,
            "cell": self.cell,
            "num_layers": self.num_layers,
            "bidirectional": self.bidirectional,
            "dropout": self.dropout,
            "embedding": embedding_config(self.given_embedding),
            "pad_id": self.pad_id,
            "use_cudnn": self.use_cudnn,
            "embedding_dropout": self.embedding_dropout,
            "layer_dropout": self.layer_dropout,
            "memory_dropout": self.memory_dropout,
            "token_dropout": self.token_dropout,
            "recurrent_dropout": self.recurrent_dropout,
            "variational_dropout": self.variational_dropout,
            "layer_norm": self.layer_norm,
            "residual": self.residual,
            "lexical_memory": self.lexical_memory,
        }

    @classmethod
    def from_config(cls, config):
        return cls(**with_embedding(config))
