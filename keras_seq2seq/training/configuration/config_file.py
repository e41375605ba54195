"""Reads a run configuration from TOML and from `section.key=value`, and writes a commented one."""

import dataclasses
import difflib
import os
import re
import textwrap
import tomllib
from collections.abc import Callable, Iterable, Sequence
from typing import Any, get_type_hints

import tomli_w

from keras_seq2seq.models.model_spec import ModelSpec
from keras_seq2seq.specs.config_error import ConfigError
from keras_seq2seq.specs.option import checked_value, choices_of
from keras_seq2seq.specs.spec import Spec
from keras_seq2seq.training.configuration.config import RunConfig
from keras_seq2seq.training.configuration.recipe import recipe_path

_SECTIONS: dict[str, type[Spec]] = get_type_hints(RunConfig)
_LARGEST = 2**20  # bytes; a file with every key and comment has ten thousand
_MOST_DOTS = 100  # in one line: the parser needs the square of a key's parts, which are two
_COMMENT = textwrap.TextWrapper(98, initial_indent="# ", subsequent_indent="# ")


def load_config(
    path: str | os.PathLike | None = None,
    overrides: Iterable[str] = (),
    base: RunConfig | None = None,
) -> RunConfig:
    """Loads the configuration of a run.

    Args:
        path: A TOML file with the sections `[data]`, `[text]`, `[model]` and `[training]`, each
            key optional, or `recipe:NAME`, one that comes with the library. `None` takes the
            defaults, as `recipe:default` does.
        overrides: Each `section.key=value`, applied in order after the file. The value is read
            as TOML, and as bare text where it is none. A `model.preset` among them takes the
            place of the whole section `[model]` of the file.
        base: What a trained model says of itself, for a run that begins with it: `[text]`,
            `[model]`, and columns and limits of `[data]`.

    Raises:
        ConfigError: the file is missing or not TOML (with the line), a section or key is unknown
            (with the nearest name), a value is wrong, or two keys, or one and the base,
            contradict each other.

    Example:

    >>> config = load_config(None, ["model.units=64", "model.attention=none"])
    >>> config.model.units, config.model.attention
    (64, None)
    """
    values: dict[str, dict[str, Any]] = {section: {} for section in _SECTIONS}
    path = None if path is None else recipe_path(path)
    if path is not None:
        path = os.fspath(path)
        for section, table in read_toml(path).items():
            for key, value in _table(path, section, table).items():
                _set(values, path, section, key, value)
    written = set(values["model"])
    for override in overrides:
        section, key, value = _parse_override(override)
        _set(values, f"--set {override}", section, key, value)
        if (section, key) == ("model", "preset"):
            values["model"] = {k: v for k, v in values["model"].items() if k not in written}
            values["model"]["preset"] = value
            written = set()
        elif section == "model":
            written.discard(key)
    if base is not None:
        values = _above(base, values)
    makers: dict[str, Callable] = {**_SECTIONS, "model": ModelSpec.from_preset}
    try:
        return RunConfig(**{name: make(**values[name]) for name, make in makers.items()})
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}" if path else str(error)) from None


def is_free_of_the_model(section: str, key: str) -> bool:
    """Whether a key of `[text]` or `[model]` may be another than as its model was trained."""
    return key.startswith("subword_sampling") if section == "text" else "dropout" in key


def contradiction(key: str, said: Any, true: Any) -> ConfigError:
    """The error of a key that says something else than the model that a run begins with."""
    return ConfigError(
        f"{key} is {said!r}, but that of the model the run begins with is {true!r}: text and "
        "network come from it, and only kinds of dropout and subword sampling may change. Leave "
        "it out, or begin without the model."
    )


def _above(base: RunConfig, values: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """What was written, above what a model says; complains where both speak of the same."""
    for section in ("text", "model"):
        known = getattr(base, section).values()
        for key, value in values[section].items():
            if value != known[key] and not is_free_of_the_model(section, key):
                raise contradiction(f"{section}.{key}", value, known[key])
        values[section] = {**known, **values[section]}
    return {**values, "data": {"columns": base.data.columns, **base.data.limits, **values["data"]}}


def commented_toml(config: RunConfig) -> str:
    """The configuration as TOML with the comment of every key above it; `load_config` reads it.

    Example:

    >>> print(commented_toml(RunConfig())[:6])
    [data]
    """
    blocks = []
    for section, written in config.to_dict().items():
        lines = [f"[{section}]"]
        for field in dataclasses.fields(getattr(config, section)):
            choices = choices_of(field)
            listed = f" One of: {', '.join(choices)}." if choices else ""
            lines += _COMMENT.wrap(field.metadata["comment"] + listed)
            lines.append(tomli_w.dumps({field.name: written[field.name]}).rstrip("\n"))
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks) + "\n"


