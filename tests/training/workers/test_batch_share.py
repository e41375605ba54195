"""The parts of a batch are the batch, whoever takes them."""

import numpy as np
import pytest
import tensorflow as tf

from keras_seq2seq.training.workers.batch_share import share_of_batches


def batches(sizes, weights_of_tokens=True):
    """Batches whose rows bear numbers from 1, of two or three columns."""
    for batch, rows in enumerate(sizes):
        ids = 1 + np.arange(rows)[:, None] + np.zeros((1, 2 + batch % 2))
        weight = np.ones_like(ids) if weights_of_tokens else np.ones(rows)
        yield {"source_ids": ids}, 10 * ids, weight


def dataset(sizes, **options):
    rows = tf.TensorSpec([None, None])
    weight = rows if options.get("weights_of_tokens", True) else tf.TensorSpec([None])
    signature = ({"source_ids": rows}, rows, weight)
    return tf.data.Dataset.from_generator(
        lambda: batches(sizes, **options), output_signature=signature
    )


@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize("weights_of_tokens", [False, True])
@pytest.mark.parametrize(("workers", "devices"), [(1, 1), (2, 2), (1, 4), (2, 4), (3, 3)])
def test_the_parts_are_the_batch(workers, devices, weights_of_tokens, together):
    sizes = [8, 5, 1, 4]
    own = devices // workers
    given = dataset(sizes, weights_of_tokens=weights_of_tokens)
    shares = [
        list(share_of_batches(given, worker * own, own, devices, together=together))
        for worker in range(workers)
    ]
    for number, (x, y, weight) in enumerate(batches(sizes, weights_of_tokens)):
        steps = [number] if together else range(number * own, (number + 1) * own)
        parts = [share[step] for share in shares for step in steps]
        assert len({len(part[1]) for part in parts}) == 1  # all devices have as many rows
        rows = sum(len(part[1]) for part in parts)
        assert rows < sizes[number] + devices
        for found, expected in (
            (np.concatenate([part[0]["source_ids"] for part in parts]), x["source_ids"]),
            (np.concatenate([part[1] for part in parts]), y),
            (np.concatenate([part[2] for part in parts]), weight),
        ):
            np.testing.assert_array_equal(found[: sizes[number]], expected)
        filling = np.concatenate([part[2] for part in parts])[sizes[number] :]
        assert not filling.any()


def test_parts_that_are_not_there_are_refused():
    for first, count, total in ((0, 3, 2), (2, 1, 2), (-1, 1, 2), (0, 0, 2)):
        with pytest.raises(ValueError, match=f"of {total} were asked for"):
            share_of_batches(dataset([4]), first, count, total)
