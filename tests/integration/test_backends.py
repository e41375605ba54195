"""Layers, models and decoding on the other Keras backends."""

import importlib.util
import json
import os
import subprocess
import sys

import pytest

PROGRAM = """
import sys
sys.modules["tensorflow"] = sys.modules["tensorflow_text"] = None  # as if not installed
import json, keras, numpy as np
from keras_seq2seq import (
    Perplexity, SearchOptions, Seq2Seq, SequenceCrossentropy, TokenAccuracy)
from keras_seq2seq.layers import CELLS
keras.utils.set_random_seed(1)
found = {}
PLAIN = {"dropout": 0.0, "tie_embeddings": False, "lexical_model": False, "fixed_norm": None}
KINDS = [{"cell": c, "attention": a} for c in CELLS for a in (None, "general")] + [
    {"attention": "additive", "attention_heads": 2, "attention_dropout": 0.1, "token_dropout": 0.1},
    {"first_layer_attention": True, "num_layers": 2, "layer_norm": True, "residual": True,
     "lexical_model": True, "fixed_norm": 5.0},
    {"input_feeding": True, "num_layers": 2, "dropout": 0.1, "projection_dropout": 0.1},
    {"attention": "scaled_dot", "recurrent_dropout": 0.1, "variational_dropout": True},
]
SEARCHES = [
    SearchOptions(),
    SearchOptions(beam_size=3, num_return=2, length_penalty=[0.0, 0.5, 1.0], diversity=0.1,
                  no_repeat_ngram=2, repetition_penalty=1.2, min_length=2,
                  banned_ids=[[5], [6, 7]]),
    SearchOptions(sampling=True, seed=[1, 2, 3], temperature=0.8, top_k=9, top_p=0.9,
                  forced_ids=[8, -1], max_length_ratio=1.5),
]
for options in KINDS:
    model = Seq2Seq.from_options(30, 40, units=8, embedding_dim=6, **{**PLAIN, **options})
    model.compile(keras.optimizers.Adam(0.03), SequenceCrossentropy(0.1),
                  metrics=[TokenAccuracy(), Perplexity()])
    ids = np.random.default_rng(0).integers(4, 30, (16, 5)).astype("int32")
    ids[:, -1] = 3
    x = {"source_ids": ids, "decoder_ids": np.pad(ids, ((0, 0), (1, 0)))[:, :-1]}
    losses = model.fit(x, ids, epochs=8, batch_size=16, verbose=0).history["loss"]
    wide = np.pad(ids[:3], ((0, 0), (0, 4)))
    chosen = [[np.asarray(model.generate(source, 7, search).ids).tolist() for search in SEARCHES]
              for source in (ids[:3], wide)]
    found[str(options)] = [losses, *chosen]
print(json.dumps([keras.backend.backend(), found]))
"""


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_builds_fits_and_decodes_without_tensorflow(backend):
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed: pip install {backend}")
    reply = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, "KERAS_BACKEND": backend},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert reply.returncode == 0, reply.stderr
    used, found = json.loads(reply.stdout.splitlines()[-1])
    assert used == backend
    assert len(found) == 10
    for options, (losses, ids, padded) in found.items():
        assert losses[-1] < losses[0], options
        assert ids == padded, options


AVERAGES = """
import keras, numpy as np
from keras_seq2seq import ByteTokenizer, Seq2Seq, TextSeq2Seq
tokenizer = ByteTokenizer()
size = tokenizer.vocabulary_size
model = TextSeq2Seq(Seq2Seq.from_options(size, size, units=4), tokenizer, tokenizer,
                    max_source_length=8, max_target_length=4)
model.compile(keras.optimizers.Adam(0.01, use_ema=True),
              keras.losses.SparseCategoricalCrossentropy(True))
class Translate(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        self.model.generate(["a"])
ids = np.ones((4, 3), "int32")
x = {"source_ids": ids, "decoder_ids": ids}
for _ in range(2):
    averages = keras.callbacks.SwapEMAWeights(swap_on_epoch=True)
    model.fit(x, ids, epochs=2, verbose=0, callbacks=[averages, Translate()])
    said = model.generate(["a"])
for variable in (*model.variables, *model.optimizer.variables):
    assert np.isfinite(variable.numpy()).all(), variable.path
assert model.generate(["a"]) == said
"""


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="pip install jax")
def test_translating_leaves_weights_and_their_averages():
    reply = subprocess.run(
        [sys.executable, "-c", AVERAGES],
        env={**os.environ, "KERAS_BACKEND": "jax"},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert reply.returncode == 0, reply.stderr