def _keys(section: str) -> dict[str, dataclasses.Field]:
    return {field.name: field for field in dataclasses.fields(_SECTIONS[section])}


def read_toml(path: str) -> dict[str, Any]:
    """The tables of a TOML file; raises a `ConfigError` that says what is wrong with it."""
    if os.path.exists(path) and not os.path.isfile(path):
        raise ConfigError(f"{path} is not a file: name the TOML file itself.")
    text = ""
    try:
        with open(path, "rb") as file:
            content = file.read(_LARGEST + 1)
        if len(content) > _LARGEST:
            raise ConfigError(f"{path} is no configuration: it has more than {_LARGEST:,} bytes.")
        text = content.decode("utf-8-sig")
        _check_keys(path, text)
        return tomllib.loads(text)
    except ConfigError:
        raise
    except FileNotFoundError:
        raise ConfigError(_missing_message(path)) from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror or error}.") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8 (byte {error.start}): save it as UTF-8.") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(_syntax_message(path, text, str(error))) from None
    except ValueError as error:  # a name that no file can have
        raise ConfigError(f"{path!r} cannot be read: {error}.") from None
    except RecursionError:
        raise ConfigError(f"{path} is nested too deeply: sections hold plain keys.") from None


def _check_keys(path: str, text: str) -> None:
    """Refuses keys of very many parts, which would take the parser all memory."""
    for number, line in enumerate(text.splitlines(), start=1):
        if line.count(".") > _MOST_DOTS and not line.lstrip().startswith("#"):
            raise ConfigError(
                f"{path}, line {number}: more than {_MOST_DOTS} dots; keys are section.key."
            )


def _missing_message(path: str) -> str:
    directory, name = os.path.split(path)
    names = os.listdir(directory or ".") if os.path.isdir(directory or ".") else []
    nearest = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    hint = f" Did you mean {os.path.join(directory, nearest[0])}?" if nearest else ""
    return f"There is no configuration {path}.{hint}"


def _syntax_message(path: str, text: str, problem: str) -> str:
    place = re.search(r" \(at (?:line (\d+), column (\d+)|end of document)\)$", problem)
    if place is None:
        return f"{path} is not TOML: {problem}."
    what = problem[: place.start()]
    line = place[1] or text.count("\n") + 1
    column = f", column {place[2]}" if place[2] else ", at the end"
    return f"{path}, line {line}{column}: not TOML: {what}."


def _table(where: str, section: str, table: Any) -> dict[str, Any]:
    """The keys of a section; complains where there is no such section."""
    if section not in _SECTIONS:
        homes = [name for name in _SECTIONS if section in _keys(name)]
        if homes and not isinstance(table, dict):
            raise ConfigError(
                f"{where}: the key {section} stands outside of a section. Put it below "
                f"[{homes[0]}]."
            )
        raise _unknown(where, "section", section, {name: name for name in _SECTIONS})
    if not isinstance(table, dict):
        raise ConfigError(
            f"{where}: {section} is {table!r}, but it is a section: write [{section}] and its keys "
            "below."
        )
    return table


def _set(values: dict, where: str, section: str, key: str, value: Any) -> None:
    if key not in _keys(section):
        here = {name: f"{section}.{name}" for name in _keys(section)}
        # The same key in another section is nearer than another key in this one.
        moved = [f"{other}.{key}" for other in _SECTIONS if key in _keys(other)]
        raise _unknown(where, "key", key, here, moved, f"{section}.")
    try:
        values[section][key] = checked_value(section, _keys(section)[key], value)
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from None


def _unknown(
    where: str, what: str, name: str, names: dict[str, str], moved: Sequence[str] = (), of: str = ""
) -> ConfigError:
    nearest = [names[near] for near in difflib.get_close_matches(name, names, n=1, cutoff=0.5)]
    hint = f"There are: {', '.join(names.values())}."
    for near in (*moved, *nearest)[:1]:
        hint = f"Did you mean {near}?"
    return ConfigError(f"{where}: unknown {what} {of}{name}. {hint}")


def _parse_override(override: str) -> tuple[str, str, Any]:
    name, equals, text = override.partition("=")
    section, dot, key = name.strip().partition(".")
    if not (equals and dot and section and key):
        raise ConfigError(
            f"--set {override} is not understood. Write section.key=value, as in model.units=256."
        )
    _table(f"--set {override}", section, {})  # there is such a section
    field = _keys(section).get(key)
    value = _toml_value(text.strip())
    if field is not None and type(field.default) is str and not isinstance(value, str):
        value = text.strip()  # a file may be named 2024
    return section, key, value


def _toml_value(text: str) -> Any:
    if text.count(".") > _MOST_DOTS:
        return text
    try:
        document = tomllib.loads(f"value = {text}")
    except (tomllib.TOMLDecodeError, RecursionError):
        return text
    return document["value"] if document.keys() == {"value"} else text
