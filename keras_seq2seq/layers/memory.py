"""What the decoder may look at."""

from typing import Any, NamedTuple


class Memory(NamedTuple):
    """The source as steps of a decoder see it; B rows, never repeated. `()` is what there is not.

    The encoder gives the first four; `Decoder.prepare` and `Generator.prepare` add what need
    not be computed anew at each step of a search.

    Attributes:
        source_ids: int tensor [B, S].
        mask: bool tensor [B, S], true on real positions; `()` if none is padded.
        values: float tensor [B, S, M], the encoder's outputs.
        embedded: float tensor [B, S, E], the source's embeddings.
        keys: float tensor [B, H, S], or additive [B, S, H]: what queries meet.
        token_norms: float32 tensor [V, 1] or [1, V], see `Generator`.
        listed: `ListedTokens` that stand for all V, or `()`.
    """

    source_ids: Any
    mask: Any
    values: Any
    embedded: Any
    keys: Any = ()
    token_norms: Any = ()
    listed: Any = ()


def is_given(field: Any) -> bool:
    """Whether a field of a `Memory` is there."""
    return not isinstance(field, tuple) or len(field) > 0
