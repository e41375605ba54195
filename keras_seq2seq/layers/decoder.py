"""From target ids and a state to hidden states."""

import keras
from keras import ops

from keras_seq2seq.layers.attention import Attention
from keras_seq2seq.layers.dropout import make_dropout, rate_or
from keras_seq2seq.layers.embedding import embedding_config, make_embedding, with_embedding
from keras_seq2seq.layers.recurrent_stack import RecurrentStack


@keras.saving.register_keras_serializable(package="keras_seq2seq")
class Decoder(keras.layers.Layer):
    """Reads the target so far with an RNN that starts from a given state (seed eq. 6).

    Attention, where there is one, looks at the memory after the RNN or after its first layer; no
    layer waits for a later one, so that all T steps of training run as one fused call a layer:
    h' = tanh(W [h; context]). One call with T ids equals T calls with one id each.

    With input feeding the RNN reads the h' of the step before beside its token and knows what was
    attended to. The steps then wait for each other, in training too, which is several times
    slower; `first_layer_attention` has most of the use and none of the wait.

    A search with K hypotheses a source calls it with N = B K rows, those of one source beside
    each other, and a memory of B rows: the memory is never repeated.

    Args:
        vocabulary_size: int. V of the target.
        units: int. H, the width of the decoder's state.
        embedding_dim: int. E.
        cell: `"lstm"` or `"gru"`.
        num_layers: int.
        attention: `None` (the seed's plain model), or a score of `Attention`.
        first_layer_attention: bool. The first layer's output asks the memory, and the context is
            an input of all layers above it (GNMT), at least one; the recurrence then knows what
            has been read. Otherwise the last layer's output asks.
        attention_heads: int. See `Attention`.
        input_feeding: bool. See above; it takes neither attention_dropout nor recurrent_dropout,
            and its masks are the same for all steps.
        lexical_model: bool. What attention finds among the source's embeddings is added to the
            hidden states, so that a word leads to its translation by a way of its own, which
            helps the rare ones: f = tanh(sum of weights and embeddings), h' + tanh(Wl f) + f.
            It takes the memory of an encoder with `lexical_memory`, and output_dim = E.
        output_dim: int or `None`. Width D of the hidden states that go to the generator; `None`
            means H. Another width than H adds a projection where there is no attention.
        dropout: float in [0, 1), on embeddings, between layers and on the hidden states that are
            returned, where the next three do not say otherwise.
        embedding_dropout, layer_dropout, hidden_dropout: float in [0, 1), each of these places by
            itself; `None` means `dropout`.
        token_dropout: float in [0, 1). Share of the tokens whose whole embedding is dropped.
        attention_dropout: float in [0, 1), on the weights of attention.
        projection_dropout: float in [0, 1), on [h; context] before the projection.
        recurrent_dropout, variational_dropout, layer_norm, residual: see `RecurrentStack`; the
            one mask for all steps is that of embeddings and hidden states, too.
        embedding: a `keras.layers.Embedding` to use instead of an own one (shared tables).
        use_cudnn: see `RecurrentStack`.

    Call arguments:
        ids: int tensor [N, T], the target framed by BOS; padding may follow at the right.
        state: one list per layer, `[h, c]` (LSTM) or `[h]` (GRU), each [N, H]; with input
            feeding `prepare` adds a list `[h']`, [N, D].
        memory: float tensor [B, S, M], the encoder's outputs ([B, S, M + E] for a lexical model),
            or what `prepare` made of it; unused without attention. N is a multiple of B.
        padding_mask: bool tensor [B, S], true on real positions, or `None` if none is padded.
        training: bool.

    Returns:
        hidden, float tensor [N, T, D]; the new state; attention weights, float32 tensor
        [N, T, S], or of width 0, [N, T, 0], without attention.

    Raises:
        ValueError: for an unknown attention, attention without a memory, or options that need
            or exclude each other.

    Example:

    >>> decoder = Decoder(vocabulary_size=100, units=8, embedding_dim=4)
    >>> state = [[keras.ops.zeros((2, 8)), keras.ops.zeros((2, 8))]]
    >>> hidden, state, _ = decoder(keras.ops.ones((2, 5), dtype="int32"), state)
    >>> hidden.shape
    TensorShape([2, 5, 8])

    References: [Luong et al., 2015](https://arxiv.org/abs/1508.04025), eq. 5 and section 3.3;
    [Wu et al., 2016](https://arxiv.org/abs/1609.08144), section 3, for attention of the first
    layer (here with its output of the same step, not of the step before); [Nguyen and Chiang,
    2018](https://arxiv.org/abs/1710.01329), section 4, for the lexical model (here the generator
    has one W for both terms).
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
        embedding_dropout=None,
        layer_dropout=None,
        hidden_dropout=None,
        token_dropout=0.0,
        attention_dropout=0.0,
        projection_dropout=0.0,
        recurrent_dropout=0.0,
        variational_dropout=False,
        layer_norm=False,
        residual=False,
        attention_heads=1,
        input_feeding=False,
        lexical_model=False,
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
        self.first_layer_attention = first_layer_attention
        self.embedding_dropout = embedding_dropout
        self.layer_dropout = layer_dropout
        self.hidden_dropout = hidden_dropout
        self.token_dropout = token_dropout
        self.attention_dropout = attention_dropout
        self.projection_dropout = projection_dropout
        self.recurrent_dropout = recurrent_dropout
        self.variational_dropout = variational_dropout
        self.layer_norm = layer_norm
        self.residual = residual
        self.attention_heads = attention_heads
        self.input_feeding = input_feeding
        self.lexical_model = lexical_model
        self.given_embedding = embedding
        self._check_options()
        policy = self.dtype_policy
        self.embedding = embedding or make_embedding(vocabulary_size, embedding_dim, policy)
        upper_layers = num_layers - 1 if first_layer_attention else 0
        self.rnn = self._make_rnn(num_layers - upper_layers)
        self.upper_rnn = self._make_rnn(upper_layers) if upper_layers else None
        self.attention_layer = None
        if attention is not None:
            self.attention_layer = Attention(
                attention, attention_heads, attention_dropout, dtype=policy
            )
        self.projection = None
        if attention is not None or output_dim not in (None, units):
            self.projection = keras.layers.Dense(
                output_dim or units, activation="tanh", use_bias=False, dtype=policy
            )
        self.lexical_layer = None
        if lexical_model:
            self.lexical_layer = keras.layers.Dense(
                embedding_dim, activation="tanh", use_bias=False, dtype=policy
            )
        self.token_dropout_layer = make_dropout(token_dropout, whole_tokens=True, dtype=policy)
        self.dropout_layer, self.layer_dropout_layer, self.hidden_dropout_layer = (
            make_dropout(rate_or(rate, dropout), variational_dropout, dtype=policy)
            for rate in (embedding_dropout, layer_dropout, hidden_dropout)
        )
        self.projection_dropout_layer = make_dropout(
            projection_dropout, variational_dropout, dtype=policy
        )

    def _check_options(self):
        """Refuses options that need or exclude each other."""
        got = f"got attention={self.attention!r}, num_layers={self.num_layers}."
        if self.first_layer_attention and (self.attention is None or self.num_layers < 2):
            raise ValueError(
                "Decoder: first_layer_attention needs an attention and a layer above the first, "
                + got
            )
        if self.lexical_model and (self.attention is None or self.output_dim != self.embedding_dim):
            raise ValueError(
                "Decoder: lexical_model needs an attention and output_dim = embedding_dim, got "
                f"attention={self.attention!r}, output_dim={self.output_dim}, "
                f"embedding_dim={self.embedding_dim}."
            )
        if not self.input_feeding:
            return
        if self.attention is None:
            raise ValueError("Decoder: input_feeding feeds what attention found, " + got)
        for option in ("first_layer_attention", "attention_dropout", "recurrent_dropout"):
            if getattr(self, option):
                raise ValueError(
                    f"Decoder: input_feeding does not go with {option}="
                    f"{getattr(self, option)}; choose one of them."
                )

    def _make_rnn(self, num_layers):
        return RecurrentStack(
            self.units,
            self.cell,
            num_layers,
            dropout=rate_or(self.layer_dropout, self.dropout),
            use_cudnn=self.use_cudnn,
            recurrent_dropout=self.recurrent_dropout,
            variational_dropout=self.variational_dropout,
            layer_norm=self.layer_norm,
            residual=self.residual,
            dtype=self.dtype_policy,
        )

    def build(self, ids_shape, state_shape=None, memory_shape=None, padding_mask_shape=None):
        if not self.embedding.built:
            self.embedding.build(ids_shape)
        output_dim = self.output_dim or self.units
        fed = output_dim if self.input_feeding else 0
        self.rnn.build((*ids_shape, self.embedding_dim + fed))
        hidden_shape, width = (*ids_shape, self.units), self.units
        if self.attention_layer is not None:
            if memory_shape is None:
                raise ValueError(
                    f"Decoder: attention={self.attention!r} needs the encoder's memory."
                )
            if isinstance(memory_shape[0], (list, tuple)):  # prepared: memory and keys
                memory_shape = memory_shape[0]
            elif self.lexical_model:
                memory_shape = (*memory_shape[:-1], memory_shape[-1] - self.embedding_dim)
            self.attention_layer.build(hidden_shape, memory_shape)
            width += memory_shape[-1]
            if self.upper_rnn is not None:
                self.upper_rnn.build(hidden_shape, memory_shape)
        if self.projection is not None:
            self.projection.build((*ids_shape, width))
        if self.lexical_layer is not None:
            self.lexical_layer.build((*ids_shape, self.embedding_dim))
        self.built = True

    def prepare(self, state, memory):
        """What a search with a built decoder starts from: all that is computed only once.

        Args:
            state: one list per layer, tensors [B, H].
            memory: float tensor [B, S, M].

        Returns:
            state, with the h' = 0 of input feeding, and memory, `(memory, keys)` where there is
            attention, `(memory, keys, embedded)` where there is a lexical model.
        """
        if self.attention_layer is None:
            return state, memory
        if self.input_feeding:
            zeros = ops.zeros_like(state[0][0][:, :1])  # [B, 1]
            state = [*state, [ops.repeat(zeros, self.output_dim or self.units, axis=1)]]
        if not self.lexical_model:
            return state, (memory, self.attention_layer.keys(memory))
        memory, embedded = ops.split(memory, [memory.shape[-1] - self.embedding_dim], axis=-1)
        return state, (memory, self.attention_layer.keys(memory), embedded)

    def call(self, ids, state, memory=None, padding_mask=None, training=None):
        if not isinstance(memory, (list, tuple)):
            state, memory = self.prepare(state, memory)
        embedded = self.token_dropout_layer(self.embedding(ids), training=training)  # [N, T, E]
        embedded = self.dropout_layer(embedded, training=training)
        run = self._run_with_feeding if self.input_feeding else self._run
        hidden, state, weights = run(embedded, state, memory, padding_mask, training)
        return self.hidden_dropout_layer(hidden, training=training), state, weights

    def _run(self, embedded, state, memory, padding_mask, training, masks=(None, None)):
        """From embeddings [N, T, E] to hidden [N, T, D], new state, weights [N, T, S]."""
        layer_masks, projection_mask = masks
        lower = self.rnn.num_layers
        hidden, new_state = self.rnn(
            embedded, initial_state=state[:lower], masks=layer_masks, training=training
        )
        if self.attention_layer is None:
            weights = ops.cast(hidden[..., :0], "float32")  # [N, T, 0]: Keras takes no None
        else:
            context, weights = self._attend(hidden, *memory[:2], padding_mask, training)
            if self.upper_rnn is not None:
                hidden, upper_state = self.upper_rnn(
                    self.layer_dropout_layer(hidden, training=training),
                    initial_state=state[lower:],
                    context=self.layer_dropout_layer(context, training=training),
                    training=training,
                )
                new_state = new_state + upper_state
            hidden = ops.concatenate([hidden, context], axis=-1)  # [N, T, H + M]
        if self.projection is not None:
            if projection_mask is None:
                hidden = self.projection_dropout_layer(hidden, training=training)
            else:
                hidden = hidden * projection_mask
            hidden = self.projection(hidden)  # [N, T, D]
        if self.lexical_layer is not None:
            hidden = hidden + self._look_up(weights, memory[2])
        return hidden, new_state, weights

    def _run_with_feeding(self, embedded, state, memory, padding_mask, training):
        """As `_run`, step by step: each reads the h' of the step before beside its embedding."""
        masks = self._masks_of_all_steps(embedded, memory) if training else (None, None)

        def step(carry, embedded):
            state, _ = carry
            joined = ops.concatenate([embedded, state[-1][0]], axis=-1)  # [N, E + D]
            hidden, state, weights = self._run(
                ops.expand_dims(joined, axis=1), state[:-1], memory, padding_mask, False, masks
            )
            carry = [*state, [hidden[:, 0]]], weights[:, 0]
            return carry, carry

        positions = memory[0][:1, :, 0]  # [1, S]
        no_weights = ops.cast(embedded[:, 0, :1] * 0, "float32") * ops.cast(positions, "float32")
        if embedded.shape[1] == 1:
            (state, weights), _ = step((state, no_weights), embedded[:, 0])
            return ops.expand_dims(state[-1][0], 1), state, ops.expand_dims(weights, 1)
        by_time = ops.transpose(embedded, (1, 0, 2))  # [T, N, E]
        (state, _), (states, weights) = ops.scan(step, (state, no_weights), by_time)
        hidden = ops.transpose(states[-1][0], (1, 0, 2))  # [T, N, D] -> [N, T, D]
        return hidden, state, ops.transpose(weights, (1, 0, 2))  # [N, T, S]

    def _masks_of_all_steps(self, embedded, memory):
        """Dropout masks made before the loop, as no backend makes them well inside of it."""
        ones = ops.ones_like(embedded[:, :1, :1])  # [N, 1, 1]
        ones = ops.repeat(ones, self.units + memory[0].shape[-1], axis=-1)  # [N, 1, H + M]
        return self.rnn.dropout_masks(embedded), self.projection_dropout_layer(ones, training=True)

    def _attend(self, query, memory, keys, padding_mask, training):
        """Attention of N = B K rows to B memories; the K rows stand on the axis of the steps."""
        (rows, steps, _), (sources, positions, width) = ops.shape(query), ops.shape(memory)
        query = ops.reshape(query, (sources, -1, self.units))  # [N, T, H] -> [B, K T, H]
        context, weights = self.attention_layer(
            query, memory, padding_mask, keys, training=training
        )
        context = ops.reshape(context, (rows, steps, width))  # [B, K T, M] -> [N, T, M]
        return context, ops.reshape(weights, (rows, steps, positions))  # -> [N, T, S]

    def _look_up(self, weights, embedded):
        """The lexical model: weights [N, T, S], embeddings [B, S, E] -> [N, T, E]."""
        (rows, steps, _), (sources, positions, width) = ops.shape(weights), ops.shape(embedded)
        weights = ops.cast(ops.reshape(weights, (sources, -1, positions)), embedded.dtype)
        found = ops.tanh(ops.matmul(weights, embedded))  # [B, K T, S] -> [B, K T, E]
        found = ops.reshape(found, (rows, steps, width))  # [N, T, E]
        return self.lexical_layer(found) + found

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
            "embedding_dropout": self.embedding_dropout,
            "layer_dropout": self.layer_dropout,
            "hidden_dropout": self.hidden_dropout,
            "token_dropout": self.token_dropout,
            "attention_dropout": self.attention_dropout,
            "projection_dropout": self.projection_dropout,
            "recurrent_dropout": self.recurrent_dropout,
            "variational_dropout": self.variational_dropout,
            "layer_norm": self.layer_norm,
            "residual": self.residual,
            "attention_heads": self.attention_heads,
            "input_feeding": self.input_feeding,
            "lexical_model": self.lexical_model,
        }

    @classmethod
    def from_config(cls, config):
        return cls(**with_embedding(config))
