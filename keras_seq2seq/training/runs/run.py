"""A whole training run, from corpus to `model.keras`."""

import dataclasses
import functools
import math
import warnings
from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from keras_seq2seq.data.cache.cached_pairs import CachedPairs
from keras_seq2seq.data.cache.reporting import Bar, Reporting, no_bar
from keras_seq2seq.data.encoded_pairs import EncodedPairs
from keras_seq2seq.data.epoch_counter import EpochCounter
from keras_seq2seq.data.pipeline import make_dataset
from keras_seq2seq.data.quality.judgement import judge_pairs
from keras_seq2seq.data.sentence_pairs import SentencePairs
from keras_seq2seq.objective.monitor import Monitor
from keras_seq2seq.text.tokenizer import Tokenizer
from keras_seq2seq.text_models.text_seq2seq import TextSeq2Seq
from keras_seq2seq.training.callbacks.best_model import BestModel
from keras_seq2seq.training.callbacks.learning_watch import LearningWatch
from keras_seq2seq.training.callbacks.metrics_file import MetricsFile
from keras_seq2seq.training.callbacks.on_chief import OnChief
from keras_seq2seq.training.callbacks.time_limit import TimeLimit
from keras_seq2seq.training.configuration.config import RunConfig
from keras_seq2seq.training.errors import DidNotLearn, NonFiniteLoss, TrainingError
from keras_seq2seq.training.messages import Say, quiet
from keras_seq2seq.training.recovery.checkpoint import Checkpoint
from keras_seq2seq.training.recovery.checkpoint_store import CheckpointStore
from keras_seq2seq.training.recovery.checkpointing import Checkpointing
from keras_seq2seq.training.recovery.interruption import Interruption
from keras_seq2seq.training.recovery.non_finite_guard import NonFiniteGuard
from keras_seq2seq.training.recovery.rollback import Rollback
from keras_seq2seq.training.recovery.training_state import TrainingState
from keras_seq2seq.training.run_directory import RunDirectory
from keras_seq2seq.training.runs.build import build_model, compile_model, run_callbacks
from keras_seq2seq.training.runs.followed_store import FollowedStore
from keras_seq2seq.training.runs.following import (
    all_workers_there,
    as_chief,
    followed_facts,
    followed_tokenizers,
)
from keras_seq2seq.training.runs.initial_model import (
    begin_with,
    build_own,
    described,
    load_initial_model,
)
from keras_seq2seq.training.runs.large_pairs import encode_pairs, scan_large
from keras_seq2seq.training.runs.own_files import bring_back_best_model, hashes_of_own_files
from keras_seq2seq.training.runs.run_start import run_tokenizers, start_run
from keras_seq2seq.training.runs.training_summary import TrainingSummary, judge
from keras_seq2seq.training.tensorboard.tensorboard_views import tensorboard_views
from keras_seq2seq.training.workers.devices import check_devices, workers_of
from keras_seq2seq.training.workers.followed_run import FollowedRun
from keras_seq2seq.training.workers.workers import Workers


