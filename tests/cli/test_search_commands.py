"""Searches, details and scores from the command line."""

import json

import pytest


def lines_of(result):
    assert result.code == 0, result.err
    return result.out.splitlines()


def test_beam_search_is_the_same_from_keras_and_saved_model(artefacts, command, sources):
    expected = lines_of(command("generate", artefacts["run"], sources, "--beam", 4, "--scores"))
    served = lines_of(command("generate", artefacts["served"], sources, "--beam", 4, "--scores"))
    for ours, theirs in zip(expected, served, strict=True):
        (score, text), (other, same) = ours.split("\t"), theirs.split("\t")
        assert text == same and float(score) == pytest.approx(float(other), abs=2e-4)


def test_n_best_results_stand_under_each_other(artefacts, command, sources):
    arguments = ["--beam", 3, "--n-best", 3, "--length-penalty", 0, "--scores"]
    scores = [
        float(line.split("\t")[0])
        for line in lines_of(command("generate", artefacts["run"], sources, *arguments))
    ]
    assert len(scores) == 3 + 1 + 3 + 3  # an empty line has one result
    assert scores[:3] == sorted(scores[:3], reverse=True)


def test_samples_are_repeatable(artefacts, command, sources):
    def sample(name, seed):
        options = ["--sample", "--seed", seed, "--temperature", 1.5, "--top-k", 20]
        return lines_of(command("generate", artefacts[name], sources, *options))

    assert sample("run", 1) == sample("run", 1) == sample("served", 1)
    assert sample("run", 1) != sample("run", 2)


def test_json_has_all_details(artefacts, command, sources):
    found = [
        json.loads(line)
        for line in lines_of(command("generate", artefacts["run"], sources, "--json", "--beam", 2))
    ]
    texts = lines_of(command("generate", artefacts["run"], sources, "--beam", 2))
    assert [one["text"] for one in found] == texts
    for one in found:
        assert len(one["attention"]) == len(one["tokens"]) == len(one["token_scores"])
        assert one["score"] == pytest.approx(sum(one["token_scores"]), abs=1e-4)
        assert {"truncated_source", "hit_max_length", "source_spans"} <= one.keys()
    lists = lines_of(
        command("generate", artefacts["run"], sources, "--json", "--beam", 2, "--n-best", 2)
    )
    assert len(json.loads(lists[0])) == 2


def test_control_of_the_output(artefacts, command, sources):
    def run(*options):
        return lines_of(command("generate", artefacts["run"], sources, *options))

    plain = run()
    assert all(line.startswith("I") for line in run("--prefix", "I") if line)
    short = run("--max-length", 2)
    assert all(len(a) <= len(b) for a, b in zip(short, plain, strict=True))
    assert not any("There" in line for line in run("--ban", "There", "--beam", 2))
    assert run("--long-sources", "split", "--replace-unknown") is not None


def test_score_prints_one_line_for_each_pair(artefacts, command, corpus, tmp_path):
    pairs = ["사과이 있어요.\tThere is an apple.", "사과이 있어요.\tI see tea.", "\tHello"]
    file = tmp_path / "pairs.tsv"
    file.write_text("\n".join(pairs) + "\n", "utf-8")
    result = command("score", artefacts["run"], file)
    rows = [line.split("\t") for line in lines_of(result)]
    assert ["\t".join(row[2:]) for row in rows] == pairs
    assert "perplexity" in result.err
    served = [line.split("\t") for line in lines_of(command("score", artefacts["served"], file))]
    for ours, theirs in zip(rows, served, strict=True):
        assert float(ours[0]) == pytest.approx(float(theirs[0]), abs=1e-3)
    details = [json.loads(x) for x in lines_of(command("score", artefacts["run"], file, "--json"))]
    assert [one["score"] for one in details] == pytest.approx([float(r[0]) for r in rows], abs=1e-4)
    assert details[0]["text"] == "There is an apple."


def test_evaluate_searches_with_beams_and_ensembles(artefacts, command, corpus):
    base = ["--test", corpus, "--columns", "2,1", "--json"]
    greedy = json.loads(command("evaluate", artefacts["run"], *base).out)
    beam = json.loads(command("evaluate", artefacts["run"], *base, "--beam", 3).out)
    twice = json.loads(
        command("evaluate", artefacts["run"], *base, "--ensemble", artefacts["keras"]).out
    )
    assert twice["bleu"] == pytest.approx(greedy["bleu"])
    assert beam["sentences"] == greedy["sentences"]


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("run", ["--temperature", 2], "temperature has no effect on greedy search"),
        ("run", ["--beam", 2, "--n-best", 3], "need a beam_size of at least as many"),
        ("run", ["--long-sources", "cut"], "choose one of error, truncate, split"),
        ("run", ["--max-length", 900], "max_length=900 is above"),
        ("tflite", ["--beam", 4], "cannot be changed: beam_size=4"),
        ("tflite", ["--json"], "--json: for a run or .keras file"),
        ("served", ["--beam", 5], "no option beam_size=5"),
        ("served", ["--ensemble", "tflite"], "--ensemble takes runs and .keras files"),
    ],
)
def test_what_cannot_be_done_is_refused(artefacts, refused, sources, name, options, message):
    options = [artefacts["tflite"] if option == "tflite" else option for option in options]
    assert message in refused("generate", artefacts[name], sources, *options)


def test_a_tflite_file_with_beams(artefacts, command, sources, tmp_path):
    file = tmp_path / "beam.tflite"
    lines_of(command("export", artefacts["run"], "--tflite", file, "--beam", 3))
    expected = lines_of(command("generate", artefacts["run"], sources, "--beam", 3))
    assert lines_of(command("generate", file, sources)) == expected
