"""The load test: it sees a wrong reply, an error, memory, and says so."""

import json
import os
import threading

import load_test
import pytest
from load_report import LoadReport, percentiles


@pytest.fixture
def texts(tmp_path):
    path = tmp_path / "texts.txt"
    path.write_text("one\ntwo words\n\nthree of them\n", "utf-8")
    return str(path)


@pytest.fixture
def run(scripted, capitals, capsys, tmp_path):
    def available(method, path, content):
        if method == "GET":
            return 200, {"model_version_status": [{"version": "1", "state": "AVAILABLE"}]}, {}
        return run.answer(method, path, content)

    def run(*arguments):
        report = tmp_path / "report.json"
        given = ["--url", scripted.url, "--model", "mine", "--clients", "3", "--seconds", "0.4"]
        given += ["--different", "8"]
        code = load_test.main([*given, "--json", str(report), *arguments])
        facts = json.loads(report.read_text("utf-8")) if report.is_file() else {}
        return code, facts, capsys.readouterr()

    run.answer = capitals
    scripted.answer = available
    return run


def test_right_replies(run, texts, scripted):
    code, facts, captured = run(
        "--texts",
        texts,
        "--signatures",
        "serving_default,beam",
        "--rows",
        "1,3",
        "--different",
        "8",
    )
    assert (code, facts["wrong"], facts["errors"]) == (0, 0, {})
    assert facts["requests"] > 8 and facts["rows"] > facts["requests"]
    assert set(facts["latency_ms"]) == {"all", "serving_default", "beam"}
    assert "wrong replies: 0; errors: none" in captured.out
    asked = [content for method, _, content, _ in scripted.asked if method == "POST"]
    assert {len(content["inputs"]["text"]) for content in asked} == {1, 3}


def test_wrong_replies_and_errors_are_counted(run, texts, capitals):
    lock, count = threading.Lock(), 0

    def sometimes(*asked):
        nonlocal count
        with lock:
            count += 1
            number = count
        status, content, headers = capitals(*asked)
        if number > 3 and number % 3 == 0:  # the first three are what is expected
            content["outputs"]["length"] = [99]
        return (
            (503, {"error": "full"}, {})
            if number > 3 and number % 3 == 1
            else (
                status,
                content,
                headers,
            )
        )

    run.answer = sometimes
    code, facts, captured = run("--texts", texts, "--different", "3", "--clients", "1")
    assert code == 1
    assert facts["wrong"] >= 1 and facts["errors"]["HTTP 503"] >= 1
    assert "length is [99], not" in captured.out and "HTTP 503: full" in captured.out


def test_replies_of_another_server(run, texts, tmp_path, capitals):
    replies = str(tmp_path / "replies.jsonl")
    few = ("--texts", texts, "--different", "3")
    assert run(*few, "--save-replies", replies)[0] == 0
    assert run(*few, "--replies", replies)[0] == 0

    def other(*asked):
        status, content, headers = capitals(*asked)
        content["outputs"]["score"] = [score - 0.01 for score in content["outputs"]["score"]]
        return status, content, headers

    run.answer = other
    code, facts, _ = run(*few, "--replies", replies)
    assert code == 1 and facts["wrong"] == facts["requests"]
    assert run(*few, "--replies", replies, "--tolerance", "0.1")[0] == 0
    assert run("--texts", texts, "--different", "4", "--replies", replies)[0] == 2


def test_requests_from_a_file_and_secrets(run, tmp_path, scripted):
    path = tmp_path / "requests.jsonl"
    path.write_text('{"signature": "own", "inputs": {"text": ["a", "b"]}}\n\n', "utf-8")
    code, facts, _ = run("--requests", str(path), "--header", "Authorization:Bearer s3cret")
    assert code == 0 and set(facts["latency_ms"]) == {"all", "own"}
    assert "s3cret" not in json.dumps(facts)
    assert scripted.asked[-1][3]["Authorization"] == "Bearer s3cret"
    empty = tmp_path / "empty.txt"
    empty.write_text("\n", "utf-8")
    assert run("--texts", str(empty))[0] == 2


def test_memory_of_a_process(run, texts):
    pytest.importorskip("psutil")
    code, facts, captured = run("--texts", texts, "--pid", str(os.getpid()))
    assert code == 0 and facts["memory_mb"]["max"] > 10
    assert "server's memory" in captured.out
    assert load_test.memory_of(2**22 + 1) == 0  # no such process


def test_percentiles_are_values_that_were_seen():
    assert percentiles([]) == {"count": 0, "p50": 0.0, "p90": 0.0, "p99": 0.0, "max": 0.0}
    found = percentiles([i / 1000 for i in range(1, 101)])
    assert found == {"count": 100, "p50": 50.0, "p90": 90.0, "p99": 99.0, "max": 100.0}
    assert percentiles([0.25])["p50"] == percentiles([0.25])["max"] == 250.0


def test_growth_of_memory_is_from_the_first_to_the_last_tenth():
    report = LoadReport({}, 1)
    for second in range(100):
        report.add_memory(second, (1000 if second < 50 else 1050) * 2**20)
    assert report.facts()["memory_mb"]["growth_percent"] == 5.0
    assert not report.flawless  # nothing was asked


def test_what_differs():
    same = {"text": ["a"], "score": [[-0.5, 1]], "finished": [True]}
    near = {"text": ["a"], "score": [[-0.5001, 1.0]], "finished": [True]}
    assert load_test.first_difference(same, near, 1e-3) == ""
    for name, value in {"text": ["b"], "score": [-0.5, 1], "finished": [False]}.items():
        assert name in load_test.first_difference(same, {**same, name: value}, 1e-3)
    assert "outputs ['text']" in load_test.first_difference(same, {"text": ["a"]}, 1e-3)
