"""`keras-seq2seq train`."""

import contextlib
import os
import shutil
import tempfile

from keras_seq2seq.cli.terminal import err, make_progress
from keras_seq2seq.training.config_file import commented_toml, load_config
from keras_seq2seq.training.corpora import read_corpora
from keras_seq2seq.training.run_directory import RunDirectory


def run(config_file, overrides, run_dir, overwrite, show_config):
    """Checks all that can be checked before TensorFlow is loaded, then trains."""
    config = load_config(config_file, overrides)
    if show_config:
        print(commented_toml(config), end="")
        return
    with open_run(run_dir, overwrite) as directory:
        summary = train(config, directory)
    err.print(
        f"Best epoch {summary.best_epoch} of {summary.epochs}, valid perplexity "
        f"{summary.valid_perplexity:.2f}, {summary.seconds / 60:.1f} minutes",
        soft_wrap=True,
    )
    print(directory.model)


@contextlib.contextmanager
def open_run(run_dir, overwrite):
    """Gives a run directory; one that holds a trained model is replaced only if that is meant."""
    directory = RunDirectory.new() if run_dir is None else RunDirectory(run_dir)
    if not (directory.is_run and directory.model.exists()):
        try:
            yield directory.create()
        except BaseException:
            with contextlib.suppress(OSError):
                directory.path.rmdir()  # if nothing has come into it
            raise
    elif not overwrite:
        raise ValueError(
            f"{run_dir} holds a trained model already. Choose another --run-dir, or give "
            "--overwrite."
        )
    else:
        with _set_aside(directory):
            yield directory.create()


@contextlib.contextmanager
def _set_aside(directory):
    """Gives up the old run once the new one has a model, and brings it back if there is none."""
    path = directory.path.resolve()
    aside = tempfile.mkdtemp(prefix=f".{path.name}-replaced-", dir=path.parent)
    old = os.path.join(aside, path.name)
    os.replace(path, old)
    try:
        yield
    finally:
        if not directory.model.exists():
            shutil.rmtree(path, ignore_errors=True)
            os.replace(old, path)
        shutil.rmtree(aside)


def train(config, directory):
    """Trains with a progress bar; messages go to standard error."""
    pairs = read_corpora(config.data)  # before TensorFlow is loaded: errors show at once
    from keras_seq2seq.cli.training_progress import TrainingProgress
    from keras_seq2seq.training.run import train

    def say(message):
        err.print(message, highlight=False, markup=False, soft_wrap=True)

    with make_progress() as progress:
        return train(config, directory, pairs, say, callbacks=[TrainingProgress(progress)])
