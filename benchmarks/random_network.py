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


def with_random_shortlist(model):
    """The same model with lists as long as those learnt from Multi30k are.

    There, with 6,000 pieces, a sentence has 1,040 tokens and 32 of them together 1,980.
    """
    import numpy as np

    random, size = np.random.default_rng(0), model.target_vocabulary_size
    always = min(1000, size // 2)
    table = random.integers(always, size, (model.source_vocabulary_size, 5))
    return model.with_shortlist(table, np.arange(always), min(always + 280, size))
