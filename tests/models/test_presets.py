import keras
import numpy as np
import pytest
from contracts import check_config_is_complete, few_at_first, random_ids

from keras_seq2seq import Seq2Seq, SequenceCrossentropy
from keras_seq2seq.models import PRESETS, ModelSpec, preset_arguments


@pytest.mark.parametrize("name", few_at_first(3, PRESETS))
def test_every_preset_is_built_and_takes_a_step(name):
    model = Seq2Seq.from_preset(name, 40, 50)
    check_config_is_complete(model)
    for key, value in preset_arguments(name).items():
        assert getattr(ModelSpec.from_preset(name), key) == value
    # Plain SGD and no graph: the largest has 60 million parameters without its embeddings.
    model.compile(keras.optimizers.SGD(0.1), SequenceCrossentropy(0.1), run_eagerly=True)
    ids = random_ids(8, 12, 40)
    before = [np.asarray(w).copy() for w in model.trainable_variables]
    loss = model.train_on_batch({"source_ids": ids, "decoder_ids": ids}, ids)
    # Logits of a fresh model are 0, or r^2 times the cosine of vectors at random: variance r^4 / E.
    variance = (model.generator.spec.fixed_norm or 0) ** 4 / model.decoder.spec.embedding_dim
    expected = np.log(50) + variance / 2
    assert abs(loss - expected) < 0.5
    changed = [
        not np.array_equal(b, w) for b, w in zip(before, model.trainable_variables, strict=True)
    ]
    assert all(changed)


def test_single_arguments_of_a_preset_can_be_changed():
    model = Seq2Seq.from_preset("base", 40, 50, units=8, embedding_dim=6)
    encoder, decoder = model.encoder.spec, model.decoder.spec
    assert (encoder.units, decoder.num_layers, decoder.first_layer_attention) == (8, 2, True)
    assert encoder.embedding_dim == decoder.embedding_dim == model.generator.embedding.output_dim
    assert encoder.embedding_dim == 6
    assert preset_arguments("base")["units"] != 8


def test_an_unknown_preset_names_the_nearest():
    with pytest.raises(ValueError, match="Did you mean 'rnmt_plus'"):
        Seq2Seq.from_preset("rnmt+", 40, 50)
