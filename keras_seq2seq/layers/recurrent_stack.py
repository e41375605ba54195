"""Stacked recurrent layers, optionally bidirectional, for encoder and decoder alike."""

from typing import Any

import keras
from keras import ops

from keras_seq2seq.layers.cells import CELLS
from keras_seq2seq.layers.cells.step_layer import State, StepLayer
from keras_seq2seq.layers.dropout import make_dropout
from keras_seq2seq.layers.options.stack_spec import StackSpec
from keras_seq2seq.specs.configured import Configured
from keras_seq2seq.tensors import Tensor


@keras.saving.register_keras_serializable(package="keras_seq2seq")
class RecurrentStack(Configured, keras.layers.Layer):
    """Recurrent layers on top of each other: the RNN of the seed's eq. 3 and 6.

    Each layer makes y = RNN(dropout(x)) of its input x, adds x if `residual` and both are equally
    wide, and normalises the sum if `layer_norm`. A whole sequence goes through one fused call
    per layer; a sequence of static length 1 with a given state, as in decoding, goes through the
    cells of the same layers, which costs no loop.

    Args:
        spec: `StackSpec` or `None`; its options may also be given one by one: `units`, `cell`,
            `num_layers`, `dropout` (between layers, in training only), `recurrent_dropout`,
            `variational_dropout`, `layer_norm` (Ba et al., 2016), `residual`.
        bidirectional: bool. A second RNN reads each layer's input from the end; the two outputs
            are concatenated (eq. 4).
        use_cudnn: `"auto"`, `True` or `False`, as in `keras.layers.LSTM`. Models that are
            exported use `False`: a graph traced beside a GPU would hold ops no CPU can run.

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
        with one list per layer: `[h, c]` (LSTM), `[h]` (GRU) or `[c]` (SSRU), each [B, H]; a
        bidirectional layer's list holds the forward, then the backward tensors.

    Raises:
        ConfigError: for an unknown option or one out of range.
        ValueError: for a state given to a bidirectional stack.

    Example:

    >>> stack = RecurrentStack(units=8, num_layers=2)
    >>> outputs, state = stack(keras.ops.ones((2, 5, 3)))
    >>> outputs.shape, len(state)
    (TensorShape([2, 5, 8]), 2)
    """

    spec_class = StackSpec
    spec: StackSpec

    def __init__(
        self,
        spec: StackSpec | None = None,
        bidirectional: bool = False,
        use_cudnn: bool | str = "auto",
        **options: Any,
    ):
        super().__init__(spec, **options)
        self.supports_masking = True  # the mask is an explicit argument
        self.bidirectional = bidirectional
        self.use_cudnn = use_cudnn
        spec, policy = self.spec, self.dtype_policy
        count = range(spec.num_layers)
        self.forward_layers = [self._make_layer(i, False) for i in count]
        self.backward_layers = [self._make_layer(i, True) for i in count if bidirectional]
        self.norm_layers = [
            keras.layers.LayerNormalization(dtype=policy) for _ in count if spec.layer_norm
        ]
        self.dropout_layer = make_dropout(spec.dropout, spec.variational_dropout, dtype=policy)

    def _make_layer(self, index: int, backwards: bool) -> StepLayer:
        return CELLS[self.spec.cell](
            self.spec.units,
            go_backwards=backwards,
            recurrent_dropout=self.spec.recurrent_dropout,
            use_cudnn=self.use_cudnn,
            dtype=self.dtype_policy,
            name=f"{'backward' if backwards else 'forward'}_{index}",
        )

    @property
    def output_dim(self) -> int:
        """int. Width of the outputs: H, or 2H when bidirectional."""
        return self.spec.units * (2 if self.bidirectional else 1)

    def build(self, inputs_shape: Any, context_shape: Any = None) -> None:
        context_dim = 0 if context_shape is None else context_shape[-1]
        for index in range(self.spec.num_layers):
            width = self.output_dim if index else inputs_shape[-1]
            shape = (*inputs_shape[:-1], width + context_dim)
            self.forward_layers[index].build(shape)
            if self.bidirectional:
                self.backward_layers[index].build(shape)
            if self.spec.layer_norm:
                self.norm_layers[index].build((*inputs_shape[:-1], self.output_dim))
        self.built = True

    def dropout_masks(self, inputs: Tensor) -> list[Tensor] | None:
        """Masks [B, 1, H] between layers for `call` step by step in training, or `None`."""
        if not self.spec.dropout or self.spec.num_layers == 1:
            return None
        ones = ops.ones_like(inputs[:, :1, :1])  # [B, 1, 1]
        ones = ops.repeat(ones, self.output_dim, axis=-1)  # [B, 1, H]
        return [self.dropout_layer(ones, training=True) for _ in range(self.spec.num_layers - 1)]

    def call(
        self,
        inputs: Tensor,
        initial_state: list[State] | None = None,
        padding_mask: Tensor | None = None,
        context: Tensor | None = None,
        masks: list[Tensor] | None = None,
        training: bool | None = None,
    ) -> tuple[Tensor, list[State]]:
        if self.bidirectional and initial_state is not None:
            raise ValueError(
                "RecurrentStack: a bidirectional stack starts from zeros (seed eq. 3); "
                "initial_state must be None."
            )
        outputs, final_state = inputs, []
        for index in range(self.spec.num_layers):
            below = outputs
            if index and masks is not None:
                outputs = outputs * masks[index - 1]
            elif index:
                outputs = self.dropout_layer(outputs, training=training)
            if context is not None:
                outputs = ops.concatenate([outputs, context], axis=-1)  # [B, T, H + C]
            state = None if initial_state is None else initial_state[index]
            outputs, state = self._run_layer(index, outputs, state, padding_mask, training)
            if self.spec.residual and below.shape[-1] == self.output_dim:
                outputs = outputs + below
            if self.spec.layer_norm:
                outputs = self.norm_layers[index](outputs)
            final_state.append(list(state))
        return outputs, final_state

    def _run_layer(self, index: int, inputs, state, mask, training):
        forward = self.forward_layers[index]
        if self.bidirectional:
            outputs, state = forward.sequence(inputs, None, mask, training)
            backward = self.backward_layers[index]
            back_outputs, back_state = backward.sequence(inputs, None, mask, training)
            back_outputs = ops.flip(back_outputs, axis=1)  # it came out last step first
            outputs = ops.concatenate([outputs, back_outputs], axis=-1)  # [B, T, 2H]
            return outputs, [*state, *back_state]
        if state is not None and mask is None and inputs.shape[1] == 1 and not training:
            output, state = forward.step(ops.squeeze(inputs, axis=1), state)
            return ops.expand_dims(output, axis=1), state  # [B, 1, H]
        return forward.sequence(inputs, state, mask, training)
