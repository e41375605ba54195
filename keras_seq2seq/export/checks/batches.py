"""May a server join the requests of several clients into one batch?"""

from collections.abc import Sequence

import numpy as np

from keras_seq2seq.decoding.search_options import OPTIONS
from keras_seq2seq.export.export_error import ExportError
from keras_seq2seq.export.native.agreement import same
from keras_seq2seq.export.saved_model_artefact import SavedModelArtefact

_UNBATCHED = ("encode", "decode_step")


def check_batches(artefact: SavedModelArtefact, texts: Sequence[str]) -> None:
    """Raises an `ExportError` unless each row of each signature is the same alone and with mates.

    A server joins rows, fills up with copies of one, and splits the outputs along their first axis.
    """
    for name, tensors in artefact.manifest["signatures"].items():
        if name in _UNBATCHED:
            continue
        inputs = {key: request_rows(key, texts) for key in tensors["inputs"]}
        together = artefact.run(name, **inputs)
        alone = artefact.run(name, **{key: rows[1:2] for key, rows in inputs.items()})
        filled = artefact.run(name, **{key: rows[[1, 1, 1, 1]] for key, rows in inputs.items()})
        for key, values in together.items():
            shape = tensors["outputs"][key]["shape"]
            wrong = f"Signature `{name}` cannot be served in batches: {key} "
            if shape[0] != -1 or -1 in shape[1:] or list(values.shape) != [len(texts), *shape[1:]]:
                raise ExportError(
                    f"{wrong}of {len(texts)} texts has the shape {list(values.shape)}, and is "
                    f"said to have {shape}. It was removed."
                )
            for other in (alone[key][0], filled[key][0], filled[key][3]):
                if not same(values[1], other, equal_nan=False):
                    raise ExportError(
                        f"{wrong}is {str(values[1])[:200]} beside others, and "
                        f"{str(other)[:200]} otherwise, of {texts[1][:100]!r}. It was removed."
                    )


def request_rows(name: str, texts: Sequence[str]) -> np.ndarray:
    """What requests of any signature send under a name of an input, one row for each text."""
    if name == "ids":
        return np.tile(np.array([4, 5, 3], "int32"), (len(texts), 1))
    if name in OPTIONS:
        about = OPTIONS[name]
        return np.full(len(texts), about.neutral, about.kind)
    return np.array([text.encode() for text in texts], object)
