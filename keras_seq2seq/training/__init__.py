"""Training: losses, metrics, configuration and directory of a run."""

from keras_seq2seq.lazy_names import lazy_names

# Lazy, so that a configuration can be checked without waiting for TensorFlow.
__getattr__, __dir__, __all__ = lazy_names(
    __name__,
    {
        "AttentionImages": "keras_seq2seq.training.attention_images",
        "BestModel": "keras_seq2seq.training.best_model",
        "Checkpoint": "keras_seq2seq.training.checkpoint",
        "CheckpointError": "keras_seq2seq.training.checkpoint_error",
        "CheckpointStore": "keras_seq2seq.training.checkpoint_store",
        "Checkpointing": "keras_seq2seq.training.checkpointing",
        "ConfigError": "keras_seq2seq.training.config_error",
        "DataConfig": "keras_seq2seq.training.config",
        "EmbeddingProjector": "keras_seq2seq.training.embedding_projector",
        "Interruption": "keras_seq2seq.training.interruption",
        "MetricsFile": "keras_seq2seq.training.metrics_file",
        "ModelConfig": "keras_seq2seq.training.model_config",
        "NonFiniteGuard": "keras_seq2seq.training.non_finite_guard",
        "NonFiniteLoss": "keras_seq2seq.training.non_finite_loss",
        "Perplexity": "keras_seq2seq.training.perplexity",
        "Rollback": "keras_seq2seq.training.rollback",
        "RunConfig": "keras_seq2seq.training.config",
        "RunDirectory": "keras_seq2seq.training.run_directory",
        "SampleTranslations": "keras_seq2seq.training.sample_translations",
        "SequenceCrossentropy": "keras_seq2seq.training.sequence_crossentropy",
        "TextConfig": "keras_seq2seq.training.config",
        "TimeLimit": "keras_seq2seq.training.time_limit",
        "TokenAccuracy": "keras_seq2seq.training.token_accuracy",
        "TrainingConfig": "keras_seq2seq.training.config",
        "TrainingError": "keras_seq2seq.training.training_error",
        "TrainingInterrupted": "keras_seq2seq.training.training_interrupted",
        "TrainingScalars": "keras_seq2seq.training.training_scalars",
        "TrainingState": "keras_seq2seq.training.training_state",
        "TrainingSummary": "keras_seq2seq.training.run",
        "commented_toml": "keras_seq2seq.training.config_file",
        "data_fingerprint": "keras_seq2seq.training.fingerprint",
        "load_config": "keras_seq2seq.training.config_file",
        "recoverable": "keras_seq2seq.training.recoverable_optimizer",
        "train": "keras_seq2seq.training.run",
    },
)
