"""A scan of gated sums with a gradient written by hand: it is a scan itself."""

import tensorflow as tf

from keras_seq2seq.tensors import Tensor


def gated_scan(forget: Tensor, new: Tensor, start: Tensor) -> Tensor:
    """Does what the function of this name in `ssru` does, without a tape of each step."""

    @tf.custom_gradient
    def forward(forget: Tensor, new: Tensor, start: Tensor) -> Tensor:
        states = _scan(forget, new, start)  # [T, B, H]

        def backward(upstream):
            # With c = f c' + z, the gradient of z is g = dy + f'' g'', of the step behind: the
            # same scan, from the end, and that of f is g c'.
            behind = tf.concat([forget[1:], tf.zeros_like(forget[:1])], axis=0)
            scanned = _scan(
                tf.reverse(behind, [0]), tf.reverse(upstream, [0]), tf.zeros_like(start)
            )
            gradient = tf.reverse(scanned, [0])
            before = tf.concat([start[None], states[:-1]], axis=0)
            return gradient * before, gradient, forget[0] * gradient[0]

        return states, backward

    return forward(forget, new, start)


def _scan(forget: Tensor, new: Tensor, c: Tensor) -> Tensor:
    count = tf.shape(forget)[0]

    def step(t, c, states):
        c = forget[t] * c + new[t]
        return t + 1, c, states.write(t, c)

    array = tf.TensorArray("float32", count, element_shape=new.shape[1:])
    *_, array = tf.while_loop(
        lambda t, *_: t < count, step, (0, c, array), maximum_iterations=count
    )
    states = array.stack()
    states.set_shape(new.shape)
    return states
