import json
import pathlib

import ablations
import pytest

from keras_seq2seq.training import ConfigError
from keras_seq2seq.training.configuration.config_file import load_config

ARGUMENTS = ["--train", "a.tsv", "--valid", "b.tsv", "--epochs", "3"]


@pytest.fixture
def measured(monkeypatch):
    """Names of the variants that were trained, in order; their figures are made up."""
    names = []

    def measure(name, config, options):
        names.append(name)
        if name == "breaks":
            return {"error": "no luck", "config": config.to_dict()}
        scores = {"bleu_lowercased_tokenised": 10.0 + len(names), "bleu_cased": 9.0, "chrf": 30.0}
        return {
            "config": config.to_dict(),
            "val": scores,
            "valid_perplexity": 5.0,
            "parameters": 1234,
            "minutes": 1.0,
        }

    monkeypatch.setattr(ablations, "_measure", measure)
    return names


@pytest.fixture
def variants(tmp_path):
    path = tmp_path / "variants.toml"
    rows = {"recipe": [], "small": ["model.units=7"], "breaks": ["training.label_smoothing=0"]}
    path.write_text(
        "\n".join(f"[[variant]]\nname = {json.dumps(n)}\nset = {s}" for n, s in rows.items())
    )
    return path


def run(variants, output, *more):
    ablations.main(["--variants", str(variants), "--output", str(output), *ARGUMENTS, *more])


def test_a_line_for_each_and_a_table(measured, variants, tmp_path, capsys):
    output = tmp_path / "new" / "out.jsonl"
    run(variants, output)
    rows = [json.loads(line) for line in output.read_text().splitlines()]
    assert [row["variant"] for row in rows] == measured == ["recipe", "small", "breaks"]
    assert rows[1]["config"]["model"]["units"] == 7
    assert all(row["config"]["training"]["epochs"] == 3 for row in rows)
    shown = capsys.readouterr().out
    assert "| small | 12.00 | +1.00 |" in shown and "| breaks | failed: no luck |" in shown


def test_what_is_done_is_not_done_again(measured, variants, tmp_path):
    output = tmp_path / "out.jsonl"
    run(variants, output, "--only", "small")
    run(variants, output)
    assert measured == ["small", "recipe", "breaks"]
    run(variants, output, "--set", "model.embedding_dim=9")  # another recipe
    assert len(measured) == 6


def test_a_variant_that_is_the_recipe_is_not_trained_again(measured, variants, tmp_path, capsys):
    with open(variants, "a") as file:
        file.write('\n[[variant]]\nname = "as it is"\nset = ["training.label_smoothing=0.1"]\n')
    run(variants, tmp_path / "out.jsonl")
    assert measured == ["recipe", "small", "breaks"]
    assert "| as it is | 11.00 | +0.00 |" in capsys.readouterr().out


def test_a_line_that_was_cut_off_is_done_again(measured, variants, tmp_path):
    output = tmp_path / "out.jsonl"
    run(variants, output)
    text = output.read_text()
    output.write_text(text[:-30])
    run(variants, output)
    assert measured == ["recipe", "small", "breaks", "breaks"]
    assert len(ablations.read_rows(output)) == 3


def test_the_table_alone_trains_nothing(measured, variants, tmp_path, capsys):
    run(variants, tmp_path / "out.jsonl", "--only", "recipe")
    run(variants, tmp_path / "out.jsonl", "--table")
    assert measured == ["recipe"]
    assert "Not done yet: small, breaks." in capsys.readouterr().out


def test_a_wrong_key_is_told_before_anything_is_trained(measured, variants, tmp_path):
    variants.write_text(variants.read_text().replace("label_smoothing", "label_smothing"))
    with pytest.raises(ConfigError, match="Did you mean training.label_smoothing"):
        run(variants, tmp_path / "out.jsonl")
    assert measured == []


def test_wrong_variants_are_refused(variants):
    with pytest.raises(ValueError, match="Did you mean 'small'"):
        ablations.read_variants(variants, ["smal"])
    variants.write_text("[[variant]]\nname = 'x'\n")
    with pytest.raises(ValueError, match="Expected"):
        ablations.read_variants(variants)
    variants.write_text("[[variant]]\nname = 'x'\nset = []\n" * 2)
    with pytest.raises(ValueError, match="same name"):
        ablations.read_variants(variants)


def test_the_variants_at_hand_are_configurations_that_differ():
    variants = ablations.read_variants(ablations.VARIANTS)
    configs = [load_config(None, changes) for changes in variants.values()]
    assert len(variants) >= 8 and pathlib.Path(ablations.VARIANTS).name == "ablations.toml"
    assert configs[0] == load_config()  # the first is the recipe itself
