from pathlib import Path

import keras
import numpy as np
import pytest
from contracts import check_config_is_complete, few_at_first, random_ids, sources

from keras_seq2seq import Perplexity, Seq2Seq, SequenceCrossentropy, TokenAccuracy
from keras_seq2seq.decoding import SearchOptions

COMBINATIONS = [
    (cell, attention, bidirectional)
    for cell in ("lstm", "gru")
    for attention in (None, "dot", "general")
    for bidirectional in (False, True)
]


# One model for each part of the family that stands between source and logits.
FAMILY = {
    "scaled dot, heads": {"attention": "scaled_dot", "attention_heads": 2},
    "additive": {"attention": "additive", "cell": "gru"},
    "first layer": {"encoder_layers": 1, "decoder_layers": 3, "first_layer_attention": True},
    "feeding": {"input_feeding": True, "num_layers": 2, "bridge": "dense", "tie_embeddings": True},
    "lexical": {"lexical_model": True, "attention_heads": 2},
    "fixed norm": {"fixed_norm": 4.0},
    "fixed norm, tied": {"fixed_norm": 4.0, "tie_embeddings": True, "lexical_model": True},
    "ssru": {"cell": "ssru", "num_layers": 2},
    "norm": {"num_layers": 3, "layer_norm": True, "residual": True, "bidirectional": False},
}


def make(cell="lstm", attention="general", bidirectional=True, **kwargs):
    plain = {"dropout": 0.0, "tie_embeddings": False, "lexical_model": False, "fixed_norm": None}
    kinds = {"cell": cell, "attention": attention, "bidirectional": bidirectional}
    options = {"units": 8, "embedding_dim": 6, **plain, **kinds, **kwargs}
    return Seq2Seq.from_options(40, 50, **options)


def unlike_each_other(model):
    """Larger weights: each row of a batch translates to something of its own, and EOS occurs."""
    random = np.random.default_rng(3)
    model.set_weights(
        [random.normal(0, 1.0, w.shape).astype("float32") for w in model.get_weights()]
    )
    return model


def _options(combination):
    return dict(zip(("cell", "attention", "bidirectional"), combination, strict=True))


EVERY_KIND = [
    *(pytest.param(_options(c), id="-".join(map(str, c))) for c in COMBINATIONS),
    *(pytest.param(options, id=name) for name, options in FAMILY.items()),
]


@pytest.mark.parametrize("options", EVERY_KIND)
def test_the_graph_is_what_its_layers_compute(options):
    model = make(**{"num_layers": 2, **options})
    source_ids, decoder_ids = sources(), random_ids(6, 5, 50)
    logits = model({"source_ids": source_ids, "decoder_ids": decoder_ids})
    state, memory = model.encode(source_ids)
    for step in range(5):  # T steps at once equal one step T times, through the whole model
        one, state, _ = model.decode_step(decoder_ids[:, step], state, memory)
        np.testing.assert_allclose(one, logits[:, step], atol=1e-5)
    assert logits.shape == (6, 5, 50)


@pytest.mark.parametrize("options", few_at_first(6, EVERY_KIND[::-1]))
def test_padding_and_company_do_not_change_what_is_generated(options):
    model = unlike_each_other(make(**options))
    ids = sources()
    together = model.generate(ids, max_length=12)
    padded = model.generate(np.pad(ids, ((0, 0), (0, 9))), max_length=12)
    np.testing.assert_array_equal(padded.ids, together.ids)
    np.testing.assert_allclose(padded.score, together.score, atol=1e-4)
    for row in range(len(ids)):
        length = int((ids[row] != 0).sum())
        alone = model.generate(ids[row : row + 1, :length], max_length=12)
        np.testing.assert_array_equal(alone.ids[0], together.ids[row])
        np.testing.assert_allclose(alone.score[0], together.score[row], atol=1e-4)
    assert len({tuple(row) for row in np.asarray(together.ids)}) > 2


