"""`keras-seq2seq train`."""

import shutil

from keras_seq2seq.cli.terminal import err
from keras_seq2seq.training.config_file import commented_toml, load_config
from keras_seq2seq.training.run_directory import RunDirectory


def run(config_file, overrides, run_dir, overwrite, show_config):
    """Checks all that can be checked before TensorFlow is loaded, then trains."""
    config = load_config(config_file, overrides)
    if show_config:
        print(commented_toml(config), end="")
        return
    directory = open_run(run_dir, overwrite)
    summary = train(config, directory)
    err.print(
        f"Best epoch {summary.best_epoch} of {summary.epochs}, valid perplexity "
        f"{summary.valid_perplexity:.2f}, {summary.seconds / 60:.1f} minutes"
    )
    print(directory.model)


def open_run(run_dir, overwrite):
    """Creates a run directory; one that holds a trained model is replaced only if that is meant."""
    if run_dir is None:
        return RunDirectory.new()
    directory = RunDirectory(run_dir)
    if directory.is_run and directory.model.exists():
        if not overwrite:
            raise ValueError(
                f"{run_dir} holds a trained model already. Choose another --run-dir, or give "
                "--overwrite."
            )
        shutil.rmtree(directory.path)
    return directory.create()


def train(config, directory):
    """Trains with a progress bar; messages go to standard error."""
    from keras_seq2seq.cli.training_progress import TrainingProgress
    from keras_seq2seq.training.run import train

    def say(message):
        err.print(message, highlight=False, markup=False)

    return train(config, directory, say=say, callbacks=[TrainingProgress()])
