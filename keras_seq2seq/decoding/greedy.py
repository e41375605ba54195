"""Greedy search."""

from keras import ops

from keras_seq2seq.decoding.search_result import SearchResult


def greedy_search(step, state, first_ids, *, max_length, eos_id, pad_id, finished=None):
    """Takes the most probable token at each step, until EOS or `max_length` tokens.

    Args:
        step: callable `(ids [B], state) -> (logits float32 [B, V], state)`.
        state: any nest of tensors with batch axis B; handed to `step` and taken back from it.
        first_ids: int32 tensor [B], the tokens to start from: BOS.
        max_length: int. T, at most so many tokens are chosen, EOS included.
        eos_id: int. The token that ends a row.
        pad_id: int. What follows EOS in the result.
        finished: bool tensor [B], rows that shall stay empty; `None` means none.

    Returns:
        A `SearchResult`. The loop ends as soon as every row has met EOS.

    Example:

    >>> import keras
    >>> count_up = lambda ids, state: (keras.ops.one_hot(ids + 1, 6), state)
    >>> start = keras.ops.array([2], dtype="int32")
    >>> greedy_search(count_up, (), start, max_length=5, eos_id=4, pad_id=0).length
    <tf.Tensor: shape=(1,), dtype=int32, numpy=array([1], dtype=int32)>
    """
    first_ids = ops.cast(first_ids, "int32")
    zeros = ops.zeros_like(first_ids)  # [B]
    if finished is None:
        finished = ops.not_equal(zeros, zeros)
    columns = ops.expand_dims(ops.arange(max_length, dtype="int32"), axis=0)  # [1, T]
    ids = ops.expand_dims(zeros, axis=1) + ops.zeros_like(columns) + pad_id  # [B, T]
    score = ops.cast(zeros, "float32")

    def unfinished(position, last_ids, state, finished, ids, length, score):
        return ops.logical_and(position < max_length, ops.logical_not(ops.all(finished)))

    def choose(position, last_ids, state, finished, ids, length, score):
        logits, state = step(last_ids, state)
        best, token = ops.top_k(logits, 1)  # not argmax, which TFLite's own operators lack
        log_probability = best[:, 0] - ops.logsumexp(logits, axis=-1)  # [B]
        token = ops.where(finished, pad_id, ops.cast(token[:, 0], "int32"))
        score = score + ops.where(finished, 0.0, log_probability)
        ids = ops.where(ops.equal(columns, position), ops.expand_dims(token, axis=1), ids)
        finished = ops.logical_or(finished, ops.equal(token, eos_id))
        length = length + ops.cast(ops.logical_not(finished), "int32")
        return position + 1, token, state, finished, ids, length, score

    start = ops.convert_to_tensor(0, dtype="int32")
    loop = (start, first_ids, state, finished, ids, zeros, score)
    _, _, _, _, ids, length, score = ops.while_loop(unfinished, choose, loop)
    return SearchResult(ids, length, score)
