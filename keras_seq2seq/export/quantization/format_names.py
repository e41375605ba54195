"""The formats that the weights of a `.tflite` file may have, from the largest to the smallest."""

from keras_seq2seq.nearest_name import did_you_mean

NONE, AUTO = "none", "auto"
FORMATS = (NONE, "float16", "int8", "mixed", "int4")


def check_format(name: str) -> None:
    """Raises a `ValueError` that tells the nearest format if there is none of this name."""
    names = (*FORMATS, AUTO)
    if name not in names:
        raise ValueError(
            f"There is no format {name!r}: quantize must be {', '.join(names[:-1])} or {AUTO}."
            f"{did_you_mean(name, names)}"
        )