@pytest.mark.parametrize("layers", [(1, 2), (2, 1), (2, 2)])
def test_encoder_and_decoder_have_layers_of_their_own(layers):
    options = {"encoder_layers": layers[0], "decoder_layers": layers[1], "decoder_units": 10}
    model = make(bridge="dense", **options)
    assert len(model.encoder.rnn.forward_layers) == layers[0]
    assert len(model.decoder.rnn.forward_layers) == layers[1]
    source_ids, decoder_ids = sources(), random_ids(6, 5, 50)
    logits = model({"source_ids": source_ids, "decoder_ids": decoder_ids})
    state, memory = model.encode(source_ids)
    for step in range(5):
        one, state, _ = model.decode_step(decoder_ids[:, step], state, memory)
        np.testing.assert_allclose(one, logits[:, step], atol=1e-5)
    check_config_is_complete(model)


@pytest.mark.parametrize(
    "options", few_at_first(6, [{"attention": None}, *FAMILY.values(), {}]), ids=str
)
def test_hypotheses_of_one_source_share_its_memory(options):
    model = unlike_each_other(make(**options))
    state, memory = model.encode(sources())
    tiled_state, tiled_memory = model.encode(np.repeat(sources(), 4, axis=0))
    ids = random_ids(24, 1, 50)[:, 0]
    state = keras.tree.map_structure(lambda x: np.repeat(x, 4, axis=0), state)
    shared, _, weights = model.decode_step(ids, state, memory)
    tiled, _, tiled_weights = model.decode_step(ids, tiled_state, tiled_memory)
    np.testing.assert_allclose(shared, tiled, atol=1e-4)
    np.testing.assert_allclose(weights, tiled_weights, atol=1e-5)


@pytest.mark.parametrize("name", ["feeding", "first layer"])
def test_beam_search_of_the_family_scores_what_it_found(name):
    model = unlike_each_other(make(**FAMILY[name]))
    data = {"length_penalty": keras.ops.zeros((6,))}
    options = SearchOptions(beam_size=3, banned_ids=((model.pad_id,),), **data)
    result = model.search(sources(), 6, options)
    padded = model.search(np.pad(sources(), ((0, 0), (0, 3))), 6, options)
    np.testing.assert_array_equal(result.ids, padded.ids)
    scores = np.asarray(model.score(sources(), result.ids)[0]).sum(-1)
    np.testing.assert_allclose(result.score[1:], scores[1:], atol=1e-3)  # the first is empty


def test_eager_and_compiled_search_agree():
    model = unlike_each_other(make())
    eager = model.search(sources(), max_length=10)
    compiled = model.generate(sources(), max_length=10)
    np.testing.assert_array_equal(eager.ids, compiled.ids)
    np.testing.assert_allclose(eager.score, compiled.score, atol=1e-4)


def test_the_score_is_what_the_model_gives_to_its_own_output():
    model = unlike_each_other(make())
    ids = sources()
    result = model.generate(ids, max_length=10)
    target = np.concatenate([np.full((len(ids), 1), 2), np.asarray(result.ids)[:, :-1]], axis=1)
    logits = np.asarray(model({"source_ids": ids, "decoder_ids": target}), "float64")
    log_p = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    for row in range(1, len(ids)):
        chosen = np.asarray(result.ids)[row]
        count = min(int(result.length[row]) + 1, 10)
        expected = sum(log_p[row, t, chosen[t]] for t in range(count))
        np.testing.assert_allclose(result.score[row], expected, atol=1e-3)


def test_a_source_of_eos_alone_gives_nothing():
    result = unlike_each_other(make()).generate(np.array([[3, 0], [9, 3]]), max_length=5)
    assert int(result.length[0]) == 0
    assert float(result.score[0]) == 0
    assert not np.asarray(result.ids[0]).any()


@pytest.mark.parametrize("bridge", ["concat", "sum", "dense", "zero"])
def test_every_bridge_fits(bridge):
    model = make(bridge=bridge)
    assert model.decoder.spec.units == (16 if bridge == "concat" else 8)
    assert model.generate(sources(), max_length=3).ids.shape == (6, 3)


