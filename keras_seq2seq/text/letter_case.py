"""Lower case by one table, the same in the graph and in Python.

`tf.strings.lower` would not do: it follows the locale of the process (under LANG=tr_TR it turns
"I" into "ı", so that a server could disagree with the training run) and cuts the text at U+0000.
`str.lower` would not do either: its table grows with every Python version.

The rule: every code point takes its Unicode lower case mapping as of Unicode 13 (U+0130 takes
"i" and U+0307), and Σ takes ς instead of σ where it ends a Greek word, that is after a Greek
letter or combining mark and not before one.
"""

import functools
import re

import numpy as np
import tensorflow as tf

# No code point above has a lower case in Unicode 13 (the last is an Adlam capital).
_LAST_CAPITAL = 0x1E921
# Where Unicode 14 to 17 added capitals. A Python that knows them must not use them.
_ADDED_LATER = (
    (0x2C2F, 0x2C2F),  # Glagolitic
    (0xA7C0, 0xA7C1),  # Latin Extended-D
    (0xA7CB, 0xA7F4),
    (0x10570, 0x10595),  # Vithkuqi
    (0x10D50, 0x10D65),  # Garay
    (0x16EA0, 0x16EB8),  # Beria Erfe
)
_DOTTED_CAPITAL_I, _DOTTED_I = "\u0130", "i\u0307"

# Greek letters and combining marks; without the Greek question mark and the ano teleia.
GREEK = "\u0300-\u0373\u0375-\u037d\u037f\u0386\u0388-\u03ff\u1f00-\u1fff"
_FINAL_SIGMA = re.compile(f"(?<=[{GREEK}])Σ(?![{GREEK}])")


@functools.cache
def lower_table() -> dict[int, int]:
    """Capital to small letter, by code point; only those of one code point each."""
    later = {code for first, last in _ADDED_LATER for code in range(first, last + 1)}
    smalls = {code: chr(code).lower() for code in range(_LAST_CAPITAL + 1) if code not in later}
    return {c: ord(s) for c, s in smalls.items() if len(s) == 1 and ord(s) != c}


@functools.cache
def _translation() -> dict[int, int | str]:
    return lower_table() | {ord(_DOTTED_CAPITAL_I): _DOTTED_I}


def lower_python(text: str) -> str:
    """Lowers the case of a Python string.

    >>> lower_python("ΟΔΟΣ, Größe")
    'οδος, größe'
    """
    return _FINAL_SIGMA.sub("ς", text).translate(_translation())


def lower(text: tf.Tensor) -> tf.Tensor:
    """Lowers the case of a string tensor of any shape holding valid UTF-8."""
    # RE2 looks neither behind nor ahead; a Greek neighbour is never also a foreign one, so that
    # the matches cannot overlap.
    text = tf.strings.regex_replace(text, f"([{GREEK}])Σ([^{GREEK}]|\\z)", r"\1ς\2")
    text = tf.strings.regex_replace(text, _DOTTED_CAPITAL_I, _DOTTED_I)
    capitals, smalls = np.array(sorted(lower_table().items()), np.int32).T
    # Raw operators, as in `inputs.cap_runs`.
    splits, codes = tf.raw_ops.UnicodeDecode(
        input=tf.reshape(text, [-1]), input_encoding="UTF-8"
    )  # [N + 1], [characters]
    place = tf.minimum(tf.searchsorted(capitals, codes), len(capitals) - 1)
    lowered = tf.where(tf.gather(capitals, place) == codes, tf.gather(smalls, place), codes)
    lowered = tf.raw_ops.UnicodeEncode(
        input_values=lowered, input_splits=splits, output_encoding="UTF-8"
    )
    return tf.reshape(lowered, tf.shape(text))
