"""A run that begins with a trained model: its vocabularies and weights, on other data."""

import dataclasses
from typing import Any

import keras

from keras_seq2seq.keras_registration import register_classes
from keras_seq2seq.models.model_spec import ModelSpec
from keras_seq2seq.models.part_configs import sharing
from keras_seq2seq.models.seq2seq import Seq2Seq
from keras_seq2seq.specs.config_error import ConfigError
from keras_seq2seq.text import TOKENIZERS
from keras_seq2seq.text_models.text_seq2seq import TextSeq2Seq
from keras_seq2seq.training.configuration.config import RunConfig, TextConfig
from keras_seq2seq.training.configuration.config_file import contradiction, is_free_of_the_model
from keras_seq2seq.training.errors import TrainingError
from keras_seq2seq.training.run_directory import RunDirectory


def described(config: RunConfig, model: TextSeq2Seq) -> RunConfig:
    """A configuration whose `[text]` and `[model]` say what a model is, as far as they can."""
    text = {**config.text.values(), **_text_of(model)}
    if text["tokenizer"] != "sentencepiece":
        text |= {"subword_sampling_source": 0.0, "subword_sampling_target": 0.0}
    spec = _spec_of(model)
    if spec is None or _parts_of(spec) == _parts_of(config.model):
        spec = config.model  # in its own words
    try:
        return dataclasses.replace(config, text=TextConfig(**text), model=spec)
    except ConfigError:  # tokenizers and layers of one's own may contradict what ours can do
        return config


def is_described(model: TextSeq2Seq) -> bool:
    """Whether `[model]` can say all that a network is; not where its class or parts are own."""
    return _spec_of(model) is not None


def _text_of(model: TextSeq2Seq) -> dict[str, Any]:
    source, target = model.source_tokenizer, model.target_tokenizer
    names = [name for name in TOKENIZERS if TOKENIZERS[name] is type(source)]
    normalization = source.normalization
    return {
        **({"tokenizer": names[0]} if names else {}),
        "vocabulary_size": max(source.vocabulary_size, target.vocabulary_size),
        "shared_vocabulary": source.vocabulary_state() == target.vocabulary_state(),
        "normalization": normalization.form or "none",
        "lowercase": normalization.lowercase,
        "drop_invisible": normalization.drop_invisible,
    }


def _spec_of(model: TextSeq2Seq) -> ModelSpec | None:
    inner = model.seq2seq
    if type(inner) is not Seq2Seq:
        return None
    parts = (inner.decoder, inner.encoder, inner.generator)
    decoder, encoder, generator = (getattr(part, "spec", None) for part in parts)
    mode = getattr(inner.bridge, "mode", None)
    if decoder is None or encoder is None or generator is None or mode is None:
        return None
    layers = {"encoder_layers": None, "decoder_layers": None}
    if encoder.num_layers != decoder.num_layers:
        layers = {"encoder_layers": encoder.num_layers, "decoder_layers": decoder.num_layers}
    shared = sharing(inner)
    try:
        spec = ModelSpec(
            **{**decoder.values(), **encoder.values(), **generator.values(), **layers},
            decoder_units=decoder.units,
            bridge=mode,
            tie_embeddings="generator" in shared,
            share_embeddings="encoder" in shared,
        )
        plain = dataclasses.replace(spec, decoder_units=None)
        spec = plain if plain.decoder == spec.decoder else spec
    except ConfigError:
        return None
    return spec if _parts_of(spec)[:3] == [encoder, decoder, generator] else None


def _parts_of(spec: ModelSpec) -> list[Any]:
    parts = [spec.encoder, spec.decoder, spec.generator]
    return [*parts, spec.bridge, spec.tie_embeddings, spec.share_embeddings]


def begin_with(model: TextSeq2Seq, config: RunConfig) -> tuple[RunConfig, TextSeq2Seq]:
    """A configuration and a twin of a trained model that a new run begins with.

    The twin has the model's weights and tokenizers, and of the configuration the kinds of
    dropout, the precision and the limits of `[data]`.

    Args:
        model: the trained one; stays as it is.
        config: what to do. What `[text]` and `[model]` say besides must be the default or fit.

    Raises:
        ConfigError: they say something else than the model.
    """
    truth = described(config, model)
    changes: dict[str, Any] = {}
    for section in ("text", "model"):
        said, true = getattr(config, section), getattr(truth, section)
        for field in dataclasses.fields(said):
            name, value = field.name, getattr(said, field.name)
            if value in (field.default, getattr(true, name)):
                continue
            if not is_free_of_the_model(section, name):
                raise contradiction(f"{section}.{name}", value, getattr(true, name))
            changes |= {name: value} if section == "model" else {}
    twin = model.copy(**changes, dtype=config.training.precision)
    for name, limit in config.data.limits.items():
        setattr(twin, name, limit)
    return described(config, twin), twin


def build_own(model: TextSeq2Seq) -> None:
    """Makes the weights of one of an own class that has none yet."""
    ids = keras.ops.ones((1, 1), dtype="int32")
    model({"source_ids": ids, "decoder_ids": ids})


def save_initial_model(run: RunDirectory, model: TextSeq2Seq) -> None:
    """Writes down what a run begins with, so that it can be resumed by its directory alone."""
    with run.replacing_for_sure(run.initial_model.name) as temporary:
        model.copy().save(temporary)
        run.expect(run.initial_model.name, temporary)


def load_initial_model(run: RunDirectory) -> TextSeq2Seq:
    """The model that a run began with.

    Raises:
        TrainingError: it cannot be read.
    """
    register_classes()
    try:
        return keras.saving.load_model(run.initial_model, compile=False)
    except Exception as error:  # a broken file fails in as many ways as there are bytes
        lines = str(error).splitlines() or [type(error).__name__]
        raise TrainingError(
            f"{run.initial_model}, which the run began with, cannot be loaded: {lines[0]} Put it "
            "back as it was; own classes must be imported before: Run(..., model=..., resume=True)."
        ) from error
