"""What a tensor is to type checkers: each backend has a class of its own, so anything is one."""

from typing import Any, TypeAlias

Tensor: TypeAlias = Any
