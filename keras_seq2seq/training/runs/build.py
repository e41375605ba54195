"""From a configuration to tokenizers, model, optimizer and callbacks."""

import inspect
from collections.abc import Iterable

import keras

from keras_seq2seq.data.sentence_pairs import SentencePairs
from keras_seq2seq.models.seq2seq import Seq2Seq
from keras_seq2seq.objective.fused_adam import fused
from keras_seq2seq.objective.monitor import Monitor
from keras_seq2seq.objective.perplexity import Perplexity
from keras_seq2seq.objective.quantization_aware import quantization_aware
from keras_seq2seq.objective.recoverable_optimizer import recoverable
from keras_seq2seq.objective.sequence_crossentropy import SequenceCrossentropy
from keras_seq2seq.objective.token_accuracy import TokenAccuracy
from keras_seq2seq.objective.warmup_schedule import WarmupSchedule
from keras_seq2seq.text import TOKENIZERS, Normalization, Tokenizer, tokenizer_from_state
from keras_seq2seq.text_models.text_seq2seq import TextSeq2Seq
from keras_seq2seq.training.callbacks.checkpoint_average import CheckpointAverage
from keras_seq2seq.training.callbacks.early_stopping import EarlyStopping
from keras_seq2seq.training.callbacks.on_chief import OnChief
from keras_seq2seq.training.callbacks.reduce_on_plateau import ReduceOnPlateau
from keras_seq2seq.training.callbacks.validation_bleu import ValidationBleu
from keras_seq2seq.training.configuration.config import RunConfig, TextConfig, TrainingConfig
from keras_seq2seq.training.messages import Say
from keras_seq2seq.training.run_directory import RunDirectory
from keras_seq2seq.training.tensorboard.training_scalars import TrainingScalars
from keras_seq2seq.training.workers.workers import Workers

_EXACT = 2 / 3  # of the steps, before weights are rounded as training.quantization_aware says


def learn_tokenizers(config: TextConfig, pairs: SentencePairs) -> tuple[Tokenizer, Tokenizer]:
    """Learns both vocabularies; gives two tokenizers with the same where it is shared."""
    if config.shared_vocabulary:
        both = _learn(config, [*pairs.sources, *pairs.targets])
        return both, tokenizer_from_state(both.vocabulary_state())
    return _learn(config, pairs.sources), _learn(config, pairs.targets)


def _learn(config: TextConfig, lines: Iterable[str]) -> Tokenizer:
    form = None if config.normalization == "none" else config.normalization
    normalization = Normalization(
        form=form, lowercase=config.lowercase, drop_invisible=config.drop_invisible
    )
    learn = TOKENIZERS[config.tokenizer].learn
    options = {k: v for k, v in vars(config).items() if k in inspect.signature(learn).parameters}
    return learn(lines, **{**options, "normalization": normalization})


def build_model(
    config: RunConfig, source_tokenizer: Tokenizer, target_tokenizer: Tokenizer
) -> TextSeq2Seq:
    """Builds the network for two vocabularies; it is not compiled."""
    seq2seq = Seq2Seq.from_options(
        source_tokenizer.vocabulary_size,
        target_tokenizer.vocabulary_size,
        config.model,
        dtype=config.training.precision,
    )
    return TextSeq2Seq(seq2seq, source_tokenizer, target_tokenizer, **config.data.limits)


def compile_model(
    model: keras.Model, config: TrainingConfig, total_steps: int, planned_steps: int | None = None
) -> WarmupSchedule:
    """Compiles a model as a configuration says; gives the learning rate of its optimizer.

    A run that goes on beyond the steps it was planned for keeps the warm-up and the average that
    it began with.
    """
    planned = planned_steps or total_steps
    schedule = WarmupSchedule(
        config.learning_rate,
        warmup_steps=min(config.warmup_steps, max(planned // 2, 1)),
        total_steps=total_steps,
        decay=config.schedule,
    )
    # The average reaches over a tenth of the run at most, or a short one would keep its beginning.
    ema_momentum = min(config.ema_momentum, max(0.0, 1.0 - 10.0 / max(planned, 1)))
    adamw = config.optimizer == "adamw"
    adam = keras.optimizers.AdamW if adamw else keras.optimizers.Adam
    optimizer_class = recoverable(fused(adam))
    if config.rounds:
        first_step = max(1, round(_EXACT * planned))
        optimizer_class = quantization_aware(optimizer_class, bits=4, first_step=first_step)
    optimizer = optimizer_class(
        schedule,
        weight_decay=config.weight_decay if adamw else None,
        beta_2=0.98,  # a shorter memory than 0.999, which suits short runs
        global_clipnorm=config.clip_norm or None,
        use_ema=config.ema_momentum > 0 and not config.rounds,
        ema_momentum=ema_momentum,
    )
    model.compile(
        optimizer=optimizer,
        loss=SequenceCrossentropy(config.label_smoothing, r_drop=config.r_drop),
        weighted_metrics=[TokenAccuracy(), Perplexity()],
    )
    return schedule


def run_callbacks(
    config: RunConfig,
    run: RunDirectory,
    schedule: WarmupSchedule,
    valid_pairs: SentencePairs,
    say: Say,
    workers: Workers | None = None,
) -> list[keras.callbacks.Callback]:
    """Makes what averages, validates and steers. Averages come first: what follows sees them."""
    options, workers = config.training, workers or Workers()
    callbacks: list[keras.callbacks.Callback] = []
    monitor = Monitor.of_validation(options.monitor)
    if options.ema_momentum and not options.rounds:
        callbacks.append(keras.callbacks.SwapEMAWeights(swap_on_epoch=True))
    if options.average_epochs:
        callbacks.append(CheckpointAverage(run, options.average_epochs))
    if options.bleu_sentences:
        size = config.data.batch_size
        bleu = ValidationBleu(valid_pairs, options.bleu_sentences, size)
        callbacks.append(OnChief(workers, [bleu], ["val_bleu"]) if workers.views_apart else bleu)
    if options.schedule == "plateau":
        patience, factor = options.plateau_patience, options.plateau_factor
        callbacks.append(ReduceOnPlateau(schedule, monitor.column, patience, factor))
    if options.early_stopping_patience:
        patience, mode = options.early_stopping_patience, monitor.mode
        callbacks.append(EarlyStopping(monitor.column, patience=patience, mode=mode))
    return [*callbacks, TrainingScalars(run.logs if workers.chief else None, say)]
