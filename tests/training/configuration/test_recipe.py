"""Recipes: found by name, valid, and commented key by key."""

import pytest

from keras_seq2seq.training import ConfigError, RunConfig, load_config, recipe_names
from keras_seq2seq.training.configuration.recipe import recipe_path


def test_the_default_recipe_is_the_configuration_itself():
    assert load_config("recipe:default") == RunConfig()
    assert load_config("recipe:default", ["model.units=7"]).model.units == 7


@pytest.mark.parametrize("name", recipe_names())
def test_every_recipe_loads_and_every_key_has_a_comment_above_it(name):
    load_config(f"recipe:{name}")
    path = recipe_path(f"recipe:{name}")
    if path is None:
        return
    lines = path.read_text("utf-8").splitlines()
    keys = [i for i, line in enumerate(lines) if "=" in line and not line.startswith("#")]
    assert keys and [lines[i] for i in keys if not lines[i - 1].startswith("# ")] == []


def test_an_unknown_recipe_is_refused_with_the_nearest():
    with pytest.raises(ConfigError, match="no recipe 'quickstrat'.*Did you mean 'quickstart'"):
        load_config("recipe:quickstrat")


def test_a_recipe_may_be_given_on_the_command_line(capsys):
    from keras_seq2seq.cli import train_command

    train_command.run("recipe:quickstart", set_=["model.units=5"], show_config=True)
    shown = capsys.readouterr().out
    assert "vocabulary_size = 1600" in shown and "units = 5" in shown
