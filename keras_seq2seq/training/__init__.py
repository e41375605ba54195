"""Training: losses, metrics, configuration and directory of a run."""

from keras_seq2seq.lazy_names import lazy_names

# Lazy, so that a configuration can be checked without waiting for TensorFlow.
__getattr__, __dir__, __all__ = lazy_names(
    __name__,
    {
        "AttentionImages": "keras_seq2seq.training.attention_images",
        "BestModel": "keras_seq2seq.training.best_model",
        "ConfigError": "keras_seq2seq.training.config_error",
        "DataConfig": "keras_seq2seq.training.config",
        "EmbeddingProjector": "keras_seq2seq.training.embedding_projector",
        "ModelConfig": "keras_seq2seq.training.config",
        "Perplexity": "keras_seq2seq.training.perplexity",
        "RunConfig": "keras_seq2seq.training.config",
        "RunDirectory": "keras_seq2seq.training.run_directory",
        "SampleTranslations": "keras_seq2seq.training.sample_translations",
        "SequenceCrossentropy": "keras_seq2seq.training.sequence_crossentropy",
        "TextConfig": "keras_seq2seq.training.config",
        "TokenAccuracy": "keras_seq2seq.training.token_accuracy",
        "TrainingConfig": "keras_seq2seq.training.config",
        "TimeLimit": "keras_seq2seq.training.time_limit",
        "TrainingError": "keras_seq2seq.training.training_error",
        "TrainingSummary": "keras_seq2seq.training.run",
        "commented_toml": "keras_seq2seq.training.config_file",
        "load_config": "keras_seq2seq.training.config_file",
        "train": "keras_seq2seq.training.run",
    },
)
