"""A run in this process, to its end or to a signal."""

from keras_seq2seq.training import RunDirectory, TrainingInterrupted, load_config, train


def started(path, settings, pairs=None, callbacks=(), resume=False):
    """The directory of a run, and all that it said."""
    said = []
    run = RunDirectory(path).create()
    try:
        train(load_config(None, settings), run, pairs, said.append, callbacks, resume)
    except TrainingInterrupted as stop:
        said.append(str(stop))
    return run, said
