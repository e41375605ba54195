"""Training: losses, metrics, configuration and directory of a run."""

from typing import TYPE_CHECKING

# Lazy, so that a configuration can be checked without waiting for TensorFlow.
if TYPE_CHECKING:
    from keras_seq2seq.objective import Monitor as Monitor
    from keras_seq2seq.objective import Perplexity as Perplexity
    from keras_seq2seq.objective import SequenceCrossentropy as SequenceCrossentropy
    from keras_seq2seq.objective import TokenAccuracy as TokenAccuracy
    from keras_seq2seq.objective import WarmupSchedule as WarmupSchedule
    from keras_seq2seq.objective import recoverable as recoverable
    from keras_seq2seq.specs.config_error import ConfigError as ConfigError
    from keras_seq2seq.training.callbacks.best_model import BestModel as BestModel
    from keras_seq2seq.training.callbacks.checkpoint_average import (
        CheckpointAverage as CheckpointAverage,
    )
    from keras_seq2seq.training.callbacks.learning_watch import LearningWatch as LearningWatch
    from keras_seq2seq.training.callbacks.metrics_file import MetricsFile as MetricsFile
    from keras_seq2seq.training.callbacks.reduce_on_plateau import (
        ReduceOnPlateau as ReduceOnPlateau,
    )
    from keras_seq2seq.training.callbacks.time_limit import TimeLimit as TimeLimit
    from keras_seq2seq.training.callbacks.validation_bleu import ValidationBleu as ValidationBleu
    from keras_seq2seq.training.configuration.config import DataConfig as DataConfig
    from keras_seq2seq.training.configuration.config import RunConfig as RunConfig
    from keras_seq2seq.training.configuration.config import TextConfig as TextConfig
    from keras_seq2seq.training.configuration.config import TrainingConfig as TrainingConfig
    from keras_seq2seq.training.configuration.config_file import commented_toml as commented_toml
    from keras_seq2seq.training.configuration.config_file import load_config as load_config
    from keras_seq2seq.training.configuration.recipe import recipe_names as recipe_names
    from keras_seq2seq.training.errors import CheckpointError as CheckpointError
    from keras_seq2seq.training.errors import DidNotLearn as DidNotLearn
    from keras_seq2seq.training.errors import NonFiniteLoss as NonFiniteLoss
    from keras_seq2seq.training.errors import TrainingError as TrainingError
    from keras_seq2seq.training.errors import (
        TrainingInterrupted as TrainingInterrupted,
    )
    from keras_seq2seq.training.errors import WorkerGone as WorkerGone
    from keras_seq2seq.training.recovery.checkpoint import Checkpoint as Checkpoint
    from keras_seq2seq.training.recovery.checkpoint_store import CheckpointStore as CheckpointStore
    from keras_seq2seq.training.recovery.checkpointing import Checkpointing as Checkpointing
    from keras_seq2seq.training.recovery.interruption import Interruption as Interruption
    from keras_seq2seq.training.recovery.non_finite_guard import NonFiniteGuard as NonFiniteGuard
    from keras_seq2seq.training.recovery.progress import Progress as Progress
    from keras_seq2seq.training.recovery.rollback import Rollback as Rollback
    from keras_seq2seq.training.recovery.training_state import TrainingState as TrainingState
    from keras_seq2seq.training.run_directory import RunDirectory as RunDirectory
    from keras_seq2seq.training.runs.fingerprint import data_fingerprint as data_fingerprint
    from keras_seq2seq.training.runs.run import Run as Run
    from keras_seq2seq.training.runs.run import train as train
    from keras_seq2seq.training.runs.training_summary import TrainingSummary as TrainingSummary
    from keras_seq2seq.training.tensorboard.attention_images import (
        AttentionImages as AttentionImages,
    )
    from keras_seq2seq.training.tensorboard.embedding_projector import (
        EmbeddingProjector as EmbeddingProjector,
    )
    from keras_seq2seq.training.tensorboard.sample_translations import (
        SampleTranslations as SampleTranslations,
    )
    from keras_seq2seq.training.tensorboard.training_scalars import (
        TrainingScalars as TrainingScalars,
    )
    from keras_seq2seq.training.workers.start_workers import start_workers as start_workers
    from keras_seq2seq.training.workers.worker_addresses import WorkerAddresses as WorkerAddresses
else:
    from keras_seq2seq.lazy_names import lazy_names

    __getattr__, __dir__, __all__ = lazy_names(__name__)
