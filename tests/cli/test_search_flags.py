"""The flags of a search: made from the options, the same for every command."""

import importlib
import inspect

import pytest

from keras_seq2seq.cli.search_flags import ALIASES, name_flags, with_search_flags
from keras_seq2seq.decoding.search_option import SearchOption
from keras_seq2seq.decoding.search_options import OPTIONS, SearchOptions

COMMANDS = ["generate", "evaluate", "compare"]
WITHOUT_FLAG = {"banned_ids", "forced_ids", "allowed"}  # ids and tables


def flags_of(command):
    parameters = inspect.signature(command).parameters.values()
    return {p.name: p for p in parameters if p.kind is p.KEYWORD_ONLY}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_a_flag_with_its_own_name_and_help(command, name):
    flags = flags_of(importlib.import_module(f"keras_seq2seq.cli.{name}_command").run)
    assert flags.keys() == OPTIONS.keys() - WITHOUT_FLAG
    shown = " ".join(command(name, "--help").out.replace("│", " ").split())
    for flag, parameter in flags.items():
        assert f"--{flag.replace('_', '-')}" in shown
        assert parameter.annotation.__metadata__[0].help == OPTIONS[flag].explain()
    assert set(ALIASES) < set(flags) and all(alias in shown for alias in ALIASES.values())


def test_a_new_option_is_a_flag_at_once(monkeypatch):
    about = SearchOption("Tokens that are typical.", kind="float32", least=0, neutral=1.0)
    monkeypatch.setitem(OPTIONS, "typical_p", about)
    flag = flags_of(with_search_flags(lambda **search: None))["typical_p"]
    assert flag.annotation.__origin__ == float | None and flag.default is None
    [option] = flag.annotation.__metadata__
    assert option.help == about.help and option.default == "--typical-p"


def test_only_what_was_given_reaches_the_command_zeros_too():
    given = []
    run = with_search_flags(lambda file, **search: given.append((file, search)))
    nothing = dict.fromkeys(OPTIONS.keys() - WITHOUT_FLAG)
    run(file="x", **nothing)
    run(file="x", **nothing | {"beam_size": 2, "length_penalty": 0.0, "max_length": 0})
    assert given == [("x", {}), ("x", {"beam_size": 2, "length_penalty": 0.0, "max_length": 0})]


@pytest.mark.parametrize("name", COMMANDS)
def test_what_is_wrong_is_told_before_anything_is_opened(refused, tmp_path, name):
    (tmp_path / "no_model").touch()
    said = refused(name, tmp_path / "no_model", "--sampling", "--temperature", 0)
    assert "error: --temperature must be at least 0.0001, got 0.0" in said


@pytest.mark.parametrize(
    ("python", "flags"),
    [
        (
            "num_return=3 results need a beam_size of 3, got 1; or sampling=True.",
            "--n-best 3 results need a --beam of 3, got 1; or --sample.",
        ),
        (
            "top_k is for sampling: set sampling=True, without beams.",
            "--top-k is for sampling: set --sample, without beams.",
        ),
        (
            "generate: max_length=[5, 7] is above 4, temperature=0.5.",
            "generate: --max-length [5, 7] is above 4, --temperature 0.5.",
        ),
        (
            'num_return=2 and long_sources="split" do not go together.',
            '--n-best 2 and --long-sources "split" do not go together.',
        ),
        (
            "seed must be below 2**31, got 2147483648.",
            "--seed must be below 2**31, got 2147483648.",
        ),
        *[("runs/top_k/seed.txt is no model: 'seed', a seed of 3 and no prefix.",) * 2],
    ],
)
def test_errors_name_flags_where_they_mean_options(python, flags):
    assert name_flags(python, set()) == flags


def test_python_says_what_python_calls_it():
    with pytest.raises(ValueError, match="num_return=3 .* sampling=True"):
        SearchOptions(num_return=3)
