"""The embedding table that encoders, decoders and tied generators use."""

import keras


def make_embedding(vocabulary_size, embedding_dim, dtype=None, name=None):
    """Returns a `keras.layers.Embedding` [V, E] whose rows have a length of about 1.

    That scale suits both uses: as input of an RNN and, transposed, as W of a tied generator.
    """
    scale = keras.initializers.RandomNormal(stddev=embedding_dim**-0.5)
    return keras.layers.Embedding(
        vocabulary_size, embedding_dim, embeddings_initializer=scale, dtype=dtype, name=name
    )
