"""An LSTM over whole sequences with a gradient written by hand: training on CPUs, TensorFlow."""

import keras
import tensorflow as tf

from keras_seq2seq.tensors import Tensor


def has_gpu() -> bool:
    """Whether there is a GPU to compute on, where cuDNN is faster than this."""
    return bool(tf.config.list_logical_devices("GPU"))


def applies(
    layer: keras.layers.LSTM, inputs: Tensor, initial_state: Tensor = None, mask: Tensor = None
) -> bool:
    """Whether this can be used: it knows no dropout inside, nor a mask behind a given state."""
    both = initial_state is not None and mask is not None
    return not (layer.recurrent_dropout or both or has_gpu())


def lstm_sequence(
    layer: keras.layers.LSTM, inputs: Tensor, initial_state: Tensor = None, mask: Tensor = None
) -> tuple[Tensor, Tensor, Tensor]:
    """Does what a `keras.layers.LSTM` with sequences and states does in training, faster on CPUs.

    The product with the input is one for all steps, and so are, going back, those that give the
    gradients of both kernels: automatic differentiation makes a small one each at every step.
    The state is float32 within, whatever the policy; products are made in the compute dtype.

    Args:
        layer: Built, with Keras's own activations and no recurrent dropout.
        inputs: [B, T, E].
        initial_state: `[h, c]`, each [B, H]; `None` means zeros.
        mask: bool [B, T], true on real steps. Only without `initial_state`.

    Returns:
        outputs [B, T, H], in the order in which the steps were made; h and c, each [B, H].
    """
    cell, dtype = layer.cell, layer.compute_dtype
    kernel, recurrent_kernel, bias = (
        _gates_together(tf.cast(tf.convert_to_tensor(variable.value), dtype))
        for variable in (cell.kernel, cell.recurrent_kernel, cell.bias)
    )
    steps = tf.transpose(tf.cast(inputs, dtype), [1, 0, 2])  # [T, B, E]
    mask = None if mask is None else tf.transpose(mask)  # [T, B]
    if layer.go_backwards:
        steps = tf.reverse(steps, [0])
        mask = None if mask is None else tf.reverse(mask, [0])
    shape = tf.shape(steps)
    if initial_state is None:
        initial_state = [tf.zeros([shape[1], cell.units])] * 2
    h, c = (tf.cast(state, "float32") for state in initial_state)

    projected = tf.matmul(tf.reshape(steps, [-1, steps.shape[-1]]), kernel)  # [T * B, 4H]
    projected = tf.reshape(projected + bias, [shape[0], shape[1], 4 * cell.units])  # [T, B, 4H]
    outputs, h, c = _run(projected, recurrent_kernel, h, c, mask)
    outputs = tf.transpose(tf.cast(outputs, dtype), [1, 0, 2])  # [B, T, H]
    return outputs, tf.cast(h, dtype), tf.cast(c, dtype)


def _gates_together(weights: Tensor) -> Tensor:
    """Keras's columns i f c o as c i f o: three sigmoids side by side, three gradients of c too."""
    i, f, c, o = tf.split(weights, 4, axis=-1)
    return tf.concat([c, i, f, o], axis=-1)


