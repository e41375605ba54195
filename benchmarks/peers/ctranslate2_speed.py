"""CTranslate2 with an int8 Transformer of as many parameters: what a user would run instead.

    python ctranslate2_speed.py decode --source test.en --model pieces.model --batch 1 --beam 4

Six encoder layers and two decoder layers of `--embed` units, 8 heads, six times as many units in
the feed-forward part, one matrix of embeddings for both sides and the generator: the shape of
published students, 11.0 M parameters at E 256 and V 8,000. Weights are random: speed does not
depend on them, for every search takes exactly `--length` steps.
"""

import tempfile

import ctranslate2
import numpy as np
from common import PAD, expect, run
from ctranslate2.specs import TransformerSpec

LAYERS, HEADS, WIDER = (6, 2), 8, 6


def random_model(size, width, directory):
    """Writes an int8 model of `size` tokens and `width` units; returns its number of parameters."""
    random = np.random.default_rng(0)

    def matrix(rows, columns):
        return random.normal(0, columns**-0.5, (rows, columns)).astype("float32")

    def norm(layer):
        layer.gamma, layer.beta = np.ones(width, "float32"), np.zeros(width, "float32")

    def linear(layer, rows, columns):
        layer.weight, layer.bias = matrix(rows, columns), np.zeros(rows, "float32")

    def attention(layer):
        norm(layer.layer_norm)
        # of itself: queries, keys and values in one, then the output; else queries apart
        parts = (3, 1) if len(layer.linear) == 2 else (1, 2, 1)
        for one, times in zip(layer.linear, parts, strict=True):
            linear(one, times * width, width)

    spec = TransformerSpec.from_config(LAYERS, HEADS)
    embeddings = matrix(size, width)
    for side in (spec.encoder, spec.decoder):
        norm(side.layer_norm)
        for layer in side.layer:
            attention(layer.self_attention)
            norm(layer.ffn.layer_norm)
            linear(layer.ffn.linear_0, WIDER * width, width)
            linear(layer.ffn.linear_1, width, WIDER * width)
    for layer in spec.decoder.layer:
        attention(layer.attention)
    spec.encoder.embeddings[0].weight = spec.decoder.embeddings.weight = embeddings
    spec.decoder.projection.weight = embeddings
    tokens = ["<pad>", "<unk>", "<s>", "</s>", *map(str, range(4, size))]
    spec.register_source_vocabulary(tokens)
    spec.register_target_vocabulary(tokens)
    spec.validate()
    spec.optimize("int8")
    spec.save(directory)
    return tokens


def decoder(options, size):
    with tempfile.TemporaryDirectory() as directory:
        tokens = random_model(size, options.embed, directory)
        translator = ctranslate2.Translator(
            directory, compute_type="int8", inter_threads=1, intra_threads=options.threads
        )

    def decode(source):
        rows = [[tokens[i] for i in row if i != PAD] for row in source]
        results = translator.translate_batch(
            rows,
            beam_size=options.beam,
            min_decoding_length=options.length,
            max_decoding_length=options.length,
        )
        lengths = {len(found.hypotheses[0]) for found in results}
        expect(lengths, {options.length}, "tokens of a translation")

    return decode


if __name__ == "__main__":
    run(__doc__, decoder=decoder)