@dataclasses.dataclass(eq=False, repr=False)
class Run:
    """Trains a model as a configuration says and leaves everything in a run directory.

    Checkpoints are written on the way. A run that was killed and is resumed ends with the
    weights and figures of one that was not. After a loss that is not finite it goes back to the
    last checkpoint, slower and without the offending batch; see `Rollback`. The first SIGINT or
    SIGTERM ends it after the batch, with a checkpoint.

    Args:
        config: What to do.
        directory: Where, created.
        pairs: Those to train on and those to validate on, if they were read already.
        model: One to train with its own tokenizers and precision instead of the
            configuration's; `fit` compiles it anew. It is kept as `initial_model.keras`, where a
            resumption finds it.
        strategy: The devices, other than `training.distribute` says; each gets a part of every
            batch. An own model must have been made in its scope.
        workers: Those that were started before; else `training.distribute` and the environment
            say who they are. All are told the same, the others than the chief follow it: they
            need the same pairs and see the same directory, but write nothing.
        say: Is given each message for the user.
        callbacks: Further ones, such as a progress bar. What they know comes through a
            resumption if they name it in `checkpointed`; see `TrainingState`.
        resume: Goes on from the last checkpoint in the directory, or from the beginning where
            there is none. A finished run goes on if it is given more epochs, or more minutes
            where the clock had ended it. Otherwise a directory that holds a run is refused.
        bar: Shows how far a large corpus has been read; see `Reporting`.

    Raises:
        CorpusError: in `fit`, the pairs cannot be read.
        ConfigError: the devices that the configuration asks for cannot be had, or are more than
            a batch has pairs; in `fit`, resumed with another configuration.
        TrainingError: in `fit`, no epoch gave a finite validation loss, or three times in a row
            a training loss was not finite; resumed with other data; the model cannot be written;
            another worker is gone.
        DidNotLearn: in `fit`, at its end: no step was applied, or the figures are not finite.
        TrainingInterrupted: in `fit`, a signal came.
        ValueError: the model was made in another scope than the strategy's, or `training.r_drop`
            is set on several devices; in `fit`, the run is being trained, shall be resumed and
            is finished, or shall begin where there is one.

    Example:

    ```python
    run = Run(load_config("ko_en.toml"), RunDirectory("runs/ko_en").create(), say=print)
    run.fit().valid_loss
    ```
    """

    config: RunConfig
    directory: RunDirectory
    _: dataclasses.KW_ONLY
    pairs: Sequence[SentencePairs] | None = None
    model: TextSeq2Seq | None = None
    strategy: tf.distribute.Strategy | None = None
    workers: Workers | None = None
    say: Say = quiet
    callbacks: Sequence[keras.callbacks.Callback] = ()
    resume: bool = False
    bar: Bar = no_bar

    def __post_init__(self):
        distribute = self.config.training.distribute
        self._workers = self.workers or workers_of(distribute, self.strategy, self.say)
        check_devices(self._workers, self.config, self.model)
        store = CheckpointStore
        if not self._workers.chief:
            store, self.directory, self.say = FollowedStore, FollowedRun(self.directory.path), quiet
        self.store = store(
            self.directory.checkpoints, self.config.training.keep_checkpoints, self.say
        )

    def fit(self) -> TrainingSummary:
        """Trains to the end; the model itself lies in `directory.model` then."""
        with (
            self.directory.locked(),
            all_workers_there(self._workers, self.directory, self.config.training.distribute),
            self._workers.together(),
        ):
            return self._fit(self.pairs or self.config.read())

    def _fit(self, pairs: Sequence[SentencePairs]) -> TrainingSummary:
        options, run, say = self.config.training, self.directory, self.say
        keras.utils.set_random_seed(options.seed)
        own, workers = self.model, self._workers
        begun = own is None and self.resume and workers.chief and run.initial_model.exists()
        if any(workers.agree(begun)):
            with workers.scope():
                own = load_initial_model(run)
        if own is not None and not own.seq2seq.built:  # one of an own class
            with workers.scope():
                build_own(own)
        config = self.config if own is None else described(self.config, own)
        pairs = scan_large(pairs, config.data, run, self._reporting)
        facts: dict[str, Any] = {}

        def begin() -> Checkpoint | None:
            with workers.alone():
                start, known = start_run(config, run, self.store, pairs, say, self.resume, own)
            facts.update(known)
            return start

        start = as_chief(workers, self.store, begin)
        if not workers.chief:
            facts |= followed_facts(workers, run, pairs, start, config)
        if held_out := pairs[0].report.held_out:
            say(
                f"{held_out:,} pairs of {pairs[0].origin} are held out for validation, no source "
                "on both sides (data.valid names others)."
            )
        tokenizers, (train, valid) = self._encode(pairs, start, own, facts["drops_alike"])
        facts["files"] = hashes_of_own_files(run)
        counter = EpochCounter()
        train_data, valid_data = self._datasets(tokenizers, train, valid, counter)
        steps = len(train_data)
        epochs = options.epochs or enough_epochs(steps)
        facts.setdefault("planned_epochs", _planned_before(start, steps) or epochs)
        with workers.scope():
            model = build_model(self.config, *tokenizers) if own is None else own
            planned = steps * facts["planned_epochs"]
            schedule = compile_model(model, options, steps * epochs, planned)
            model.optimizer.build(model.trainable_variables)
        workers.prepare(model)
        parameters = model.seq2seq.count_params()
        plan = f"{epochs} epoch{'s' * (epochs != 1)} of {steps:,} batch{'es' * (steps != 1)}"
        say(f"{parameters:,} parameters, {plan}")
        if options.schedule == "cosine" and epochs > facts["planned_epochs"]:
            say(
                f"The learning rate follows a cosine over {epochs} epochs from now on: it had come "
                f"to its end after {facts['planned_epochs']}, and rises again."
            )

        limit = TimeLimit(options.max_minutes or math.inf, workers)
        watch = LearningWatch(say)
        table = MetricsFile(run, say)
        best = BestModel(run, Monitor.of_validation(options.monitor).column, workers)
        views = tensorboard_views(options, model, run.logs, valid.pairs, say)
        callbacks = [
            *workers.callbacks(),
            NonFiniteGuard(counter),
            counter,
            *run_callbacks(self.config, run, schedule, valid.pairs, say, workers),
            *([OnChief(workers, views)] if views and workers.views_apart else views),
            limit,
            watch,
            *self.callbacks,
            table,
            best,
        ]
        checkpointing = Checkpointing(
            self.store,
            TrainingState(model, callbacks),
            counter,
            facts,
            minutes=options.checkpoint_minutes,
            steps=options.checkpoint_steps,
            best=best,
            workers=workers,
        )
        if start is not None:
            bring_back_best_model(self.store, start, model, best, say)
        rollback = Rollback(run, self.store, train.pairs, say)
        data = {"x": workers.share(train_data), "validation_data": workers.share(valid_data)}
        fit = functools.partial(model.fit, **data, epochs=epochs)
        with Interruption() as checkpointing.interruption, warnings.catch_warnings():
            # An epoch that begins in its midst, or leaves out a batch, is shorter than others.
            warnings.filterwarnings("ignore", message="Your input ran out of data")
            while True:
                try:
                    first = checkpointing.begin_at(start, epochs)
                    fit(initial_epoch=first, callbacks=[*callbacks, checkpointing], verbose=0)
                    break
                except NonFiniteLoss as failure:
                    prepare = functools.partial(rollback.prepare, failure, steps)
                    start = as_chief(workers, self.store, prepare)
        return _finish(run, table, best, watch, limit.elapsed, model, say)

    def _encode(
        self,
        pairs: Sequence[SentencePairs],
        start: Checkpoint | None,
        own: TextSeq2Seq | None,
        alike: bool,
    ) -> tuple[tuple[Tokenizer, Tokenizer], list[EncodedPairs]]:
        """Tokenises all pairs, once, and judges them.

        Those that are `alike` to the tokenizers, and over-long ones, are left out, counted and
        told.
        """
        learnt = functools.partial(
            run_tokenizers, self.config.text, self.directory, pairs[0], start, own, self.say
        )
        tokenizers = followed_tokenizers(self._workers, self.directory, learnt)
        limits = self.config.data.limits
        encoded: list[Any] = [
            encode_pairs(side, tokenizers, limits, alike, self._reporting) for side in pairs
        ]
        for side in encoded:
            self.say(side.pairs.report.describe())
        facts, complaints = judge_pairs(encoded[0], encoded[1], *tokenizers)
        self.directory.write_json(self.directory.data_report.name, facts)
        for complaint in complaints:
            self.say(f"warning: {complaint}")
        return tokenizers, encoded

    @property
    def _reporting(self) -> Reporting:
        return Reporting(self.bar, self.say)

    def _datasets(
        self,
        tokenizers: tuple[Tokenizer, Tokenizer],
        train: EncodedPairs | CachedPairs,
        valid: EncodedPairs,
        counter: EpochCounter,
    ) -> tuple[tf.data.Dataset, tf.data.Dataset]:
        data, text, training = self.config.data, self.config.text, self.config.training
        shared: dict[str, Any] = {"batch_size": data.batch_size, **data.limits}
        train_data = make_dataset(
            train,
            *tokenizers,
            seed=training.seed,
            epoch_counter=counter,
            batch_tokens=data.batch_tokens,
            subword_sampling=(text.subword_sampling_source, text.subword_sampling_target),
            r_drop=training.r_drop > 0,
            **shared,
        )
        return train_data, make_dataset(valid, *tokenizers, shuffle=False, **shared)


