"""The REST client: pieces, order, bytes, retries, deadlines, errors, its command."""

import base64
import io
import json
import subprocess
import sys
import time

import client_command
import pytest
import rest_client
from rest_client import RestClient
from serving_error import ServingError


def make(server, **options):
    return RestClient(server.url, "mine", **{"timeout": 5.0, **options})


def test_a_long_list_goes_in_pieces_and_comes_back_in_order(scripted, capitals):
    scripted.answer = capitals
    texts = [f"text {i}" for i in range(71)]
    assert make(scripted).translate(texts) == [text.upper() for text in texts]
    sizes = [len(content["inputs"]["text"]) for _, _, content, _ in scripted.asked]
    assert sizes == [32, 32, 7]
    assert {path for _, path, _, _ in scripted.asked} == {"/v1/models/mine:predict"}


def test_one_text_for_many_is_refused(scripted):
    with pytest.raises(ValueError, match="a list of texts"):
        make(scripted).translate("text")
    assert make(scripted).translate([]) == []
    assert scripted.asked == []


def test_the_best_of_a_beam_is_its_first(scripted):
    scripted.answer = lambda *_: (200, {"outputs": {"text": [["a", "b"]], "score": [[1, 2]]}}, {})
    assert make(scripted).translate(["x"], "beam") == ["a"]
    assert make(scripted).predict({"text": ["x"]}, "beam", only=["score"]) == {"score": [[1, 2]]}


def test_bytes_go_and_come_as_base64(scripted):
    coded = base64.b64encode(b"\xff\x00").decode()
    scripted.answer = lambda *_: (200, {"outputs": {"a_bytes": [{"b64": coded}], "n": [1]}}, {})
    assert make(scripted).predict({"text": [b"\xff\x00"]}) == {"a_bytes": [b"\xff\x00"], "n": [1]}
    assert scripted.asked[0][2]["inputs"] == {"text": [{"b64": coded}]}


def test_a_single_output_gets_its_name_back(scripted):
    about = {"dtype": "DT_STRING", "tensor_shape": {}}
    signature = {"inputs": {"ids": {**about, "dtype": "DT_INT32"}}, "outputs": {"text": about}}

    def answer(method, path, content):
        if path == "/v1/models/mine/metadata":
            known = {"signature_def": {"detokenize": signature, "__saved_model_init_op": {}}}
            return 200, {"metadata": {"signature_def": known}}, {}
        return 200, {"outputs": ["Hello."]}, {}

    scripted.answer = answer
    assert make(scripted).predict({"ids": [[1, 2]]}, "detokenize") == {"text": ["Hello."]}
    assert list(make(scripted).signatures()) == ["detokenize"]


def test_versions_and_labels_are_in_the_path(scripted, capitals):
    scripted.answer = capitals
    make(scripted, version=3).translate(["x"])
    make(scripted, label="canary").translate(["x"])
    assert [path for _, path, _, _ in scripted.asked] == [
        "/v1/models/mine/versions/3:predict",
        "/v1/models/mine/labels/canary:predict",
    ]
    with pytest.raises(ValueError, match="not both"):
        make(scripted, version=3, label="canary")


@pytest.mark.parametrize("status", [429, 503])
def test_an_overloaded_server_is_asked_again(scripted, capitals, status):
    def answer(*asked):
        busy = (status, {"error": "queue is full"}, {"Retry-After": "0"})
        return busy if len(scripted.asked) < 3 else capitals(*asked)

    scripted.answer = answer
    assert make(scripted).translate(["x"]) == ["X"]
    assert len(scripted.asked) == 3
    scripted.answer = lambda *_: (status, {"error": "queue is full"}, {})
    with pytest.raises(ServingError, match=f"HTTP {status}: queue is full"):
        make(scripted, retries=1).translate(["x"])
    assert len(scripted.asked) == 5


def test_a_broken_connection_is_made_again(scripted, capitals):
    scripted.answer = lambda *asked: capitals(*asked) if len(scripted.asked) > 1 else None
    assert make(scripted).translate(["x"]) == ["X"]


def test_the_server_says_how_long_to_wait(scripted):
    scripted.answer = lambda *_: (503, {"error": "busy"}, {"Retry-After": "60"})
    begin = time.monotonic()
    with pytest.raises(ServingError, match="busy"):
        make(scripted).translate(["x"])  # a minute is beyond the deadline: no wait for nothing
    assert time.monotonic() - begin < 4
    assert len(scripted.asked) == 1


def test_what_cannot_get_better_is_not_asked_again(scripted):
    scripted.answer = lambda *_: (400, {"error": "no such signature"}, {})
    with pytest.raises(ServingError, match="HTTP 400: no such signature") as caught:
        make(scripted).translate(["x"])
    assert caught.value.kind == "HTTP 400"
    assert len(scripted.asked) == 1
    scripted.answer = lambda *_: (502, b"<html>Bad Gateway</html>", {})
    with pytest.raises(ServingError, match="Bad Gateway"):
        make(scripted).translate(["x"])
    scripted.answer = lambda *_: (200, b"<html>", {})
    with pytest.raises(ServingError, match="no JSON"):
        make(scripted).translate(["x"])


def test_the_deadline_is_for_all_pieces(scripted, capitals):
    def slow(*asked):
        time.sleep(0.2)
        return capitals(*asked)

    scripted.answer = slow
    with pytest.raises(ServingError) as caught:
        make(scripted, timeout=0.3).translate(["x"] * 200)
    assert caught.value.kind == "deadline"
    assert len(scripted.asked) <= 2


