"""From target ids and a state to hidden states."""

from typing import Any

import keras
from keras import ops

from keras_seq2seq.layers.cells.step_layer import State
from keras_seq2seq.layers.dropout import make_dropout
from keras_seq2seq.layers.embedding import make_embedding
from keras_seq2seq.layers.kinds import ATTENTIONS
from keras_seq2seq.layers.memory import Memory, is_given
from keras_seq2seq.layers.options.decoder_spec import DecoderSpec
from keras_seq2seq.layers.recurrent_stack import RecurrentStack
from keras_seq2seq.specs.configured import Configured
from keras_seq2seq.tensors import Tensor


@keras.saving.register_keras_serializable(package="keras_seq2seq")
class Decoder(Configured, keras.layers.Layer):
    """Reads the target so far with an RNN that starts from a given state (seed eq. 6).

    Attention, where there is one, looks at the memory after the RNN or after its first layer; no
    layer waits for a later one, so that all T steps of training run as one fused call a layer:
    h' = tanh(W [h; context]). One call with T ids equals T calls with one id each.

    With `first_layer_attention` the first layer's output asks the memory, and the context is an
    input of all layers above it (GNMT): the recurrence then knows what has been read. With input
    feeding the RNN reads the h' of the step before beside its token; the steps then wait for each
    other, in training too, which is several times slower. A lexical model adds what attention
    finds among the source's embeddings to the hidden states, so that a word leads to its
    translation by a way of its own: f = tanh(sum of weights and embeddings), h' + tanh(Wl f) + f.

    A search with K hypotheses a source calls it with N = B K rows, those of one source beside
    each other, and a memory of B rows: the memory is never repeated.

    Args:
        vocabulary_size: int. V of the target.
        spec: `DecoderSpec` or `None`; its options may also be given one by one: `units`,
            `embedding_dim`, `cell`, `num_layers`, `attention` (`None` is the seed's plain model),
            ... What each does stands beside it in `DecoderSpec`, `SideSpec` and `StackSpec`.
        output_dim: int or `None`. Width D of the hidden states that go to the generator; `None`
            means H, or E with a lexical model, which allows no other. Another width than H adds a
            projection where there is no attention.
        embedding: a `keras.layers.Embedding` to use instead of a new one (shared tables).
        use_cudnn: see `RecurrentStack`.

    Call arguments:
        ids: int tensor [N, T], the target framed by BOS; padding may follow at the right.
        state: one list per layer, `[h, c]` (LSTM), `[h]` (GRU) or `[c]` (SSRU), each [N, H]; with
            input feeding `prepare` adds a list `[h']`, [N, D].
        memory: the encoder's `Memory`, or what `prepare` made of it; unused without attention. N
            is a multiple of B.
        training: bool.

    Returns:
        hidden, float tensor [N, T, D]; the new state; attention weights, float32 tensor
        [N, T, S], or of width 0, [N, T, 0], without attention.

    Raises:
        ConfigError: for options that are unknown, out of range, or exclude each other.
        ValueError: for attention without a memory, or an output_dim that does not fit.

    Example:

    >>> decoder = Decoder(vocabulary_size=100, units=8, embedding_dim=4, attention=None)
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

    spec_class = DecoderSpec
    spec: DecoderSpec

    def __init__(
        self,
        vocabulary_size: int,
        spec: DecoderSpec | None = None,
        output_dim: int | None = None,
        embedding: keras.layers.Embedding | None = None,
        use_cudnn: bool | str = "auto",
        **options: Any,
    ):
        super().__init__(spec, **options)
        self.supports_masking = True
        self.vocabulary_size = vocabulary_size
        self.output_dim = output_dim
        self.use_cudnn = use_cudnn
        spec, policy = self.spec, self.dtype_policy
        if spec.has_lexical_model and output_dim not in (None, spec.embedding_dim):
            raise ValueError(
                f"Decoder: a lexical model needs output_dim = embedding_dim = {spec.embedding_dim}"
                f", got {output_dim}. Leave it out, or set lexical_model=False."
            )
        self.embedding = make_embedding(
            vocabulary_size, spec.embedding_dim, policy, given=embedding
        )
        upper_layers = spec.num_layers - 1 if spec.first_layer_attention else 0
        self.rnn = self._make_rnn(spec.num_layers - upper_layers)
        self.upper_rnn = self._make_rnn(upper_layers) if upper_layers else None
        self.attention_layer: Any = None
        if spec.attention is not None:
            self.attention_layer = ATTENTIONS[spec.attention](
                spec.attention, spec.attention_heads, spec.attention_dropout, dtype=policy
            )
        self.projection = None
        if spec.attention is not None or self.hidden_dim != spec.units:
            self.projection = self._make_dense(self.hidden_dim)
        self.lexical_layer: Any = None
        if spec.has_lexical_model:
            self.lexical_layer = self._make_dense(spec.embedding_dim)
        self.token_dropout_layer = make_dropout(spec.token_dropout, whole_tokens=True, dtype=policy)
        rates = [spec.rate_at(place) for place in ("embedding", "layer", "hidden", "projection")]
        (
            self.dropout_layer,
            self.layer_dropout_layer,
            self.hidden_dropout_layer,
            self.projection_dropout_layer,
        ) = (make_dropout(rate, spec.variational_dropout, dtype=policy) for rate in rates)

    @property
    def hidden_dim(self) -> int:
        """D, the width of the hidden states that go to the generator."""
        fitting = self.spec.embedding_dim if self.spec.has_lexical_model else self.spec.units
        return self.output_dim or fitting

    def _make_rnn(self, num_layers: int) -> RecurrentStack:
        return RecurrentStack(
            self.spec.stack(num_layers), use_cudnn=self.use_cudnn, dtype=self.dtype_policy
        )

    def _make_dense(self, width: int) -> keras.layers.Dense:
        return keras.layers.Dense(width, activation="tanh", use_bias=False, dtype=self.dtype_policy)

    def build(self, ids_shape: Any, state_shape: Any = None, memory_shape: Any = None) -> None:
        if not self.embedding.built:
            self.embedding.build(ids_shape)
        fed = self.hidden_dim if self.spec.input_feeding else 0
        self.rnn.build((*ids_shape, self.spec.embedding_dim + fed))
        hidden_shape, width = (*ids_shape, self.spec.units), self.spec.units
        if self.attention_layer is not None:
            if memory_shape is None:
                raise ValueError(
                    f"Decoder: attention={self.spec.attention!r} needs the encoder's memory."
                )
            values_shape = memory_shape[2]  # Keras may have made a plain tuple of it
            self.attention_layer.build(hidden_shape, values_shape)
            width += values_shape[-1]
            if self.upper_rnn is not None:
                self.upper_rnn.build(hidden_shape, values_shape)
        if self.projection is not None:
            self.projection.build((*ids_shape, width))
        if self.lexical_layer is not None:
            if memory_shape[3][-1] != self.spec.embedding_dim:
                raise ValueError(
                    "Decoder: a lexical model needs source embeddings as wide as its own, "
                    f"{self.spec.embedding_dim}, got {memory_shape[3][-1]}. Set embedding_dim, or "
                    "lexical_model=False."
                )
            self.lexical_layer.build((*ids_shape, self.spec.embedding_dim))
        self.built = True

    def prepare(self, state: list[State], memory: Memory) -> tuple[list[State], Memory]:
        """What a search with a built decoder starts from: all that is computed only once.

        The state, tensors [B, H], gets the h' = 0 of input feeding, the memory its keys.
        """
        if self.attention_layer is None:
            return state, memory
        if self.spec.input_feeding:
            zeros = ops.zeros_like(state[0][0][:, :1])  # [B, 1]
            state = [*state, [ops.repeat(zeros, self.hidden_dim, axis=1)]]
        return state, memory._replace(keys=self.attention_layer.keys(memory.values))

    def call(
        self,
        ids: Tensor,
        state: list[State],
        memory: Memory | None = None,
        training: bool | None = None,
    ) -> tuple[Tensor, list[State], Tensor]:
        if memory is not None and not is_given(memory.keys):
            state, memory = self.prepare(state, memory)
        embedded = self.token_dropout_layer(self.embedding(ids), training=training)  # [N, T, E]
        embedded = self.dropout_layer(embedded, training=training)
        run = self._run_with_feeding if self.spec.input_feeding else self._run
        hidden, state, weights = run(embedded, state, memory, training)
        return self.hidden_dropout_layer(hidden, training=training), state, weights

    def _run(self, embedded, state, memory, training, masks=(None, None)):
        """From embeddings [N, T, E] to hidden [N, T, D], new state, weights [N, T, S]."""
        layer_masks, projection_mask = masks
        lower = self.rnn.spec.num_layers
        hidden, new_state = self.rnn(
            embedded, initial_state=state[:lower], masks=layer_masks, training=training
        )
        if self.attention_layer is None:
            weights = ops.cast(hidden[..., :0], "float32")  # [N, T, 0]: Keras takes no None
        else:
            context, weights = self._attend(hidden, memory, training)
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
            hidden = hidden + self._look_up(weights, memory.embedded)
        return hidden, new_state, weights

    def _run_with_feeding(self, embedded, state, memory, training):
        """As `_run`, step by step: each reads the h' of the step before beside its embedding."""
        masks = self._masks_of_all_steps(embedded, memory) if training else (None, None)

        def step(carry, embedded):
            state, _ = carry
            joined = ops.concatenate([embedded, state[-1][0]], axis=-1)  # [N, E + D]
            hidden, state, weights = self._run(
                ops.expand_dims(joined, axis=1), state[:-1], memory, False, masks
            )
            carry = [*state, [hidden[:, 0]]], weights[:, 0]
            return carry, carry

        positions = memory.values[:1, :, 0]  # [1, S]
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
        width = self.spec.units + memory.values.shape[-1]
        ones = ops.repeat(ones, width, axis=-1)  # [N, 1, H + M]
        return self.rnn.dropout_masks(embedded), self.projection_dropout_layer(ones, training=True)

    def _attend(self, query, memory, training):
        """Attention of N = B K rows to B memories; the K rows stand on the axis of the steps."""
        (rows, steps, units), (sources, positions, width) = map(ops.shape, (query, memory.values))
        query = ops.reshape(query, (sources, -1, units))  # [N, T, H] -> [B, K T, H]
        mask = memory.mask if is_given(memory.mask) else None
        context, weights = self.attention_layer(
            query, memory.values, mask, memory.keys, training=training
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