def train(
    config: RunConfig,
    run: RunDirectory,
    pairs: Sequence[SentencePairs] | None = None,
    say: Say = quiet,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    resume: bool = False,
    initial: TextSeq2Seq | None = None,
    bar: Bar = no_bar,
    workers: Workers | None = None,
) -> TrainingSummary:
    """Trains a model as a configuration says: `Run` with its model, in one call.

    Args and errors as those of `Run`; `run` is its directory.

    Args:
        initial: A trained model whose weights and vocabularies a new run begins with. It stays as
            it is; `[text]` and `[model]` come from it, but for dropout and subword sampling.
    """
    if initial is not None and resume:
        raise ValueError("train: a run that is resumed knows its initial model: leave it out.")
    model = None
    if initial is not None:
        workers = workers or workers_of(config.training.distribute, None, say)
        with workers.scope():
            config, model = begin_with(initial, config)
    shared: dict[str, Any] = {
        "pairs": pairs,
        "say": say,
        "callbacks": callbacks,
        "workers": workers,
        "bar": bar,
    }
    return Run(config, run, **shared, resume=resume, model=model).fit()


def enough_epochs(steps: int) -> int:
    """12 epochs, or more for a small corpus: it takes some 5,000 batches to learn a language."""
    return min(max(12, round(5000 / steps)), 60)


