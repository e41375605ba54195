"""The configuration: one source of defaults and comments, and errors that name the nearest."""

import dataclasses

import pytest
import tomli_w
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keras_seq2seq import Seq2Seq
from keras_seq2seq.models import PRESETS, ModelSpec, preset_arguments
from keras_seq2seq.specs.config_error import ConfigError
from keras_seq2seq.training.configuration.config import (
    RunConfig,
    TextConfig,
    TrainingConfig,
)
from keras_seq2seq.training.configuration.config_file import commented_toml, load_config

CHANGED = RunConfig(
    text=TextConfig(tokenizer="byte", normalization="NFD", lowercase=True),
    model=ModelSpec(units=7, attention="none", share_embeddings=True),
    training=TrainingConfig(learning_rate=1e-5, ema_momentum=0.0),
)


@pytest.fixture
def write(tmp_path):
    def write_file(content, name="run.toml"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        return path

    return write_file


def error_of(path=None, *overrides):
    with pytest.raises(ConfigError) as caught:
        load_config(path, overrides)
    return str(caught.value)


def test_nothing_gives_the_defaults(write):
    assert load_config() == load_config(write("")) == RunConfig()


def test_the_file_and_then_the_overrides(write):
    path = write("[model]\nunits = 64\ncell = 'gru'\n[training]\nepochs = 2\n")
    config = load_config(path, ["model.units=32", "model.units=16"])
    assert (config.model.units, config.model.cell, config.training.epochs) == (16, "gru", 2)
    assert config.data == RunConfig().data


@pytest.mark.parametrize("config", [RunConfig(), CHANGED])
def test_toml_is_read_back_to_the_same(write, config):
    path = write(commented_toml(config))
    assert load_config(path) == config


def test_the_commented_file_has_every_key_below_its_comment():
    lines = commented_toml(CHANGED).splitlines()
    assert "units = 7" in lines and "[training]" in lines
    for section in dataclasses.fields(RunConfig):
        for field in dataclasses.fields(section.default_factory):
            (place,) = [i for i, line in enumerate(lines) if line.startswith(f"{field.name} = ")]
            comment = []
            while lines[place - 1].startswith("# "):
                place -= 1
                comment.insert(0, lines[place].removeprefix("# "))
            assert " ".join(comment).startswith(field.metadata["comment"])
            assert all(choice in " ".join(comment) for choice in field.metadata["choices"])
    assert max(map(len, lines)) <= 100


def test_every_default_passes_its_own_check_and_no_key_is_in_two_sections():
    defaults = RunConfig().to_dict()
    keys = [key for section in defaults.values() for key in section]
    assert len(keys) == len(set(keys)) > 30
    for section, values in defaults.items():
        for key, value in values.items():
            # Written out, it goes through the check that a user's value goes through.
            written = tomli_w.dumps({key: value}).partition(" = ")[2].strip()
            config = load_config(None, [f"{section}.{key}={written}"])
            found = config.to_dict()[section][key]
            assert found == value and type(found) is type(value), key
            assert config == RunConfig(), key


def test_sections_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        RunConfig().model.units = 3


@pytest.mark.parametrize(
    "override, key, value",
    [
        ("model.dropout=0", "dropout", 0.0),
        ("model.attention=none", "attention", "none"),
        ("model.attention='dot'", "attention", "dot"),
        ("model.bidirectional=false", "bidirectional", False),
        (" model.units = 3 ", "units", 3),
    ],
)
def test_overrides_are_toml_or_bare_text(override, key, value):
    result = load_config(None, [override]).to_dict()["model"][key]
    assert result == value and type(result) is type(value)


def test_an_override_of_text_may_look_like_something_else():
    config = load_config(None, ["data.train=2024", "data.valid=a=b,c d.tsv", "data.columns=2,1"])
    assert (config.data.train, config.data.valid) == ("2024", "a=b,c d.tsv")
    assert config.data.columns == "2,1"


@pytest.mark.parametrize(
    "override, said",
    [
        ("model.unit=3", "unknown key model.unit. Did you mean model.units?"),
        ("model.epochs=3", "unknown key model.epochs. Did you mean training.epochs?"),
        ("modle.units=3", "unknown section modle. Did you mean model?"),
        ("model.zzz=3", "There are: model.preset, model.cell"),
        ("units=3", "Write section.key=value"),
        ("model.units", "Write section.key=value"),
        ("model.units=x\ny = 3", "whole number"),
        ("model.units=3\nother = 4", "whole number"),
        ("model.units=[[3", "whole number"),
        ("model.units=" + "[" * 5000, "whole number"),
        ("model.units.x=3", "unknown key"),
        ("data.train=\udcff", "plain text"),
        ('data.train="a\\u0000"', "plain text"),
    ],
)
def test_overrides_that_are_not_understood(override, said):
    message = error_of(None, override)
    assert said in message and "--set" in message


@pytest.mark.parametrize(
    "content, said",
    [
        ("[modell]\nunits = 3\n", "unknown section modell. Did you mean model?"),
        ("[model]\nunist = 3\n", "unknown key model.unist. Did you mean model.units?"),
        ("[data]\nunits = 3\n", "unknown key data.units. Did you mean model.units?"),
        ("epochs = 3\n", "epochs stands outside of a section. Put it below [training]"),
        ("model = 3\n", "it is a section: write [model]"),
        ("[[model]]\nunits = 3\n", "it is a section: write [model]"),
        ("[model]\nunits = 'many'\n", "model.units is 'many' (str), but a whole number"),
        ("[model]\nunits = true\n", "model.units is True (bool), but a whole number"),
        ("[model]\nunits = 3.0\n", "model.units is 3.0 (float), but a whole number"),
        ("[model]\ndropout = true\n", "model.dropout is True (bool), but a number"),
        ("[model]\nbidirectional = 1\n", "model.bidirectional is 1 (int), but true or false"),
        ("[model]\ncell = 3\n", "model.cell is 3 (int), but a text"),
        ("[model.units]\nx = 3\n", "(dict), but a whole number"),
        ("[model]\nunits = 0\n", "model.units is 0, but must be at least 1."),
        ("[model]\ndropout = 1\n", "dropout is 1.0, but must be at least 0.0 and below 1.0."),
        ("[model]\ndropout = -0.1\n", "must be at least 0.0"),
        ("[model]\ndropout = nan\n", "a finite number"),
        ("[training]\nlearning_rate = inf\n", "a finite number"),
        ("[training]\nlearning_rate = 0.0\n", "must be above 0.0"),
        ("[training]\nlearning_rate = 1" + "0" * 400 + "\n", "beyond any number"),
        ("[training]\nlabel_smoothing = 1.0\n", "below 1.0"),
        ("[text]\ncharacter_coverage = 1.1\n", "at least 0.98 and at most 1.0"),
        ("[model]\nattention = 'generel'\n", "'general', 'additive'. Did you mean 'gen"),
        ("[model]\ncell = 'LSTM'\n", "Did you mean 'lstm'?"),
        ("[data]\ncolumns = '2;1'\n", "data.columns: The columns '2;1' are not understood"),
        ("[data]\ntrain = ' '\n", "data.train: no corpus is named"),
        ("[model]\nshare_embeddings = true\n", "text.shared_vocabulary = true"),
        ("[model]\nattention = 'dot'\nbridge = 'dense'\n", "memory of 2H"),
        ("[model]\nattention = 'none'\nbridge = 'zero'\n", "nothing of the source"),
        ("[model]\npreset = 'smal'\n", "Did you mean 'small'?"),
        ("[model]\nlayer_dropout = -0.5\n", "or -1 to take dropout"),
        ("[model]\nmemory_dropout = 1.0\n", "at least -1.0 and below 1.0"),
        ("[model]\ndecoder_units = 100\n", 'Set model.bridge = "dense"'),
        ("[model]\nattention = 'none'\ninput_feeding = true\n", "input_feeding has no effect"),
        ("[model]\nattention = 'none'\nattention_dropout = 0.1\n", "has no effect"),
        ("[model]\nfirst_layer_attention = true\n", "Set model.decoder_layers = 2"),
        (
            "[model]\nnum_layers = 2\nfirst_layer_attention = true\ninput_feeding = true\n",
            "does not go with model.first_layer_attention",
        ),
        (
            "[model]\ninput_feeding = true\nrecurrent_dropout = 0.1\n",
            "does not go with model.recurrent_dropout",
        ),
        ("[model]\nattention_heads = 3\n", "must divide the 320 units"),
        ("[text]\ntokenizer = 'byte'\nsubword_sampling_target = 0.1\n", "one way to cut a word"),
        ("[training]\naverage_epochs = 3\n", "two ways to average"),
        (
            '[training]\naverage_epochs = 3\nema_momentum = 0.0\nquantization_aware = "int4"\n',
            "takes the mean of weights",
        ),
        ("[training]\nmonitor = 'bleu'\n", "training.bleu_sentences = 500"),
    ],
)
def test_files_that_are_not_understood(write, content, said):
    message = error_of(write(content))
    assert said in message and "run.toml" in message


def test_syntax_errors_name_file_and_line(write):
    assert "run.toml, line 2, column" in error_of(write("[model]\nunits = = 3\n"))
    assert "run.toml, line 3" in error_of(write("[model]\nunits = 3\nunits = 4\n"))
    assert "run.toml" in error_of(write("[model"))


def test_files_that_cannot_be_read(write, tmp_path):
    assert "not UTF-8" in error_of(write(b"[model]\n# \xff\n"))
    assert "Did you mean" in error_of(tmp_path / "runn.toml")
    assert "not a file" in error_of(tmp_path)
    assert error_of("a\0b")
    assert "nested too deeply" in error_of(write("x = " + "[" * 100_000))
    assert load_config(write("\ufeff[model]\r\nunits = 3\r\n")).model.units == 3


def test_one_vocabulary_allows_one_embedding():
    for override in ("text.shared_vocabulary=true", "text.tokenizer=byte"):
        assert load_config(None, ["model.share_embeddings=true", override]).model.share_embeddings


def test_a_preset_gives_the_keys_that_are_not_written(write):
    config = load_config(write("[model]\npreset = 'base'\nunits = 48\n"), ["model.dropout=0.1"])
    model = config.model
    assert (model.preset, model.units, model.dropout) == ("base", 48, 0.1)
    assert model.first_layer_attention and model.num_layers == 2
    assert load_config(None, ["model.preset=none"]) == RunConfig()
    assert load_config(write(commented_toml(config))) == config  # every key is written there


def test_a_written_key_wins_even_with_the_plain_default(write):
    assert load_config(write("[model]\nunits = 160\npreset = 'base'\n")).model.units == 160


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_means_the_same_in_a_configuration(name, monkeypatch):
    built = {}
    monkeypatch.setattr(Seq2Seq, "from_options", lambda *sizes, **options: built.update(options))
    Seq2Seq.from_preset(name, 40, 50)
    config = load_config(None, [f"model.preset={name}"]).model
    assert ModelSpec.make(None, built) == config == ModelSpec.from_preset(name)
    for key, value in preset_arguments(name).items():
        assert getattr(config, key) == value
    assert ModelSpec.from_preset(**config.values()) == config


def test_without_attention_there_is_no_lexical_model():
    assert ModelSpec().decoder.has_lexical_model
    assert not ModelSpec(attention="none").decoder.has_lexical_model


def test_the_defaults_are_the_small_preset():
    assert dataclasses.replace(ModelSpec.from_preset("small"), preset="none") == ModelSpec()


def test_dot_attention_is_allowed_where_the_widths_agree():
    for override in ("model.bidirectional=false", "model.bridge=concat"):
        load_config(None, ["model.attention=dot", "model.bridge=sum", override])


def test_checks_hold_in_python_too():
    with pytest.raises(ConfigError, match="training.epochs is -1, but must be at least 0"):
        TrainingConfig(epochs=-1)
    assert type(TrainingConfig(clip_norm=1).clip_norm) is float


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        st.text(max_size=40),
        st.builds(
            "[{}]\n{} = {}\n".format,
            st.sampled_from(["model", "training", "data", "x"]),
            st.sampled_from(["units", "epochs", "train", "dropout"]),
            st.one_of(st.integers(), st.floats(), st.sampled_from(["true", "'a'", "1979-05-27"])),
        ),
    )
)
def test_any_text_is_a_configuration_or_a_config_error(tmp_path, content):
    path = tmp_path / "any.toml"
    path.write_bytes(content.encode("utf-8"))
    try:
        assert isinstance(load_config(path), RunConfig)
    except ConfigError as error:
        assert "any.toml" in str(error)


