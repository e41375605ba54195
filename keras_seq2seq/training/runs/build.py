"""From a configuration to tokenizers, model and optimizer."""

from __future__ import annotations

import inspect
from collections.abc import Iterable

import keras

from keras_seq2seq.data.sentence_pairs import SentencePairs
from keras_seq2seq.models.seq2seq import Seq2Seq
from keras_seq2seq.objective.perplexity import Perplexity
from keras_seq2seq.objective.recoverable_optimizer import recoverable
from keras_seq2seq.objective.sequence_crossentropy import SequenceCrossentropy
from keras_seq2seq.objective.token_accuracy import TokenAccuracy
from keras_seq2seq.objective.warmup_schedule import WarmupSchedule
from keras_seq2seq.text import TOKENIZERS, Normalization, Tokenizer, tokenizer_from_state
from keras_seq2seq.text_models.text_seq2seq import TextSeq2Seq
from keras_seq2seq.training.configuration.config import RunConfig, TextConfig, TrainingConfig


def learn_tokenizers(config: TextConfig, pairs: SentencePairs) -> tuple[Tokenizer, Tokenizer]:
    """Learns the vocabularies from the training pairs.

    Args:
        config: `TextConfig`.
        pairs: `SentencePairs`.

    Returns:
        source and target `Tokenizer`; two with the same vocabulary where it is shared.
    """
    if config.shared_vocabulary:
        both = _learn(config, [*pairs.sources, *pairs.targets])
        return both, tokenizer_from_state(both.vocabulary_state())
    return _learn(config, pairs.sources), _learn(config, pairs.targets)


def _learn(config: TextConfig, lines: Iterable[str]) -> Tokenizer:
    form = None if config.normalization == "none" else config.normalization
    normalization = Normalization(form=form, lowercase=config.lowercase)
    learn = TOKENIZERS[config.tokenizer].learn
    options = {k: v for k, v in vars(config).items() if k in inspect.signature(learn).parameters}
    return learn(lines, **{**options, "normalization": normalization})


def build_model(
    config: RunConfig, source_tokenizer: Tokenizer, target_tokenizer: Tokenizer
) -> TextSeq2Seq:
    """Builds the network for two vocabularies.

    Args:
        config: `RunConfig`.
        source_tokenizer, target_tokenizer: `Tokenizer`s.

    Returns:
        A `TextSeq2Seq`, not compiled.
    """
    seq2seq = Seq2Seq.from_options(
        source_tokenizer.vocabulary_size,
        target_tokenizer.vocabulary_size,
        config.model,
        dtype=config.training.precision,
    )
    return TextSeq2Seq(
        seq2seq,
        source_tokenizer,
        target_tokenizer,
        max_source_length=config.data.max_source_length,
        max_target_length=config.data.max_target_length,
    )


def compile_model(model: keras.Model, config: TrainingConfig, total_steps: int) -> WarmupSchedule:
    """Compiles a model with the optimizer, schedule, loss and metrics of a configuration.

    Args:
        model: a `TextSeq2Seq` or `Seq2Seq`.
        config: `TrainingConfig`.
        total_steps: int. Batches of the whole run.

    Returns:
        The `WarmupSchedule` of the optimizer.
    """
    schedule = WarmupSchedule(
        config.learning_rate,
        warmup_steps=min(config.warmup_steps, max(total_steps // 2, 1)),
        total_steps=total_steps,
        decay=config.schedule,
    )
    # The average reaches over a tenth of the run at most, or a short one would keep its beginning.
    ema_momentum = min(config.ema_momentum, max(0.0, 1.0 - 10.0 / max(total_steps, 1)))
    shared = {
        "learning_rate": schedule,
        "beta_2": 0.98,  # a shorter memory than 0.999, which suits short runs
        "global_clipnorm": config.clip_norm or None,
        "use_ema": config.ema_momentum > 0,
        "ema_momentum": ema_momentum,
    }
    if config.optimizer == "adamw":
        adamw = recoverable(keras.optimizers.AdamW)
        optimizer = adamw(weight_decay=config.weight_decay, **shared)
    else:
        optimizer = recoverable(keras.optimizers.Adam)(**shared)
    model.compile(
        optimizer=optimizer,
        loss=SequenceCrossentropy(config.label_smoothing, r_drop=config.r_drop),
        weighted_metrics=[TokenAccuracy(), Perplexity()],
    )
    return schedule
