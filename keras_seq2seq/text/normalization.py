"""Text normalization that gives the same string inside a TensorFlow graph and in plain Python."""

import dataclasses
import re
import unicodedata
from typing import Self

import keras
import tensorflow as tf
import tensorflow_text as tf_text

from keras_seq2seq.nearest_name import did_you_mean
from keras_seq2seq.specs.known_names import KnownNames
from keras_seq2seq.text import letter_case
from keras_seq2seq.text.characters import (
    INVISIBLE,
    UNSEEN,
    WHITE_SPACE,
    WHITE_SPACE_RUN,
    combining_marks,
    drop_invisible_python,
    replace_surrogates,
)
from keras_seq2seq.text.characters import is_blank as is_blank
from keras_seq2seq.text.inputs import cap_runs, cap_runs_python

FORMS = ("NFC", "NFKC", "NFD", None)


@keras.saving.register_keras_serializable(package="keras_seq2seq")
@dataclasses.dataclass(frozen=True)
class Normalization(KnownNames):
    """Brings text to one spelling before it is tokenized.

    The steps, in this order: bytes that are not UTF-8 become U+FFFD; invisible characters go; the
    Unicode normalization form; lower case, see `letter_case`; white space. `__call__` does it in
    the graph (`tf.data`, SavedModel) and `normalize_python` does it without TensorFlow, to the
    same bytes. Only a code point which the running Python does not know yet (category Cn) may
    come out differently.

    The Unicode form puts combining marks in order, which takes the square of their number: of more
    than 64 in a row, in a text of more than 4,096 characters, the first 64 stay.

    Args:
        form: `"NFC"`, `"NFKC"`, `"NFD"` (Hangul becomes jamo; `compose` puts it together again)
            or `None`.
        lowercase: bool. Whether to lower the case.
        collapse_whitespace: bool. Whether runs of white space become one U+0020, none at the ends.
        drop_invisible: bool. Whether soft hyphens, zero-width spaces, marks of direction, controls
            and the like go (`characters.INVISIBLE`). ZWJ, ZWNJ and variation selectors stay. A
            config without this key is one of an earlier version, and means False.

    Raises:
        ValueError: if an argument is something else.

    Example:

    >>> Normalization(lowercase=True).normalize_python("  Guten   MORGEN ")
    'guten morgen'
    """

    form: str | None = "NFC"
    lowercase: bool = False
    collapse_whitespace: bool = True
    drop_invisible: bool = True

    def __post_init__(self):
        if self.form not in FORMS:
            hint = did_you_mean(str(self.form).upper(), filter(None, FORMS), cutoff=0.3)
            raise ValueError(
                f"Unknown normalization form {self.form!r}: expected one of "
                f"{', '.join(map(repr, FORMS))}.{hint}"
            )
        for name in ("lowercase", "collapse_whitespace", "drop_invisible"):
            if not isinstance(value := getattr(self, name), bool):
                raise ValueError(f"`{name}` must be True or False, received {value!r}.")

    def __call__(self, text: tf.Tensor) -> tf.Tensor:
        """Normalizes a string tensor of any shape; the shape stays."""
        text = tf.strings.unicode_transcode(text, "UTF-8", "UTF-8", errors="replace")
        if self.drop_invisible:
            text = tf.strings.regex_replace(text, f"[{INVISIBLE}]+", "")
        if self.form:
            # Again behind it, where marks have become more: doing all twice shall change nothing.
            text = cap_runs(text, combining_marks())
            text = cap_runs(tf_text.normalize_utf8(text, self.form), combining_marks())
        if self.lowercase:
            text = letter_case.lower(text)
        if self.collapse_whitespace:
            text = tf.strings.strip(tf.strings.regex_replace(text, f"[{WHITE_SPACE}]+", " "))
        return text

    def normalize_python(self, text: str) -> str:
        """Normalizes one Python string without TensorFlow."""
        text = replace_surrogates(text)
        if self.drop_invisible:
            text = drop_invisible_python(text)
        if self.form:
            text = cap_runs_python(text, combining_marks())
            text = unicodedata.normalize(self.form, text)  # pyright: ignore[reportArgumentType]
            text = cap_runs_python(text, combining_marks())
        if self.lowercase:
            text = letter_case.lower_python(text)
        if self.collapse_whitespace:
            text = WHITE_SPACE_RUN.sub(" ", text).strip(" ")
        return text

    @property
    def blank(self) -> str:
        """The regular expression of all texts in which there is nothing to be seen."""
        return f"[{WHITE_SPACE}{INVISIBLE + UNSEEN if self.drop_invisible else ''}]*"

    def is_blank(self, text: str) -> bool:
        """Whether there is nothing to be seen in a text, as `blank` says."""
        return re.fullmatch(self.blank, text) is not None

    def compose(self, text: tf.Tensor) -> tf.Tensor:
        """Makes detokenized text readable: NFC when `form` is `"NFD"`, else `text` itself."""
        return tf_text.normalize_utf8(text, "NFC") if self.form == "NFD" else text

    def compose_python(self, text: str) -> str:
        """Does what `compose` does, for one Python string."""
        return unicodedata.normalize("NFC", text) if self.form == "NFD" else text

    def get_config(self) -> dict:
        return dataclasses.asdict(self)

    @classmethod
    def from_config(cls, config: dict) -> Self:
        if not isinstance(config, dict):
            raise ValueError(f"A normalization config must be a dict, received {config!r}.")
        names = [field.name for field in dataclasses.fields(cls)]
        for key in (key for key in config if key not in names):
            what = f"Unknown key {key!r} in a normalization config: expected {names}."
            raise ValueError(what + did_you_mean(key, names))
        return cls(**{"drop_invisible": False, **config})