@pytest.mark.parametrize(
    "text",
    [
        ".".join("a" * 100_000) + " = 1",
        "[" + ".".join("a" * 100_000) + "]",
        "x = {" + ".".join("a" * 100_000) + " = 1}",
        "[data]\n" + "\n".join(".".join("a" * 200) + f"{i} = 1" for i in range(1000)),
    ],
    ids=["key", "section", "inline", "lines"],
)
def test_a_key_of_very_many_parts_is_refused_at_once(text, tmp_path):
    """The parser would take 24 GB."""
    file = tmp_path / "x.toml"
    file.write_text(text, "utf-8")
    with pytest.raises(ConfigError, match=r"x.toml, line \d: more than 100 dots"):
        load_config(file)
    file.write_text("# " + "." * 300 + "\n[model]\nunits = 8\n", "utf-8")
    assert load_config(file).model.units == 8


def test_a_file_without_end_is_refused(tmp_path):
    file = tmp_path / "x.toml"
    with open(file, "wb") as out:
        out.truncate(2**40)  # takes no room on the disk
    with pytest.raises(ConfigError, match="more than 1,048,576 bytes"):
        load_config(file)


def test_a_value_of_very_many_parts_is_text():
    with pytest.raises(ConfigError):
        load_config(None, ["model.units={" + ".".join("a" * 100_000) + "=1}"])
