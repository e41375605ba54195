"""Options of a generator."""

import dataclasses
from typing import ClassVar

from keras_seq2seq.specs.option import option
from keras_seq2seq.specs.spec import Spec


@dataclasses.dataclass(frozen=True)
class GeneratorSpec(Spec):
    """Options of a `Generator`."""

    section: ClassVar[str] = "generator"

    fixed_norm: float | None = option(
        5.0,
        "Norm of the hidden state and of each token's vector in the generator, so that frequent "
        "tokens do not win by the length of theirs (Nguyen and Chiang). 5 suits embeddings of 256, "
        "4.2 of 128, 3.5 of 64; 0 leaves both free.",
        none=0.0,
        minimum=0.0,
    )