def test_initial_loss_is_near_log_v_and_metrics_ignore_padding():
    model = make()
    model.compile("adam", SequenceCrossentropy(), metrics=[Perplexity(), TokenAccuracy()])
    ids = random_ids(8, 6, 40)
    x = {"source_ids": ids, "decoder_ids": ids}
    plain = model.evaluate(x, ids, verbose=0, return_dict=True)
    wide = {"source_ids": ids, "decoder_ids": np.pad(ids, ((0, 0), (0, 4)))}
    padded = model.evaluate(wide, np.pad(ids, ((0, 0), (0, 4))), verbose=0, return_dict=True)
    assert abs(plain["loss"] - np.log(50)) < 0.3
    for name, value in plain.items():
        np.testing.assert_allclose(padded[name], value, rtol=1e-5, err_msg=name)


def test_tied_and_shared_embeddings_are_one_table():
    options = {"tie_embeddings": True, "share_embeddings": True}
    model = Seq2Seq.from_options(50, 50, units=8, embedding_dim=6, **options)
    tables = [w for w in model.weights if tuple(w.shape) == (50, 6)]
    assert len(tables) == 1
    assert model.generator.embedding is model.encoder.embedding is model.decoder.embedding


def test_sharing_embeddings_of_two_vocabularies_is_refused():
    with pytest.raises(ValueError, match="40 tokens and the target 50"):
        make(share_embeddings=True)


def test_an_unknown_attention_names_the_nearest():
    with pytest.raises(ValueError, match="Did you mean 'general'"):
        make(attention="generel")


def test_config():
    check_config_is_complete(make("gru", "dot", dropout=0.1, tie_embeddings=True, dtype="float32"))


@pytest.mark.parametrize("options", FAMILY.values(), ids=str)
def test_the_family_is_saved_whole(options, tmp_path):
    model = unlike_each_other(make(dropout=0.2, **options))
    check_config_is_complete(model)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    inputs = {"source_ids": sources(), "decoder_ids": random_ids(6, 5, 50)}
    np.testing.assert_allclose(loaded(inputs), model(inputs), atol=1e-5)


def test_a_file_of_version_0_1_0_is_read():
    """Its config lacks all newer keys, and its file the state of newer dropout layers."""
    model = keras.saving.load_model(Path(__file__).with_name("seq2seq-0.1.0.keras"))
    result = model.generate(np.array([[5, 6, 7, 3], [8, 3, 0, 0]], "int32"), max_length=6)
    np.testing.assert_array_equal(result.ids, [[6, 6, 1, 6, 3, 0], [6, 6, 3, 0, 0, 0]])
    np.testing.assert_allclose(result.score, [-8.11276, -5.33471], atol=1e-4)
    assert model.decoder.spec.dropout == model.decoder.hidden_dropout_layer.rate == 0.3


def test_copy_has_the_same_weights_and_other_arguments():
    model = unlike_each_other(make(dtype="mixed_bfloat16"))
    twin = model.copy(use_cudnn=False, dtype="float32")
    assert twin.encoder.use_cudnn is twin.decoder.use_cudnn is False
    assert twin.encoder.rnn.forward_layers[0].use_cudnn is False
    assert twin.policy.name == "float32"
    for ours, theirs in zip(model.get_weights(), twin.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_saved_model_trains_on(tmp_path):
    model = make(tie_embeddings=True)
    model.compile(keras.optimizers.Adam(0.01), SequenceCrossentropy(), metrics=[Perplexity()])
    ids = random_ids(16, 5, 40)
    x = {"source_ids": ids, "decoder_ids": ids}
    model.fit(x, ids, epochs=2, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(
        loaded.generate(ids, max_length=8).ids, model.generate(ids, max_length=8).ids
    )
    assert float(loaded.optimizer.iterations) == 2
    ours, theirs = (
        m.fit(x, ids, shuffle=False, verbose=0).history["loss"] for m in (model, loaded)
    )
    np.testing.assert_allclose(ours, theirs, rtol=1e-5)
