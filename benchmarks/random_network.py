"""The network whose speed is measured: random weights, and no end to what it writes."""


def random_network(options, size):
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
        eos_id=size,  # which no search can choose
        use_cudnn=False,
    )
