import json
import types

import numpy as np
import pytest
import scored_run
from scored_run import choose_search, facts_of, give_json, open_finished_run, score_pairs

from keras_seq2seq.data import SentencePairs
from keras_seq2seq.training import RunDirectory

PAIRS = SentencePairs.from_pairs([(f"word {i}", f"Wort Nummer {i} steht hier.") for i in range(9)])


class Translator:
    """Gets the more sentences right, the nearer the length penalty is to 1."""

    def __init__(self):
        self.asked = []

    def generate_batches(self, texts, batch_size, progress, **search):
        self.asked.append(search)
        progress(len(texts))
        right = 9 - int(4 * abs(search.get("length_penalty", 0.0) - 1.0))
        texts = PAIRS.targets[:right] + ["falsch"] * (9 - right)
        return texts, np.zeros(9), np.ones(9)


def test_scores_are_raw_and_prepared():
    scores, texts = score_pairs(Translator(), PAIRS, "de", length_penalty=1.0)
    assert texts == PAIRS.targets
    assert scores["bleu_cased"] == scores["bleu_lowercased_tokenised"] == 100
    assert scores["exact_match"] == 100 and scores["ter"] == 0 and scores["sentences"] == 9


def test_the_best_search_on_validation_is_chosen():
    model = Translator()
    search, scores, tried = choose_search(model, PAIRS, "de", 5)
    assert search == {"beam_size": 5, "length_penalty": 0.8}  # as good as 1.0 and 1.2
    assert scores["bleu_lowercased_tokenised"] == 100 and "beam_size" not in scores
    assert [row["length_penalty"] for row in tried] == list(scored_run.LENGTH_PENALTIES)
    assert all(asked["beam_size"] == 5 for asked in model.asked)


def test_greedy_search_leaves_nothing_to_choose():
    model = Translator()
    search, scores, tried = choose_search(model, PAIRS, "de", 1)
    assert search == {"beam_size": 1} and tried == [] and model.asked == [{}]
    assert scores["sentences"] == 9


def test_facts_of_a_run_that_was_trained_elsewhere(tmp_path):
    run = RunDirectory(tmp_path / "run").create()
    with pytest.raises(ValueError, match="is no finished run"):
        open_finished_run(run.path)
    from keras_seq2seq.training import commented_toml, load_config

    run.write_text("config.toml", commented_toml(load_config()))
    run.model.touch()
    assert open_finished_run(run.path).path == run.path
    assert facts_of(run)["minutes"] is None
    summary = {"seconds": 90.0, "epochs": 3, "best_epoch": 2, "valid_perplexity": 5.0}
    run.write_text(run.summary.name, json.dumps(summary))
    facts = facts_of(run)
    assert (facts["minutes"], facts["epochs"], facts["best_epoch"]) == (1.5, 3, 2)
    run.write_text(scored_run.FACTS, json.dumps({"minutes": 2.0, "cores": 4}))
    assert facts_of(run)["minutes"] == 2.0 and facts_of(run)["epochs"] == 3


def test_json_goes_to_a_file_or_to_standard_output(tmp_path, capsys):
    give_json({"a": "물"}, tmp_path / "new" / "x.json")
    assert json.loads((tmp_path / "new" / "x.json").read_text("utf-8")) == {"a": "물"}
    give_json({"a": "물"}, "-")
    assert capsys.readouterr().out == '{"a": "물"}\n'
    give_json({"a": 1}, None)
    assert capsys.readouterr().out == ""


def test_what_a_user_can_mend_is_told_in_one_line(monkeypatch):
    def main():
        raise ValueError("nothing\nthere")

    monkeypatch.setattr("sys.stdout", types.SimpleNamespace(reconfigure=lambda **_: None))
    with pytest.raises(SystemExit, match="^error: nothing there$"):
        scored_run.run_script(main)
