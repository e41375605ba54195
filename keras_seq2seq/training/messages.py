"""What a run tells its user, and what `fit` tells its callbacks."""

from collections.abc import Callable
from typing import Any, TypeAlias

Say: TypeAlias = Callable[[str], None]  # is given each message
Logs: TypeAlias = dict[str, Any] | None  # the figures so far


def quiet(message: str) -> None:
    """Tells nobody."""