def test_nobody_at_home():
    with pytest.raises(ServingError, match="connection"):
        RestClient("http://127.0.0.1:9", "mine", retries=0).translate(["x"])
    with pytest.raises(ValueError, match="must begin with http"):
        RestClient("localhost:8501", "mine")


def test_waiting_until_a_model_is_loaded(scripted):
    states = iter(["LOADING", "LOADING", "AVAILABLE"])
    scripted.answer = lambda *_: (
        200,
        {"model_version_status": [{"version": "1", "state": next(states), "status": {}}]},
        {},
    )
    make(scripted).wait_until_ready(5)
    failed = {"version": "2", "state": "END", "status": {"error_message": "no space"}}
    scripted.answer = lambda *_: (200, {"model_version_status": [failed]}, {})
    assert make(scripted).status() == {"2": "END: no space"}
    with pytest.raises(ServingError, match="no space"):
        make(scripted).wait_until_ready(0.1)


def test_an_input_that_the_signature_lacks_is_refused(scripted, with_signatures):
    scripted.answer = with_signatures
    client = make(scripted)
    given = {"text": ["x"], "lenght_penalty": [1.0]}
    with pytest.raises(ValueError, match="no input 'lenght_penalty'; .* first: length_penalty"):
        client.predict(given, "beam_options")
    with pytest.raises(ValueError, match="no signature 'beam_option'; .* first: beam_options"):
        client.predict(given, "beam_option")
    assert {path for _, path, _, _ in scripted.asked} == {"/v1/models/mine/metadata"}
    scripted.asked.clear()
    for _ in range(2):  # what is known is not asked for again
        client.predict({"text": ["x"], "length_penalty": [1.0], "max_length": [3]}, "beam_options")
    assert [method for method, _, _, _ in scripted.asked] == ["POST", "POST"]
    with pytest.raises(ValueError, match="gives no `text`, but score, length"):
        client.translate(["x"], "tokenize")


@pytest.fixture
def ask(scripted, with_signatures, capsys):
    """The command; gives its exit code, output, error and the inputs of its last request."""
    scripted.answer = with_signatures

    def run(*arguments):
        given = ["--url", scripted.url, "--model", "mine", "--timeout", "5", *arguments]
        scripted.asked.clear()
        code = client_command.run(RestClient, "", given, url="")
        posted = [content["inputs"] for method, _, content, _ in scripted.asked if method == "POST"]
        return code, *capsys.readouterr(), (posted or [None])[-1]

    return run


def test_what_gives_no_text_is_printed_as_json(ask):
    row = '{"score": -0.5, "length": 2}\n'
    assert ask("--signature", "tokenize", "x", "y") == (0, row * 2, "", {"text": ["x", "y"]})


def test_several_texts_are_separated_by_tab(ask, monkeypatch):
    code, out, _, inputs = ask("--signature", "score", "a\tA.", "b\t")
    assert code == 0 and inputs == {"source": ["a", "b"], "target": ["A.", ""]}
    assert [json.loads(line)["score"] for line in out.splitlines()] == [-0.5, -0.5]
    assert ask("--signature", "score", "--option", "target=12", "a\tb", "c")[-1] == {
        "source": ["a\tb", "c"],
        "target": ["12", "12"],
    }
    code, _, error, _ = ask("--signature", "score", "a")
    assert code == 2 and "source<TAB>target" in error
    monkeypatch.setattr(sys, "stdin", None)  # nothing is read where no text is wanted
    detokenize = ("--signature", "detokenize", "--option", "ids=[5, 8]")
    assert ask(*detokenize)[1:] == ("...\n", "", {"ids": [[5, 8]]})
    assert ask(*detokenize, "x")[0] == 2


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ("length_penalty=abc", "--option length_penalty=abc is no DT_FLOAT"),
        ("lenght_penalty=1", "first: length_penalty, "),
        ("length_penalty=1", "needs --option max_length=... (DT_INT32)"),
        ("length_penalty", "must be NAME=VALUE"),
    ],
)
def test_a_wrong_option_is_named(ask, option, expected):
    code, out, error, asked = ask("--signature", "beam_options", "--option", option, "x")
    assert (code, out, asked) == (2, "", None)
    assert expected in error


def test_the_command_ends_quietly_where_its_reader_has_enough(scripted, capitals):
    scripted.answer = capitals
    command = [sys.executable, rest_client.__file__, "--url", scripted.url, "--model", "mine"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        process.stdout.close()
        _, error = process.communicate(b"text\n" * 100)
    assert (process.returncode, error) == (0, b"")


def test_the_command(scripted, capitals, monkeypatch, capsys):
    def run(*arguments):
        given = ["--url", scripted.url, "--model", "mine", "--timeout", "5", *arguments]
        code = client_command.run(RestClient, "", given, url="")
        return code, *capsys.readouterr()

    scripted.answer = capitals
    assert run("one", "two") == (0, "ONE\nTWO\n", "")
    monkeypatch.setattr(sys, "stdin", io.StringIO("first\r\n\nlast"))
    assert run("--batch-size", "2") == (0, "FIRST\n\nLAST\n", "")  # as many lines as came
    code, out, _ = run("--json", "--header", "A:b c", "x", "y")
    assert [json.loads(line)["text"] for line in out.splitlines()] == ["X", "Y"]
    assert scripted.asked[-1][3]["A"] == "b c"
    scripted.answer = lambda *_: (404, {"error": "Could not find model"}, {})
    assert run("x") == (1, "", "error: HTTP 404: Could not find model\n")
    assert run("--option", "temperature", "x")[0] == 2
