import json

import pytest

from keras_seq2seq import export
from keras_seq2seq.export.warmup.warmup import replay_warmup


@pytest.mark.slow
def test_a_run_is_served_with_its_card(command, artefacts, tmp_path):
    """Twice: a directory for the server, then a second version beside the first."""
    kit, scores = tmp_path / "kit", tmp_path / "scores.json"
    scores.write_text(command("evaluate", artefacts["run"], "--json").out, "utf-8")
    arguments = ("export", artefacts["run"], "--serving", kit, "--name", "ko-en")
    facts = ("--license", "CC-BY-2.0", "--scores", scores)
    assert command(*arguments).out == f"{kit}/models/ko-en/1\n"
    (kit / "compose.yaml").write_text("services: {}\n", "utf-8")
    result = command(*arguments, *facts, "--beam", 2)
    assert result.out == f"{kit}/models/ko-en/2\n"
    assert f"{kit}/compose.yaml was edited and stays as it is" in result.err
    text = (kit / "models/ko-en/2/assets.extra/model_card.json").read_text("utf-8")
    card = json.loads(text)
    assert card["unknown"] == [] and card["license"] == "CC-BY-2.0"
    assert card["scores"][0]["bleu"] == json.loads(scores.read_text("utf-8"))["bleu"]
    assert card["data"]["train"]["kept"] and card["configuration"]["model"]["cell"]
    sources = [row["source"] for row in card["examples"]]
    artefact = export.open_artefact(kit / "models/ko-en")
    assert artefact.path == str(kit / "models/ko-en/2")
    found = export.open_artefact(artefacts["run"]).generate(sources).texts
    assert [row["output"] for row in card["examples"]] == found
    assert artefact.generate(sources).texts == found
    replay_warmup(artefact)
