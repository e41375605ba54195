"""A model with the shortlist that `export --shortlist` asks for."""

from pathlib import Path
from typing import Any

from keras_seq2seq.cli.terminal import progress_of
from keras_seq2seq.training.runs.scored_pairs import learnt_sample, run_of

_PAIRS = 30_000  # to learn from, spread over the corpus


def with_shortlist(path: Path, model: Any) -> Any:
    """The model itself if it has a shortlist, else one learnt from the pairs its run learnt from.

    Raises:
        ValueError: no run knows them, or they have changed; or the model can have no shortlist.
    """
    if getattr(model.seq2seq, "shortlist", None) is not None:
        return model
    run = run_of(path)
    pairs = None if run is None else learnt_sample(run)
    if pairs is None:
        why = "belongs to no run" if run is None else "learnt from pairs that are not here any more"
        raise ValueError(
            f"--shortlist: {path} {why}, so that there is nothing to learn one from. In Python "
            "text_models.learn_shortlist takes pairs of yours."
        )
    from keras_seq2seq.text_models import learn_shortlist

    step = -(-len(pairs) // _PAIRS)
    sources, targets = pairs.sources[::step], pairs.targets[::step]
    with progress_of("learning a shortlist", len(sources)) as progress:
        return learn_shortlist(model, sources, targets, progress=progress)
