"""Every cell and attention under every policy: it learns, and each thing is in its right type."""

import keras
import numpy as np
import pytest
from contracts import few_at_first, random_ids

from keras_seq2seq import Seq2Seq, SequenceCrossentropy, TextSeq2Seq, export
from keras_seq2seq.layers import ATTENTIONS, CELLS
from keras_seq2seq.text import ByteTokenizer

POLICIES = ["float32", "mixed_float16", "mixed_bfloat16"]
PLAIN = {"dropout": 0.0, "tie_embeddings": False, "lexical_model": False, "fixed_norm": None}


def make(policy, **options):
    own = {"units": 8, "embedding_dim": 6, "dtype": policy}
    return Seq2Seq.from_options(40, 50, **{**PLAIN, **own, **options})


def learn(model, **compile_options):
    model.compile(keras.optimizers.Adam(0.1), SequenceCrossentropy(0.1), **compile_options)
    ids = random_ids(16, 3, 40)
    x = {"source_ids": ids, "decoder_ids": np.pad(ids, ((0, 0), (1, 0)))[:, :-1]}
    return model.fit(x, ids, epochs=8, batch_size=16, verbose=0).history["loss"]


@pytest.mark.parametrize("policy", few_at_first(1, ["mixed_float16", "float32", "mixed_bfloat16"]))
@pytest.mark.parametrize("attention", [None, *ATTENTIONS])
@pytest.mark.parametrize("cell", CELLS)
def test_loss_falls_and_stays_finite(cell, attention, policy):
    """Eager, as tracing would take most of the time."""
    tied = attention is not None
    model = make(policy, cell=cell, attention=attention, bidirectional=False, tie_embeddings=tied)
    losses = learn(model, run_eagerly=True)
    assert np.isfinite(losses).all()
    assert losses[-1] < 0.8 * losses[0]
    assert {w.dtype for w in model.weights} == {"float32"}


@pytest.mark.parametrize("policy", few_at_first(1, POLICIES[1:]))
@pytest.mark.parametrize("cell", CELLS)
def test_loss_falls_and_stays_finite_when_compiled(cell, policy):
    losses = learn(make(policy, cell=cell))
    assert np.isfinite(losses).all()
    assert losses[-1] < 0.8 * losses[0]


@pytest.mark.parametrize(
    "options",
    [
        {"first_layer_attention": True, "num_layers": 2, "layer_norm": True, "residual": True},
        {"input_feeding": True, "dropout": 0.1, "projection_dropout": 0.1},
        {"attention": "additive", "attention_dropout": 0.1, "lexical_model": True},
        {"fixed_norm": 5.0},
        {"recurrent_dropout": 0.1, "variational_dropout": True, "bridge": "dense"},
    ],
    ids=str,
)
def test_loss_falls_with_the_rest_of_the_family(options):
    losses = learn(make("mixed_float16", bidirectional=False, **options), run_eagerly=True)
    assert np.isfinite(losses).all()
    assert losses[-1] < 0.9 * losses[0]


@pytest.mark.parametrize("policy", POLICIES[1:])
def test_logits_attention_and_loss_are_float32_and_states_are_not(policy):
    model = make(policy, attention="additive")
    ids = random_ids(3, 5, 40)
    state, memory = model.encode(ids)
    logits, state, weights = model.decode_step(ids[:, 0], state, memory)
    half = policy.removeprefix("mixed_")
    for tensor in keras.tree.flatten((state, memory.values, memory.keys, memory.embedded)):
        assert keras.backend.standardize_dtype(tensor.dtype) == half
    for tensor in (logits, weights, model({"source_ids": ids, "decoder_ids": ids})):
        assert keras.backend.standardize_dtype(tensor.dtype) == "float32"
    # 65,504 is the greatest float16: a sum over the vocabulary in it would be infinite.
    large = keras.ops.cast(keras.ops.full((3, 5, 50), 6e4), half)
    loss = SequenceCrossentropy(0.1)(ids, large)
    assert keras.backend.standardize_dtype(loss.dtype) == "float32"
    np.testing.assert_allclose(loss, np.log(50), rtol=2e-3)  # float32 steps at 6e4: 0.004


@pytest.mark.parametrize("policy", POLICIES)
def test_the_loss_is_scaled_under_float16_alone(policy):
    """float16 ends at 6e-8: without a scale small gradients would vanish."""
    tokenizer = ByteTokenizer()
    size = tokenizer.vocabulary_size
    seq2seq = Seq2Seq.from_options(size, size, units=4, embedding_dim=4, dtype=policy)
    for model in (seq2seq, TextSeq2Seq(seq2seq, tokenizer, tokenizer)):
        model.compile("adam", SequenceCrossentropy())
        scaled = isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer)
        assert scaled == (policy == "mixed_float16")


@pytest.mark.parametrize("policy", POLICIES[1:])
def test_predictions_are_near_those_of_float32(policy):
    model = make(policy, attention="additive", num_layers=2, layer_norm=True)
    ids = {"source_ids": random_ids(4, 6, 40), "decoder_ids": random_ids(4, 6, 40, seed=1)}
    np.testing.assert_allclose(model(ids), model.copy(dtype="float32")(ids), atol=0.05)


@pytest.mark.slow
def test_a_model_trained_in_mixed_precision_is_exported_in_float32(tmp_path):
    """The SavedModel refuses Cudnn operators by itself; no half precision is left in it either."""
    from tensorflow.core.protobuf import saved_model_pb2

    tokenizer = ByteTokenizer()
    size = tokenizer.vocabulary_size
    own = {"units": 8, "embedding_dim": 8, "attention": "additive", "dtype": "mixed_float16"}
    seq2seq = Seq2Seq.from_options(size, size, **PLAIN, **own)
    model = TextSeq2Seq(seq2seq, tokenizer, tokenizer, max_source_length=12, max_target_length=8)
    model.compile(keras.optimizers.Adam(0.01), SequenceCrossentropy(0.1))
    model.fit(["ab", "cd"] * 4, ["ba", "dc"] * 4, epochs=2, verbose=0)
    path = export.saved_model(model, tmp_path / "served")
    content = (path / "saved_model.pb").read_bytes()
    graph = saved_model_pb2.SavedModel.FromString(content).meta_graphs[0].graph_def
    nodes = [*graph.node, *(n for f in graph.library.function for n in f.node_def)]
    assert len(nodes) > 100
    assert not {n.op for n in nodes if "cudnn" in n.op.lower()}
    half = {19, 14}  # DT_HALF and DT_BFLOAT16
    assert not [n.name for n in nodes for a in n.attr.values() if a.type in half]
    twin = model.copy(use_cudnn=False, dtype="float32")
    texts = ["ab", "cd", ""]
    assert export.open_artefact(tmp_path / "served").generate(texts).texts == twin.generate(texts)
