import json
import shlex
import shutil
import sys

import numpy as np
import pytest
from learnt_pairs import PAIRS
from stub_artefact import StubArtefact

from keras_seq2seq import export
from keras_seq2seq.cli.exporting.checks import read_scores
from keras_seq2seq.export.kit.card_text import _signature, card_text
from keras_seq2seq.export.kit.model_card import model_card
from keras_seq2seq.export.kit.rest_examples import rest_examples
from keras_seq2seq.export.kit.run_facts import run_facts, scores_of
from keras_seq2seq.export.warmup.records import Record

SOURCES, TARGETS = map(list, zip(*PAIRS, strict=True))
SCORES = {"bleu": 41.5, "chrf": 60.25, "bleu_signature": "nrefs:1|tok:13a", "seconds": 3.0}


@pytest.fixture
def run(tmp_path):
    path = tmp_path / "runs" / "first run"
    path.mkdir(parents=True)
    facts = {
        "data_report.json": {
            "train": {"origin": "a|b.tsv", "kept": 23000, "source": {"lengths": {"median": 11}}}
        },
        "data_fingerprint.json": {"train": {"sha256": "ab" * 32}},
        "summary.json": SCORES,
        "training_summary.json": {"epochs": 3, "valid_loss": 0.5},
    }
    for name, value in facts.items():
        (path / name).write_text(json.dumps(value), "utf-8")
    (path / "config.toml").write_text('[model]\ncell = "lstm"\n', "utf-8")
    return path


@pytest.fixture
def exported(served, monkeypatch):
    """`serving_kit` with a `saved_model` that only makes room for a version."""

    def fake(model, directory, sample, *, finish, **options):
        version = directory / "1"
        (version / "assets.extra").mkdir(parents=True)
        for name in ("saved_model.pb", "assets.extra/tf_serving_warmup_requests"):
            (version / name).write_bytes((served / "1" / name).read_bytes())
        artefact = StubArtefact(served / "1", version)
        artefact.signatures = {**artefact.signatures, **options}
        finish(artefact)
        return version

    monkeypatch.setattr(sys.modules["keras_seq2seq.export.kit.serving_kit"], "saved_model", fake)
    return export.serving_kit


def test_a_kit_is_whole(exported, trained, run, tmp_path):
    kit = exported(trained, tmp_path / "kit", run=run, license="MIT", sample=SOURCES)
    assert kit.version == tmp_path / "kit/models/first-run/1" and kit.kept == []
    names = {p.relative_to(tmp_path / "kit").as_posix() for p in (tmp_path / "kit").rglob("*.*")}
    assert names >= {
        *("compose.yaml", "README.md", "config/models.config", "config/monitoring.config"),
        *("config/batching.config", "config/healthy.sh"),
        "models/first-run/1/batching_params.pbtxt",
        "models/first-run/1/assets.extra/model_card.json",
        "models/first-run/1/assets.extra/MODEL_CARD.md",
    }
    card = json.loads((kit.version / "assets.extra/model_card.json").read_text("utf-8"))
    assert card["license"] == "MIT" and card["unknown"] == []
    assert [row["source"] for row in card["examples"]] == SOURCES[:5]
    readme = (tmp_path / "kit/README.md").read_text("utf-8")
    assert "curl" in readme and "docker compose down" in readme


def test_a_version_may_be_told_how_to_batch(served, tmp_path):
    """It is no part of what was exported: a user may change it."""
    shutil.copytree(served / "1", tmp_path / "1")
    (tmp_path / "1/batching_params.pbtxt").write_text("max_batch_size { value: 8 }")
    export.open_artefact(tmp_path, to_run=False)


def test_single_steps_are_not_batched(exported, trained, tmp_path):
    kit = exported(trained, tmp_path / "kit", name="steps", encode={})
    assert not (kit.version / "batching_params.pbtxt").exists()


def test_nothing_names_a_model_that_failed(trained, tmp_path, monkeypatch):
    def fail(*_, **__):
        raise export.ExportError("it differs")

    monkeypatch.setattr(sys.modules["keras_seq2seq.export.kit.serving_kit"], "saved_model", fail)
    with pytest.raises(export.ExportError, match="it differs"):
        export.serving_kit(trained, tmp_path / "kit")
    assert not (tmp_path / "kit").exists()