def _run(
    projected: Tensor, recurrent_kernel: Tensor, h: Tensor, c: Tensor, mask: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """[T, B, 4H] and states [B, H] -> float32 outputs [T, B, H] and states."""

    @tf.custom_gradient
    def forward(projected: Tensor, recurrent_kernel: Tensor, h: Tensor, c: Tensor) -> Tensor:
        gates, cells, outputs = _forward_loop(projected, recurrent_kernel, h, c, mask)

        def backward(d_outputs, d_h, d_c):
            cells_before = tf.concat([c[None], cells[:-1]], 0)
            d_projected, d_h, d_c = _backward_loop(
                recurrent_kernel, gates, cells_before, cells, mask, d_outputs, d_h, d_c
            )
            d_projected = tf.cast(d_projected, projected.dtype)
            h_before = tf.cast(tf.concat([h[None], outputs[:-1]], 0), projected.dtype)
            flat = tf.reshape(d_projected, [-1, 4 * h.shape[-1]])  # [T * B, 4H]
            d_kernel = tf.matmul(tf.reshape(h_before, [-1, h.shape[-1]]), flat, transpose_a=True)
            return d_projected, d_kernel, d_h, d_c

        return (outputs, outputs[-1], cells[-1]), backward

    return forward(projected, recurrent_kernel, h, c)


def _forward_loop(
    projected: Tensor, recurrent_kernel: Tensor, h: Tensor, c: Tensor, mask: Tensor
) -> list[Tensor]:
    """Gates c i f o, [T, B, 4H], cell states and outputs, [T, B, H]."""
    count, units = tf.shape(projected)[0], h.shape[-1]
    arrays = [tf.TensorArray("float32", count) for _ in range(3)]

    def step(t, h, c, gates, cells, outputs):
        z = tf.matmul(tf.cast(h, projected.dtype), recurrent_kernel) + projected[t]  # [B, 4H]
        z = tf.cast(z, "float32")
        candidate = tf.tanh(z[:, :units])
        sigmoids = tf.sigmoid(z[:, units:])
        i, f, o = tf.split(sigmoids, 3, axis=-1)
        new_c = f * c + i * candidate
        new_h = o * tf.tanh(new_c)
        if mask is not None:
            real = mask[t][:, None]  # [B, 1]
            new_h, new_c = tf.where(real, new_h, h), tf.where(real, new_c, c)
        gates = gates.write(t, tf.concat([candidate, sigmoids], axis=-1))
        return t + 1, new_h, new_c, gates, cells.write(t, new_c), outputs.write(t, new_h)

    results = tf.while_loop(
        lambda t, *_: t < count, step, (0, h, c, *arrays), maximum_iterations=count
    )
    return [array.stack() for array in results[3:]]


def _backward_loop(recurrent_kernel, gates, cells_before, cells, mask, d_outputs, d_h, d_c):
    """The gradients of the projected inputs, [T, B, 4H], and of the first states."""
    # All that does not hang on the step behind is made for all steps at once: by which factors
    # the gradients of h and c come to the four gates and to c.
    candidate, i, f, o = tf.split(gates, 4, axis=-1)  # [T, B, H]
    squashed = tf.tanh(cells)
    by_c = tf.stack(
        [i * (1 - candidate**2), candidate * i * (1 - i), cells_before * f * (1 - f)], axis=2
    )  # [T, B, 3, H]
    by_h = squashed * o * (1 - o)
    to_c = o * (1 - squashed**2)
    padded = None
    if mask is not None:  # a padded step hands both gradients on and keeps none
        real = mask[:, :, None]  # [T, B, 1]
        by_c = tf.where(real[:, :, None], by_c, 0.0)
        by_h, to_c, f = tf.where(real, by_h, 0.0), tf.where(real, to_c, 0.0), tf.where(real, f, 1.0)
        padded = 1.0 - tf.cast(real, "float32")
    shape = tf.shape(gates)

    # Multiplied by at each step: turned once, as products with what is turned take longer.
    turned = tf.transpose(recurrent_kernel)  # [4H, H]

    def step(t, d_h, d_c, d_projected):
        d_h = d_h + d_outputs[t]
        d_c = d_c + d_h * to_c[t]
        d_gates = tf.reshape(d_c[:, None] * by_c[t], [shape[1], 3 * d_h.shape[-1]])
        d_z = tf.concat([d_gates, d_h * by_h[t]], axis=-1)  # [B, 4H]
        d_before = tf.cast(tf.matmul(tf.cast(d_z, turned.dtype), turned), "float32")
        if padded is not None:
            d_before = d_before + d_h * padded[t]
        return t - 1, d_before, d_c * f[t], d_projected.write(t, d_z)

    array = tf.TensorArray("float32", shape[0])
    _, d_h, d_c, array = tf.while_loop(
        lambda t, *_: t >= 0, step, (shape[0] - 1, d_h, d_c, array), maximum_iterations=shape[0]
    )
    return array.stack(), d_h, d_c
