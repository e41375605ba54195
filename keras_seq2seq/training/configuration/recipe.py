"""Recipes: configurations that come with the library, by name."""

from __future__ import annotations

import os
from importlib import resources
from pathlib import Path

from keras_seq2seq.nearest_name import did_you_mean
from keras_seq2seq.specs.config_error import ConfigError

PREFIX = "recipe:"
DEFAULT = "default"  # what the configuration says by itself; needs no file


def recipe_names() -> list[str]:
    """The names of all recipes.

    >>> "default" in recipe_names()
    True
    """
    files = _folder().iterdir()
    return sorted({DEFAULT, *(file.name[:-5] for file in files if file.name.endswith(".toml"))})


def recipe_path(path: str | os.PathLike) -> Path | None:
    """The file of a recipe, or any other path as it is.

    Args:
        path: `recipe:NAME`, or the path of a file.

    Returns:
        A path; `None` for `recipe:default`.

    Raises:
        ConfigError: there is no such recipe.

    Example:

    >>> recipe_path("recipe:quickstart").name
    'quickstart.toml'
    """
    text = os.fspath(path)
    if not text.startswith(PREFIX):
        return Path(path)
    name = text.removeprefix(PREFIX)
    if name not in recipe_names():
        raise ConfigError(
            f"There is no recipe {name!r}. There are: {', '.join(recipe_names())}."
            f"{did_you_mean(name, recipe_names())}"
        )
    return None if name == DEFAULT else Path(str(_folder() / f"{name}.toml"))


def _folder():
    return resources.files("keras_seq2seq.training.configuration") / "recipes"
