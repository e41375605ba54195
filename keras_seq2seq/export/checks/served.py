"""What a SavedModel must pass before servers can see it."""

import pathlib
from collections.abc import Sequence

from keras_seq2seq.export.checks.answers import check_answers
from keras_seq2seq.export.checks.batches import check_batches
from keras_seq2seq.export.checks.equality import ODD_TEXTS, sample_texts
from keras_seq2seq.export.checks.operators import check_operators
from keras_seq2seq.export.native.proof import prove
from keras_seq2seq.export.saved_model_artefact import SavedModelArtefact
from keras_seq2seq.export.signatures.plan import Plan
from keras_seq2seq.export.warmup.warmup import replay_warmup, write_warmup
from keras_seq2seq.nearest_name import did_you_mean
from keras_seq2seq.text_models.text_inputs import as_texts
from keras_seq2seq.text_models.text_seq2seq import TextSeq2Seq

LEVELS = ("fast", "full")
_RANDOM_TEXTS = {"fast": 8, "full": 256}


def check_level(verify: str) -> None:
    """Raises a `ValueError` for a level of checks that there is not."""
    if verify not in LEVELS:
        hint = did_you_mean(str(verify), LEVELS, cutoff=0.4)
        raise ValueError(f"verify must be one of {LEVELS}, got {verify!r}.{hint}")


def check_served(
    model: TextSeq2Seq,
    directory: pathlib.Path,
    plan: Plan,
    sample: Sequence[str] | None,
    verify: str,
) -> SavedModelArtefact:
    """Returns a SavedModel, loaded, that does what a model does, as a server runs it.

    Args:
        model: the float32 twin that was written.
        directory: where it was written.
        plan: what was to be written.
        sample: texts to compare on, beside odd ones; `None` for random ones.
        verify: one of `LEVELS`.

    Raises:
        ExportError: it does something else.
    """
    check_operators(directory)
    artefact = SavedModelArtefact(directory)
    given = sample_texts(model, _RANDOM_TEXTS[verify]) if sample is None else as_texts(sample)
    texts = [*dict.fromkeys([*given, *ODD_TEXTS])]
    check_answers(model, artefact, plan, texts)
    check_batches(artefact, texts[:3])
    write_warmup(artefact, next(filter(str.strip, texts), ""), model.target_tokenizer)
    replay_warmup(artefact, filters=verify == "full")
    if verify == "full":
        prove(artefact, texts)
    return artefact
