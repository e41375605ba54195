"""Searches, details and scores from the command line."""

import json
import re

import numpy as np
import pytest

from keras_seq2seq import TextSeq2Seq, open_artefact


@pytest.fixture
def asked(monkeypatch):
    """The options of each call of `TextSeq2Seq.generate`, as they reached it."""
    calls, generate = [], TextSeq2Seq.generate

    def listen(self, *args, **options):
        calls.append(options)
        return generate(self, *args, **options)

    monkeypatch.setattr(TextSeq2Seq, "generate", listen)
    return calls


def lines_of(result):
    assert result.code == 0, result.err
    return result.out.splitlines()


def test_beam_search_is_the_same_from_keras_and_saved_model(artefacts, command, sources):
    expected = lines_of(command("generate", artefacts["run"], sources, "--beam", 4, "--scores"))
    served = lines_of(command("generate", artefacts["served"], sources, "--beam", 4, "--scores"))
    for ours, theirs in zip(expected, served, strict=True):
        (score, text), (other, same) = ours.split("\t"), theirs.split("\t")
        assert text == same and float(score) == pytest.approx(float(other), abs=2e-4)


def test_n_best_results_stand_under_each_other(artefacts, command, sources, asked):
    arguments = ["--beam-size", 3, "--num-return", 3, "--length-penalty", 0, "--scores"]
    lines = lines_of(command("generate", artefacts["run"], sources, *arguments))
    scores = [float(line.split("\t")[0]) for line in lines]
    assert asked[0]["length_penalty"] == 0  # else the order would be another one
    assert len(scores) == 3 + 1 + 3 + 3  # an empty line has one result
    for one in (scores[:3], scores[4:7], scores[7:]):
        assert one == sorted(one, reverse=True)
    short = ["--beam", 3, "--n-best", 3, *arguments[4:]]
    assert lines_of(command("generate", artefacts["run"], sources, *short)) == lines


@pytest.mark.parametrize(
    "given",
    [
        {"beam_size": 2, "length_penalty": 0, "coverage_penalty": 0, "diversity": 0},
        {"min_length": 0, "max_length": 0, "no_repeat_ngram": 0},
        {"sampling": True, "seed": 0, "top_k": 0, "top_p": 0},
    ],
    ids=" ".join,
)
def test_zero_is_a_value(artefacts, command, sources, asked, given):
    flags = [f"--{name.replace('_', '-')}={value}" for name, value in given.items()]
    flags = ["--sampling" if flag == "--sampling=True" else flag for flag in flags]
    lines = lines_of(command("generate", artefacts["run"], sources, *flags))
    assert given.items() <= asked[0].items()
    assert (lines == [""] * 4) == ("max_length" in given)


@pytest.mark.slow
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
    assert any("⁇" in line for line in run("--prefix", "☃"))  # a letter it has never seen
    assert not any("⁇" in line for line in run("--prefix", "☃", "--replace-unknown"))


def test_long_sources_are_cut_split_or_refused(artefacts, command, refused):
    long = "사과이 있어요. 책를 사요. 물를 봐요. 빵가 좋아요."
    base = ["generate", artefacts["run"]]
    model = open_artefact(artefacts["run"]).model
    results = {how: model.generate(long, long_sources=how) for how in ("truncate", "split")}
    assert results["truncate"] != results["split"]
    assert lines_of(command(*base, stdin=long.encode())) == [results["truncate"]]
    for how, expected in results.items():
        found = lines_of(command(*base, "--long-sources", how, stdin=long.encode()))
        assert found == [expected]
    said = refused(*base, "--long-sources", "error", stdin=long.encode())
    assert "more than the 16 that the model reads" in said


def test_score_prints_one_line_for_each_pair(artefacts, command, corpus, tmp_path):
    pairs = ["사과이 있어요.\tThere is an apple.", "사과이 있어요.\tI see tea.", "\tHello"]
    file = tmp_path / "pairs.tsv"
    file.write_text("\n".join(pairs) + "\n", "utf-8")
    columns = ["--columns", "1,2"]  # the run reads them the other way round
    result = command("score", artefacts["run"], file, *columns)
    rows = [line.split("\t") for line in lines_of(result)]
    assert ["\t".join(row[2:]) for row in rows] == pairs
    assert "perplexity" in result.err
    served = [line.split("\t") for line in lines_of(command("score", artefacts["served"], file))]
    for ours, theirs in zip(rows, served, strict=True):
        assert float(ours[0]) == pytest.approx(float(theirs[0]), abs=1e-3)
    details = [
        json.loads(x)
        for x in lines_of(command("score", artefacts["run"], file, *columns, "--json"))
    ]
    assert [one["score"] for one in details] == pytest.approx([float(r[0]) for r in rows], abs=1e-4)
    assert details[0]["text"] == "There is an apple."


@pytest.mark.slow
def test_evaluate_searches_with_beams_and_ensembles(artefacts, command, corpus):
    base = ["--test", corpus, "--columns", "2,1", "--json"]
    greedy = json.loads(command("evaluate", artefacts["run"], *base).out)
    beam = json.loads(command("evaluate", artefacts["run"], *base, "--beam", 3).out)
    twice = json.loads(
        command("evaluate", artefacts["run"], *base, "--ensemble", artefacts["keras"]).out
    )
    assert twice["bleu"] == pytest.approx(greedy["bleu"])
    assert beam["sentences"] == greedy["sentences"]


