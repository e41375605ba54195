"""Recipes: configurations that come with the library, by name."""

import os
from pathlib import Path

from keras_seq2seq.nearest_name import did_you_mean
from keras_seq2seq.specs.config_error import ConfigError

PREFIX = "recipe:"
DEFAULT = "default"  # what the configuration says by itself; needs no file
_FOLDER = Path(__file__).with_name("recipes")


def recipe_names() -> list[str]:
    """The names of all recipes."""
    return sorted({DEFAULT, *(file.stem for file in _FOLDER.glob("*.toml"))})


def recipe_path(path: str | os.PathLike) -> Path | None:
    """The file of `recipe:NAME`, `None` for `recipe:default`; any other path as it is.

    Raises:
        ConfigError: there is no such recipe.
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
    return None if name == DEFAULT else _FOLDER / f"{name}.toml"