def _planned_before(start: Checkpoint | None, steps: int) -> int:
    """The epochs a run of an earlier version was planned for, which did not write them down."""
    if start is None:
        return 0
    return start.state["config"]["training"]["epochs"] or enough_epochs(steps)


def _finish(
    run: RunDirectory,
    table: MetricsFile,
    best: BestModel,
    watch: LearningWatch,
    seconds: float,
    model: TextSeq2Seq,
    say: Say,
) -> TrainingSummary:
    """Marks the run as finished; complains where nothing was learnt."""
    if best.best_epoch is None:
        raise TrainingError(
            "No epoch gave a finite validation loss. Lower training.learning_rate, or use "
            'training.precision = "float32".'
        )
    row = table.rows[best.best_epoch - 1]
    found = TrainingSummary(
        epochs=len(table.rows),
        best_epoch=best.best_epoch,
        valid_loss=row["val_loss"],
        valid_perplexity=row["val_perplexity"],
        seconds=seconds,
        parameters=model.seq2seq.count_params(),
        steps=watch.steps,
        applied_steps=watch.applied,
    )
    if best.is_exact:
        say(
            "warning: the run ended before its weights were rounded, which begins after two thirds "
            "of its steps: as int4 the model may lose much. Go on with it, or plan fewer epochs."
        )
    problem, learnt = judge(found, model.seq2seq.target_vocabulary_size)
    summary = dataclasses.replace(found, problem=problem)
    run.write_json(run.summary.name, dataclasses.asdict(summary))
    if not learnt:
        raise DidNotLearn(f"{problem} What there is lies in {run.model}.")
    if problem:
        say(problem)
    return summary