@pytest.mark.slow
def test_evaluate_and_compare_take_every_search(artefacts, command, corpus, tmp_path):
    korean = "".join(line.split("\t")[1] + "\n" for line in corpus.read_text("utf-8").splitlines())
    search = ["--no-repeat-ngram", 1, "--min-length", 3, "--max-length", 9]
    expected = command("generate", artefacts["run"], *search, stdin=korean.encode())
    plain = command("generate", artefacts["run"], stdin=korean.encode())
    assert lines_of(expected) != lines_of(plain)
    base = ["--test", corpus, "--columns", "2,1", *search]
    output = tmp_path / "output.txt"
    assert command("evaluate", artefacts["run"], *base, "--output", output).code == 0
    assert output.read_text("utf-8") == expected.out
    compared = command("compare", output, artefacts["run"], *base, "--json")
    assert [row["difference"] for row in json.loads(compared.out)["scores"]][1::2] == [0, 0, 0]


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        (
            "run",
            ["--temperature", 2],
            "--temperature has no effect on greedy search: set --sample,",
        ),
        ("run", ["--beam", 2, "--n-best", 3], "--n-best 3 results need a --beam of at least"),
        ("run", ["--long-sources", "cut"], "--long-sources 'cut' is not known; choose"),
        ("run", ["--max-length", 900], "--max-length 900 is above"),
        ("run", ["--min-length", 10, "--max-length", 5], "--min-length asks for at least 10"),
        ("run", ["--min-length", 21], "the model's max_target_length allows 20"),
        ("run", ["--min-length-ratio", 9], "source 1: --min-length-ratio asks for at least"),
        (
            "run",
            ["--prefix", "There is no rice.", "--max-length", 2],
            "--prefix (--forced-ids) asks",
        ),
        ("run", ["--sample", "--seed", 3_000_000_000], "--seed must be below 2**31"),
        ("run", ["--sample", "--top-k", 2**31], "--top-k must be below 2**31"),
        ("run", ["--sample", "--top-p", 1.5], "--top-p must be at most 1, got 1.5"),
        ("run", ["--sample", "--temperature", "nan"], "--temperature must be a number"),
        ("run", ["--sample", "--temperature", -1], "--temperature must be at least 0.0001"),
        ("run", ["--max-length-ratio", 1e30], "--max-length-ratio must be at most 1000000"),
        ("run", ["--beam", 2, "--length-penalty", "nan"], "--length-penalty must be a number"),
        ("served", ["--beam", 4, "--max-length", 2**33], "--max-length must be below 2**31"),
        ("tflite", ["--beam", 4], "cannot be changed: --beam 4"),
        ("tflite", ["--beam", 1, "--seed", 1, "--sample"], "cannot be changed: --sample"),
        ("tflite", ["--num-return", 2, "--sample"], "--num-return: for a run or .keras file"),
        ("tflite", ["--json"], "--json: for a run or .keras file"),
        ("served", ["--beam", 5], "no option --beam 5"),
        ("served", ["--max-length", 5], "not search greedily, as --max-length without beams asks"),
        ("served", ["--ensemble", "tflite"], "--ensemble takes runs and .keras files"),
    ],
)
def test_what_cannot_be_done_is_refused(artefacts, refused, sources, name, options, message):
    options = [artefacts["tflite"] if option == "tflite" else option for option in options]
    assert message in refused("generate", artefacts[name], sources, *options)


@pytest.mark.parametrize("name", ["run", "served", "tflite"])
def test_what_is_so_anyway_may_be_said(artefacts, command, sources, name):
    said = lines_of(command("generate", artefacts[name], sources, "--beam", 1, "--n-best", 1))
    assert said == lines_of(command("generate", artefacts[name], sources))


@pytest.mark.slow
def test_a_tflite_file_with_beams(artefacts, command, sources, tmp_path):
    file = tmp_path / "beam.tflite"
    lines_of(command("export", artefacts["run"], "--tflite", file, "--beam", 3))
    expected = lines_of(command("generate", artefacts["run"], sources, "--beam", 3))
    assert lines_of(command("generate", file, sources)) == expected


def test_a_length_is_a_whole_number(command, sources):
    result = command("generate", sources, sources, "--max-length", 5.7)
    said = " ".join(re.sub(r"\x1b\[[0-9;]*m|│", "", result.err).split())
    assert result.code == 2 and not result.out
    assert "Invalid value for '--max-length'" in said and "integer" in said


@pytest.mark.parametrize("value", [float("inf"), 3e38])
def test_weights_that_nothing_can_be_computed_with_are_no_success(
    artefacts, refused, sources, tmp_path, value
):
    model = open_artefact(artefacts["run"]).model
    weights = model.seq2seq.get_weights()
    model.seq2seq.set_weights([np.full_like(weight, value) for weight in weights])
    model.save(tmp_path / "broken.keras")
    for search in ([], ["--beam", 3], ["--sample"], ["--json"]):
        assert "not finite" in refused("generate", tmp_path / "broken.keras", sources, *search)
