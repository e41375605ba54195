"""Named architectures as plain data: options of `ModelSpec`."""

from typing import Any

from keras_seq2seq.nearest_name import did_you_mean

_OF_THEIR_TIME = {"tie_embeddings": False, "lexical_model": False, "fixed_norm": None}

# What differs from the defaults. Parameters are counted with 8,000 tokens on each side.
PRESETS: dict[str, dict[str, Any]] = {
    # 1.2 million parameters: for trials, notebooks and the smallest devices.
    "tiny": {"units": 64, "embedding_dim": 64, "dropout": 0.1, "fixed_norm": 3.5},
    # 5.7 million: what a run takes that names nothing; for some 10,000 to 100,000 pairs.
    "small": {},
    # 12.0 million: two layers a side, and layers of the decoder that know what was attended to.
    "base": {"units": 256, "num_layers": 2, "first_layer_attention": True},
    # Luong et al., 2015 (https://arxiv.org/abs/1508.04025), section 4.1: four layers of 1,000
    # LSTM cells, dropout 0.2, input feeding; 95 million. Here attention is global, where their
    # best single model attends around a predicted position (local-p), and sources are not reversed.
    "luong2015": {
        "units": 1000,
        "embedding_dim": 1000,
        "num_layers": 4,
        "bidirectional": False,
        "input_feeding": True,
        "dropout": 0.0,
        "embedding_dropout": 0.2,
        "layer_dropout": 0.2,
        **_OF_THEIR_TIME,
    },
    # Chen et al., 2018 (https://arxiv.org/abs/1804.09849), section 3, at a quarter of the width
    # (16 million): theirs has 1,024 units, six encoder and eight decoder layers. As there: a
    # bidirectional encoder, residual connections, additive attention of four heads asked by the
    # first decoder layer and read by all others, dropout; label smoothing is for the training.
    # Other than there: the sum of a layer's input and output is normalised, not each of its
    # gates; residual connections begin where the widths allow it, not at the third layer; the
    # decoder starts from the encoder's state through a dense bridge; a projection through tanh
    # stands before the generator.
    "rnmt_plus": {
        "units": 128,
        "encoder_layers": 6,
        "decoder_layers": 8,
        "decoder_units": 256,
        "attention": "additive",
        "attention_heads": 4,
        "first_layer_attention": True,
        "bridge": "dense",
        "layer_norm": True,
        "residual": True,
        **_OF_THEIR_TIME,
    },
}


def preset_arguments(name: str) -> dict[str, Any]:
    """Returns the options of `ModelSpec` that a preset gives, as a new dict.

    Args:
        name: str. One of `PRESETS`: `"tiny"`, `"small"`, `"base"`, `"luong2015"` or
            `"rnmt_plus"`.

    Raises:
        ValueError: there is no such preset; the nearest is named.

    Example:

    >>> preset_arguments("tiny")["units"]
    64
    """
    if name not in PRESETS:
        raise ValueError(
            f"There is no preset {name!r}. There are: {', '.join(PRESETS)}."
            + did_you_mean(name, PRESETS, cutoff=0.4)
        )
    return dict(PRESETS[name])
