"""The embedding table that encoders, decoders and tied generators use."""

from typing import Any

import keras


def make_embedding(
    vocabulary_size: int,
    embedding_dim: int,
    dtype: Any = None,
    name: str | None = None,
    given: keras.layers.Embedding | None = None,
) -> keras.layers.Embedding:
    """Returns a `keras.layers.Embedding` [V, E] whose rows have a length of about 1.

    That scale suits both uses: as input of an RNN and, transposed, as W of a tied generator.
    One that was given is returned if it is of this size; if not, there is a `ValueError`.
    """
    if given is not None:
        if getattr(given, "input_dim", None) != vocabulary_size:
            raise ValueError(
                f"embedding is {given!r}, but one of {vocabulary_size} tokens is expected: "
                f"keras.layers.Embedding({vocabulary_size}, {embedding_dim})."
            )
        return given
    scale = keras.initializers.RandomNormal(stddev=embedding_dim**-0.5)
    return keras.layers.Embedding(
        vocabulary_size, embedding_dim, embeddings_initializer=scale, dtype=dtype, name=name
    )
