"""What an export shows of its own work."""

from collections.abc import Sequence

import tensorflow as tf

from keras_seq2seq.export.export_error import ExportError
from keras_seq2seq.export.native.agreement import exchanges
from keras_seq2seq.export.native.native_error import NativeError
from keras_seq2seq.export.native.native_session import NativeSession
from keras_seq2seq.export.native.program import find_compiler
from keras_seq2seq.export.saved_model_artefact import SavedModelArtefact


def proven_in(natively: bool) -> list[str]:
    """Where an export shows that a SavedModel runs, on this machine: for the manifest.

    That is TensorFlow's session, called from Python; and, by `prove` and where there is a C
    compiler, the same in a process without Python.
    """
    kinds = ["session", "native session"] if natively and find_compiler() else ["session"]
    return [f"{tf.__version__} ({kind})" for kind in kinds]


def prove(artefact: SavedModelArtefact, texts: Sequence[str]) -> None:
    """Runs every signature natively, if there is a C compiler, and compares.

    Args:
        artefact: What was written, loaded from Python and compared with the model already.
        texts: Sources.

    Raises:
        ExportError: The native session refuses what the other answers, or answers otherwise.
    """
    if not find_compiler():
        return
    try:
        with NativeSession(artefact.path) as session:
            for exchange in exchanges(artefact, texts):
                if difference := exchange.difference(session):
                    raise ExportError(
                        "TensorFlow's native session, which is what servers run, does not answer "
                        f"as its session in Python does. {difference}. It was removed."
                    )
    except NativeError as error:
        raise ExportError(f"Servers cannot run the SavedModel: {error}. It was removed.") from error
