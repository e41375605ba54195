"""The network whose speed is measured, with random weights."""


def random_network(options, size, **changes):
    """A `Seq2Seq` over `size` tokens, of `options.embed` and `options.units`."""
    import keras

    from keras_seq2seq import Seq2Seq

    keras.utils.set_random_seed(0)
    return Seq2Seq.from_options(
        size,
        size,
        units=options.units // 2,
        embedding_dim=options.embed,
        attention="dot",
        dropout=0.0,
        tie_embeddings=False,
        lexical_model=False,
        fixed_norm=None,
        **changes,
    )


def endless_network(options, size):
    """One that writes without end, since no search can choose its EOS; for any machine."""
    return random_network(options, size, eos_id=size, use_cudnn=False)
