"""Counts of what became of the pairs of a corpus."""

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class CorpusReport:
    """Where every pair that was read has gone: nothing is dropped in silence.

    `read == kept + duplicate + empty + over_long + held_out` always holds.

    Args:
        origin: str. The corpus spec the pairs come from.
        read: int. Pairs (lines) read.
        kept: int. Pairs left.
        duplicate: int. Pairs dropped because they came before.
        empty: int. Pairs dropped because a side was blank.
        over_long: int. Pairs dropped because a side had too many tokens.
        held_out: int. Pairs taken out to validate on.

    Raises:
        ValueError: the counts do not add up.

    Example:

    >>> CorpusReport("train.tsv", read=3723, kept=3700, duplicate=12, empty=11).describe()
    'train.tsv: 3,723 pairs read, 3,700 kept (12 duplicate, 11 empty)'
    """

    origin: str
    read: int
    kept: int
    duplicate: int = 0
    empty: int = 0
    over_long: int = 0
    held_out: int = 0

    def __post_init__(self):
        if self.read != self.kept + self.dropped:
            raise ValueError(
                f"The counts of {self.origin} do not add up: {self.read} pairs read, but "
                f"{self.kept} kept and {self.dropped} dropped."
            )

    @property
    def dropped(self) -> int:
        """Pairs read and not kept."""
        return self.duplicate + self.empty + self.over_long + self.held_out

    def reasons(self) -> str:
        """What was dropped and why, as `12 duplicate, 11 empty`; "" where nothing was."""
        names = ("duplicate", "empty", "over_long", "held_out")
        counts = ((getattr(self, name), name.replace("_", "-")) for name in names)
        return ", ".join(f"{count:,} {name}" for count, name in counts if count)

    def describe(self) -> str:
        """The report as one line of text."""
        reasons = f" ({self.reasons()})" if self.dropped else ""
        noun = "pair" if self.read == 1 else "pairs"
        return f"{self.origin}: {self.read:,} {noun} read, {self.kept:,} kept{reasons}"

    def to_dict(self) -> dict:
        """The report as plain data, for a JSON file."""
        return asdict(self)
