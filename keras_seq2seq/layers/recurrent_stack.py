"""Stacked LSTM or GRU layers, optionally bidirectional, for encoder and decoder alike."""

import keras
from keras import ops

from keras_seq2seq.layers.choices import check_choice
from keras_seq2seq.layers.dropout import make_dropout

_RNN_LAYERS = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU}


@keras.saving.register_keras_serializable(package="keras_seq2seq")
class RecurrentStack(keras.layers.Layer):
    """Recurrent layers on top of each other: the RNN of the seed's eq. 3 and 6.

    Each layer makes y = RNN(dropout(x)) of its input x, adds x if `residual` and both are equally
    wide, and normalises the sum if `layer_norm`. A whole sequence goes through one fused call
    per layer; a sequence of static length 1 with a given state, as in decoding, goes through the
    cells of the same layers, which costs no loop.

    Args:
        units: int. H, the width of one direction of one layer.
        cell: `"lstm"` or `"gru"`.
        num_layers: int. How many layers stand on top of each other.
        bidirectional: bool. A second RNN reads each layer's input from the end; the two outputs
            are concatenated (eq. 4).
        dropout: float in [0, 1). Share of units dropped between layers, in training only.
        use_cudnn: `"auto"`, `True` or `False`, as in `keras.layers.LSTM`. Models that are
            exported use `False`: a graph traced beside a GPU would hold ops no CPU can run.
        recurrent_dropout: float in [0, 1). Share of the state dropped on its way to the next
            step, one mask for all steps. Such a layer cannot use cuDNN in training.
        variational_dropout: bool. Between layers, too, one mask serves all steps.
        layer_norm: bool. Normalises each layer's output (Ba et al., 2016).
        residual: bool. Adds a layer's input to its output.

    Call arguments:
        inputs: float tensor [B, T, E].
        initial_state: as returned below, for a unidirectional stack; `None` means zeros.
        padding_mask: bool tensor [B, T], true on real steps, right-padded; or `None`. (Keras
            would fill an argument called `mask` by itself.)
        context: float tensor [B, T, C] or `None`. Joined to the input of every layer.
        masks: what `dropout_masks` made, or `None`. For a loop outside that calls step by step in
            training: these masks are used, and the layers themselves drop nothing.
        training: bool.

    Returns:
        outputs, float tensor [B, T, H] or, bidirectional, [B, T, 2H]; and the final state, a list
        with one list per layer: `[h, c]` (LSTM) or `[h]` (GRU), each [B, H]; a bidirectional
        layer's list holds the forward, then the backward tensors.

    Raises:
        ValueError: for an unknown cell, or a state given to a bidirectional stack.

    Example:

    >>> stack = RecurrentStack(8, num_layers=2)
    >>> outputs, state = stack(keras.ops.ones((2, 5, 3)))
    >>> outputs.shape, len(state)
    (TensorShape([2, 5, 8]), 2)
    """

    def __init__(
        self,
        units,
        cell="lstm",
        num_layers=1,
        bidirectional=False,
        dropout=0.0,
        use_cudnn="auto",
        recurrent_dropout=0.0,
        variational_dropout=False,
        layer_norm=False,
        residual=False,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.supports_masking = True  # the mask is an explicit argument
        check_choice("RecurrentStack", "cell", cell, tuple(_RNN_LAYERS))
        if units < 1 or num_layers < 1:
            raise ValueError(
                f"RecurrentStack: units and num_layers must be at least 1, got units={units}, "
                f"num_layers={num_layers}."
            )
        self.units = units
        self.cell = cell
        self.num_layers = num_layers
        self.bidirectional = bidirectional
        self.dropout = dropout
        self.use_cudnn = use_cudnn
        self.recurrent_dropout = recurrent_dropout
        self.variational_dropout = variational_dropout
        self.layer_norm = layer_norm
        self.residual = residual
        self.forward_layers = [self._make_layer(i, False) for i in range(num_layers)]
        self.backward_layers = (
            [self._make_layer(i, True) for i in range(num_layers)] if bidirectional else []
        )
        self.norm_layers = [
            keras.layers.LayerNormalization(dtype=self.dtype_policy)
            for _ in range(num_layers if layer_norm else 0)
        ]
        self.dropout_layer = make_dropout(dropout, variational_dropout, dtype=self.dtype_policy)

    def _make_layer(self, index, backwards):
        return _RNN_LAYERS[self.cell](
            self.units,
            return_sequences=True,
            return_state=True,
            go_backwards=backwards,
            recurrent_dropout=self.recurrent_dropout,
            use_cudnn=self.use_cudnn,
            dtype=self.dtype_policy,
            name=f"{'backward' if backwards else 'forward'}_{index}",
        )

    @property
    def output_dim(self):
        """int. Width of the outputs: H, or 2H when bidirectional."""
        return self.units * (2 if self.bidirectional else 1)

    def build(self, inputs_shape, context_shape=None):
        context_dim = 0 if context_shape is None else context_shape[-1]
        for index in range(self.num_layers):
            width = self.output_dim if index else inputs_shape[-1]
            shape = (*inputs_shape[:-1], width + context_dim)
            self.forward_layers[index].build(shape)
            if self.bidirectional:
                self.backward_layers[index].build(shape)
            if self.layer_norm:
                self.norm_layers[index].build((*inputs_shape[:-1], self.output_dim))
        self.built = True

    def dropout_masks(self, inputs):
        """Masks [B, 1, H] between layers for `call` step by step in training, or `None`."""
        if not self.dropout or self.num_layers == 1:
            return None
        ones = ops.ones_like(inputs[:, :1, :1])  # [B, 1, 1]
        ones = ops.repeat(ones, self.output_dim, axis=-1)  # [B, 1, H]
        return [self.dropout_layer(ones, training=True) for _ in range(self.num_layers - 1)]

    def call(
        self,
        inputs,
        initial_state=None,
        padding_mask=None,
        context=None,
        masks=None,
        training=None,
    ):
        if self.bidirectional and initial_state is not None:
            raise ValueError(
                "RecurrentStack: a bidirectional stack starts from zeros (seed eq. 3); "
                "initial_state must be None."
            )
        outputs, final_state = inputs, []
        for index in range(self.num_layers):
            below = outputs
            if index and masks is not None:
                outputs = outputs * masks[index - 1]
            elif index:
                outputs = self.dropout_layer(outputs, training=training)
            if context is not None:
                outputs = ops.concatenate([outputs, context], axis=-1)  # [B, T, H + C]
            state = None if initial_state is None else initial_state[index]
            outputs, state = self._run_layer(index, outputs, state, padding_mask, training)
            if self.residual and below.shape[-1] == self.output_dim:
                outputs = outputs + below
            if self.layer_norm:
                outputs = self.norm_layers[index](outputs)
            final_state.append(list(state))
        return outputs, final_state

    def _run_layer(self, index, inputs, state, mask, training):
        if self.bidirectional:
            return self._run_both_ways(index, inputs, mask, training)
        if state is not None and mask is None and inputs.shape[1] == 1 and not training:
            return self._run_cell(index, inputs, state)
        outputs, *state = self._run_sequence(
            self.forward_layers[index], inputs, state, mask, training
        )
        return outputs, state

    def _run_both_ways(self, index, inputs, mask, training):
        forward, backward = self.forward_layers[index], self.backward_layers[index]
        forward, *state = self._run_sequence(forward, inputs, None, mask, training)
        backward, *back_state = self._run_sequence(backward, inputs, None, mask, training)
        backward = ops.flip(backward, axis=1)  # it came out last step first
        return ops.concatenate([forward, backward], axis=-1), state + back_state  # [B, T, 2H]

    def _run_sequence(self, layer, inputs, state, mask, training):
        if training and self._trains_faster_by_hand(state, mask):
            from keras_seq2seq.fast_paths.tensorflow_lstm import lstm_sequence

            return lstm_sequence(layer, inputs, state, mask)
        return layer(inputs, initial_state=state, mask=mask, training=training)

    def _trains_faster_by_hand(self, state, mask):
        """Whether `tensorflow_lstm` applies, which knows LSTMs on CPUs and no dropout inside."""
        known = self.cell == "lstm" and not self.recurrent_dropout
        if keras.backend.backend() != "tensorflow" or not known:
            return False
        from keras_seq2seq.fast_paths.tensorflow_lstm import has_gpu

        return (state is None or mask is None) and not has_gpu()

    def _run_cell(self, index, inputs, state):
        cell = self.forward_layers[index].cell
        output, state = cell(ops.squeeze(inputs, axis=1), list(state), training=False)
        state = list(state) if isinstance(state, (list, tuple)) else [state]
        return ops.expand_dims(output, axis=1), state  # [B, 1, H]

    def get_config(self):
        return {
            **super().get_config(),
            "units": self.units,
            "cell": self.cell,
            "num_layers": self.num_layers,
            "bidirectional": self.bidirectional,
            "dropout": self.dropout,
            "use_cudnn": self.use_cudnn,
            "recurrent_dropout": self.recurrent_dropout,
            "variational_dropout": self.variational_dropout,
            "layer_norm": self.layer_norm,
            "residual": self.residual,
        }