def test_refusals_come_before_the_export(exported, trained, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(export.ExportError, match="is a file"):
        exported(trained, tmp_path / "file")
    with pytest.raises(export.ExportError, match="not fit for a URL"):
        exported(trained, tmp_path / "kit", name="a b")
    with pytest.raises(export.ExportError, match="is no run directory"):
        exported(trained, tmp_path / "kit", run=tmp_path)
    with pytest.raises(export.ExportError, match="no number `bleu`"):
        exported(trained, tmp_path / "kit", scores={"bleu": "high"})
    assert not (tmp_path / "kit").exists()


# === The card ===


@pytest.fixture
def card(trained, served, run):
    facts = run_facts(run)
    artefact = StubArtefact(served / "1")
    return model_card(trained, artefact, "ko-en", None, facts, SOURCES, TARGETS[:1])


def test_the_card_tells_what_each_signature_takes_and_gives(card, served):
    manifest = StubArtefact(served / "1").manifest
    assert card["signatures"].keys() == manifest["signatures"].keys()
    assert next(iter(card["signatures"])) == "serving_default"
    for name, about in card["signatures"].items():
        assert about["inputs"] == manifest["signatures"][name]["inputs"]
        (row,) = about["request"]["instances"]
        if len(about["inputs"]) > 1:
            assert row.keys() == about["inputs"].keys()
        (reply,) = about["reply"]["predictions"]
        if len(about["outputs"]) > 1:
            assert reply.keys() == about["outputs"].keys()
    assert card["signatures"]["serving_default"]["request"] == {"instances": [SOURCES[0]]} or card[
        "signatures"
    ]["serving_default"]["request"].keys() == {"instances"}


def test_the_card_tells_what_is_known_and_what_is_not(card, trained):
    assert card["scores"] == [{k: v for k, v in SCORES.items() if k != "seconds"}]
    assert card["model"]["parameters"] == trained.seq2seq.count_params()
    assert card["texts"]["source"]["scripts"] == ["Hangul"]
    assert card["texts"]["target"]["scripts"] == ["Latin"]
    assert card["configuration"] == {"model": {"cell": "lstm"}}
    assert [text.partition(":")[0] for text in card["unknown"]] == ["the licence"]
    assert set(card["operators"]["of_tensorflow_text"]) >= {"SentencepieceOp"}


def test_a_model_without_a_run_has_a_card(trained, served):
    card = model_card(trained, StubArtefact(served / "1"), "x", "MIT", run_facts(None), (), ())
    assert len(card["unknown"]) == 3 and card["examples"] == card["scores"] == []
    text = card_text(json.loads(json.dumps(card)))
    assert "None came with the model." in text and "## Unknown" in text


def test_the_card_is_whole_markdown(card):
    text = card_text(card)
    for line in text.splitlines():
        if line.startswith("|"):
            assert line.endswith("|")
    assert text.count("```") % 2 == 0
    assert "| BLEU | 41.50 | `nrefs:1\\|tok:13a` |" in text
    assert "a\\|b.tsv" in text and "23,000" in text
    blocks = text.split("```json\n")[1:]
    assert [*json.loads(blocks[0].partition("```")[0])] == ["network"]


def test_every_request_on_a_card_can_be_sent(card):
    curls = [line for line in card_text(card).splitlines() if line.startswith("curl ")]
    requests = [json.loads(shlex.split(line)[2]) for line in curls]
    assert [r.get("signature_name", "serving_default") for r in requests] == [*card["signatures"]]
    assert "... " not in json.dumps(requests)
    (ids,) = next(r["instances"] for r in requests if r.get("signature_name") == "detokenize")
    assert len(ids) > 5 and all(type(number) is int for number in ids)


def test_a_request_that_nobody_would_read_is_not_shown(served):
    ids = np.zeros((1, 5000), np.int32)
    record = Record("detokenize", (), {"ids": ids})
    (found,) = rest_examples(StubArtefact(served / "1"), [record]).values()
    assert found["request"] is None and found["reply"]
    about = {"inputs": {}, "outputs": {}, **found}
    assert "curl" not in _signature("mine", "detokenize", about)


@pytest.mark.parametrize(
    ("origin", "columns", "languages"),
    [
        ("phrasebook:train", "1,2", ["Korean", "English"]),
        ("phrasebook:train", "2,1", ["English", "Korean"]),
        ("phrasebooks.tsv", "1,2", None),
    ],
)
def test_the_languages_of_the_built_in_corpus_are_known(
    card, trained, served, run, origin, columns, languages
):
    (run / "data_report.json").write_text(json.dumps({"train": {"origin": origin}}), "utf-8")
    (run / "config.toml").write_text(f'[data]\ncolumns = "{columns}"\n', "utf-8")
    known = model_card(trained, StubArtefact(served / "1"), "x", None, run_facts(run), (), ())
    assert card["languages"] is None and known["languages"] == languages
    expected = " to ".join(languages) if languages else "not on record"
    assert expected in card_text(known)


def test_a_card_does_not_tell_where_files_lay(run):
    config = {"train": "/home/me/data/a.en,/home/me/b.de", "valid": "held_out", "lr": 0.1}
    (run / "training_summary.json").write_text(json.dumps(config), "utf-8")
    assert run_facts(run)["training"] == {**config, "train": "a.en,b.de"}


def test_scores_are_those_of_evaluate():
    assert scores_of({**SCORES, "data": {}, "ter": None}).keys() == SCORES.keys() - {"seconds"}


@pytest.mark.parametrize("content", [b"BLEU = 41.5", b"[41.5]", b"\xff"])
def test_other_files_are_not_taken_for_scores(tmp_path, content):
    (tmp_path / "scores").write_bytes(content)
    with pytest.raises(ValueError, match="is not what `evaluate --json` prints"):
        read_scores(tmp_path / "scores")
    with pytest.raises(ValueError, match="cannot be read"):
        read_scores(tmp_path / "absent")


@pytest.mark.parametrize("name", ["config.toml", "data_report.json"])
def test_a_broken_file_of_a_run_is_named(run, name):
    (run / name).write_text("{", "utf-8")
    with pytest.raises(export.ExportError, match=name):
        run_facts(run)
