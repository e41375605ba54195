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


def embedding_config(embedding):
    """What `get_config` says of an embedding given from outside; `None` if there is none."""
    return None if embedding is None else keras.saving.serialize_keras_object(embedding)


def with_embedding(config):
    """The arguments in a config, with the embedding made of what `embedding_config` said."""
    embedding = config.get("embedding")
    if isinstance(embedding, dict):
        embedding = keras.saving.deserialize_keras_object(embedding)
    return {**config, "embedding": embedding}
