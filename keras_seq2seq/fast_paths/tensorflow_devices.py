"""What all devices of a `tf.distribute.Strategy` come to together."""

import tensorflow as tf

from keras_seq2seq.tensors import Tensor


def mean_of_all_devices(mean: Tensor, weight: Tensor) -> Tensor:
    """The mean over the weights of all devices; its gradient is the part of this device.

    Keras has divided the mean of each device by their number N, adds the gradients of all up, and
    multiplies what it shows by N again. So the value is 1 / N of the mean of the whole batch on
    each device, and the gradients add up to that of the whole mean, however unequal the parts.
    """
    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return mean
    weights = tf.reduce_sum(weight)
    own = mean * weights  # 1 / N of a sum
    total, count = tf.unstack(
        context.all_reduce(tf.distribute.ReduceOp.SUM, tf.stop_gradient(tf.stack([own, weights])))
    )
    own = tf.math.divide_no_nan(context.num_replicas_in_sync * own, count)
    return own + tf.stop_gradient(tf.math.divide_no_nan(total, count) - own)
