"""From target ids and a state to hidden states."""

import keras
from keras import ops

from keras_seq2seq.layers.attention import Attention
from keras_seq2seq.layers.embedding import embedding_config, make_embedding, with_embedding
from keras_seq2seq.layers.recurrent_stack import RecurrentStack


@keras.saving.register_keras_serializable(package="keras_seq2seq")
class Decoder(keras.layers.Layer):
    """Reads the target so far with an RNN that starts from a given state (seed eq. 6).

    Attention, where there is one, looks at the memory after the RNN or after its first layer; no
    layer waits for a later one, so that all T steps of training run as one fused call a layer:
    h' = tanh(W [h; context]). One call with T ids equals T calls with one id each.

    A search with K hypotheses a source calls it with N = B K rows, those of one source beside
    each other, and a memory of B rows: the memory is never repeated.

    Args:
        vocabulary_size: int. V of the target.
        units: int. H, the width of the decoder's state.
        embedding_dim: int. E.
        cell: `"lstm"` or `"gru"`.
        num_layers: int.
        attention: `None` (the seed's plain model), `"dot"` or `"general"`.
        first_layer_attention: bool. The first layer's output asks the memory, and the context is
            an input of all layers above it (GNMT), at least one; the recurrence then knows what
            has been read. Otherwise the last layer's output asks.
        output_dim: int or `None`. Width D of the hidden states that go to the generator; `None`
            means H. Another width than H adds a projection where there is no attention.
        dropout: float in [0, 1), on embeddings, between layers and on the hidden states.
        embedding: a `keras.layers.Embedding` to use instead of an own one (shared tables).
        use_cudnn: see `RecurrentStack`.

    Call arguments:
        ids: int tensor [N, T], the target framed by BOS; padding may follow at the right.
        state: one list per layer, `[h, c]` (LSTM) or `[h]` (GRU), each [N, H].
        memory: float tensor [B, S, M], the encoder's outputs, or what `prepare` made of it;
            unused without attention. N is a multiple of B.
        padding_mask: bool tensor [B, S], true on real positions, or `None` if none is padded.
        training: bool.

    Returns:
        hidden, float tensor [N, T, D]; the new state; attention weights, float32 tensor
        [N, T, S], or of width 0, [N, T, 0], without attention.

    Raises:
        ValueError: for an unknown attention, attention without a memory, or attention of the
            first layer without a layer above it.

    Example:

    >>> decoder = Decoder(vocabulary_size=100, units=8, embedding_dim=4)
    >>> state = [[keras.ops.zeros((2, 8)), keras.ops.zeros((2, 8))]]
    >>> hidden, state, _ = decoder(keras.ops.ones((2, 5), dtype="int32"), state)
    >>> hidden.shape
    TensorShape([2, 5, 8])

    References: [Luong et al., 2015](https://arxiv.org/abs/1508.04025), eq. 5;
    [Wu et al., 2016](https://arxiv.org/abs/1609.08144), section 3, for attention of the first
    layer (here with its output of the same step, not of the step before).
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
        first_layer_attention=False,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.supports_masking = True
        if first_layer_attention and (attention is None or num_layers < 2):
            raise ValueError(
                "Decoder: first_layer_attention needs an attention and a layer above the first, "
                f"got attention={attention!r}, num_layers={num_layers}."
            )
        self.vocabulary_size = vocabulary_size
        self.units = units
        self.embedding_dim = embedding_dim
        self.cell = cell
        self.num_layers = num_layers
        self.attention = attention
        self.output_dim = output_dim
        self.dropout = dropout
        self.use_cudnn = use_cudnn
        self.first_layer_attention = first_layer_attention
        self.given_embedding = embedding
        policy = self.dtype_policy
        self.embedding = embedding or make_embedding(vocabulary_size, embedding_dim, policy)
        rnn = {"cell": cell, "dropout": dropout, "use_cudnn": use_cudnn, "dtype": policy}
        upper_layers = num_layers - 1 if first_layer_attention else 0
        self.rnn = RecurrentStack(units, num_layers=num_layers - upper_layers, **rnn)
        self.upper_rnn = None
        if upper_layers:
            self.upper_rnn = RecurrentStack(units, num_layers=upper_layers, **rnn)
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
            if isinstance(memory_shape[0], (list, tuple)):  # prepared: memory and keys
                memory_shape = memory_shape[0]
            self.attention_layer.build(hidden_shape, memory_shape)
            width += memory_shape[-1]
            if self.upper_rnn is not None:
                self.upper_rnn.build(hidden_shape, memory_shape)
        if self.projection is not None:
            self.projection.build((*ids_shape, width))
        self.built = True

    def prepare(self, state, memory):
        """What a search with a built decoder starts from: all that is computed only once.

        Args:
            state: one list per layer, tensors [B, H].
            memory: float tensor [B, S, M].

        Returns:
            state and memory for any number of calls; the memory is `(memory, keys)` where there
            is attention.
        """
        if self.attention_layer is None:
            return state, memory
        return state, (memory, self.attention_layer.keys(memory))

    def call(self, ids, state, memory=None, padding_mask=None, training=None):
        if not isinstance(memory, (list, tuple)):
            state, memory = self.prepare(state, memory)
        embedded = self.dropout_layer(self.embedding(ids), training=training)  # [N, T, E]
        lower = self.rnn.num_layers
        hidden, new_state = self.rnn(embedded, initial_state=state[:lower], training=training)
        if self.attention_layer is None:
            weights = ops.cast(hidden[..., :0], "float32")  # [N, T, 0]: Keras takes no None
        else:
            context, weights = self._attend(hidden, *memory, padding_mask)
            if self.upper_rnn is not None:
                hidden, upper_state = self.upper_rnn(
                    self.dropout_layer(hidden, training=training),
                    initial_state=state[lower:],
                    context=self.dropout_layer(context, training=training),
                    training=training,
                )
                new_state = new_state + upper_state
            hidden = ops.concatenate([hidden, context], axis=-1)  # [N, T, H + M]
        if self.projection is not None:
            hidden = self.projection(hidden)  # [N, T, D]
        return self.dropout_layer(hidden, training=training), new_state, weights

    def _attend(self, query, memory, keys, padding_mask):
        """Attention of N = B K rows to B memories; the K rows stand on the axis of the steps."""
        (rows, steps, _), (sources, positions, width) = ops.shape(query), ops.shape(memory)
        query = ops.reshape(query, (sources, -1, self.units))  # [N, T, H] -> [B, K T, H]
        context, weights = self.attention_layer(query, memory, padding_mask, keys)
        context = ops.reshape(context, (rows, steps, width))  # [B, K T, M] -> [N, T, M]
        return context, ops.reshape(weights, (rows, steps, positions))  # -> [N, T, S]

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
            "first_layer_attention": self.first_layer_attention,
        }

    @classmethod
    def from_config(cls, config):
        return cls(**with_embedding(config))
