"""REST as TensorFlow Serving speaks it: formats, paths, types and refusals."""

import base64
import gzip
import http.client
import json
import socket

import pytest


@pytest.fixture(scope="module")
def client(typed, small):
    """One server for all of this file."""
    from keras_seq2seq.serving import ModelServer
    from keras_seq2seq.serving.versions.model_directories import find_models

    with ModelServer(find_models(typed), rest_port=0, port=0, poll=0, max_body=10**6) as server:
        yield small.Client(server)


# === What is answered ===


def test_rows_and_columns_named_and_not(client):
    rows, columns = {"predictions": ["3:a", "3:b"]}, {"outputs": ["3:a", "3:b"]}
    for body, expected in (
        ({"instances": ["a", "b"]}, rows),
        ({"instances": [{"text": "a"}, {"text": "b"}]}, rows),
        ({"instances": [{"b64": "YQ=="}, "b"]}, rows),
        ({"inputs": ["a", "b"]}, columns),
        ({"inputs": {"text": ["a", "b"]}, "signature_name": "serving_default"}, columns),
        ({"inputs": {"text": ["a", {"b64": "Yg"}], "other": 1}, "signature_name": ""}, columns),
        ({"inputs": []}, {"outputs": []}),
    ):
        assert client.predict("typed", body) == (200, expected)
    slow = {"signature_name": "slow", "instances": [{"text": "a", "rounds": 1}]}
    assert client.predict("typed", slow) == (200, {"predictions": [{"count": 0, "text": "3:a"}]})
    slow = {"signature_name": "slow", "inputs": {"text": ["a"], "rounds": [1]}}
    assert client.predict("typed", slow) == (200, {"outputs": {"count": [0], "text": ["3:a"]}})


def test_the_layout_is_the_servers(client):
    connection = http.client.HTTPConnection("127.0.0.1", client.server.rest_port)
    for body, expected in (
        ({"instances": ["a", "b"]}, '{\n    "predictions": ["3:a", "3:b"\n    ]\n}'),
        ({"inputs": ["a"]}, '{\n    "outputs": [\n        "3:a"\n    ]\n}'),
        (
            {"instances": [{"text": "a", "rounds": 0}], "signature_name": "slow"},
            '{\n    "predictions": [\n        {\n            "count": 0,\n            "text": "3:a"'
            "\n        }\n    ]\n}",
        ),
        (
            {"instances": ["a"], "signature_name": "raw"},
            '{\n    "predictions": [{\n            "b64": "YQ=="\n        }\n    ]\n}',
        ),
        ({}, "{\n    \"error\": \"Missing 'inputs' or 'instances' key\"\n}"),
    ):
        connection.request("POST", "/v1/models/typed:predict", json.dumps(body))
        assert connection.getresponse().read().decode() == expected
    connection.close()


def test_paths(client):
    body = {"instances": ["a"]}
    assert client.predict("typed", body, "/versions/3")[0] == 200
    assert client.predict("%74yped", body)[0] == 200
    assert client.ask("POST", "/V1/Models/typed:predict?x=y", json.dumps(body))[0] == 200
    status = {"version": "3", "state": "AVAILABLE"}
    status["status"] = {"error_code": "OK", "error_message": ""}
    for path in ("/v1/models/typed", "/v1/models/typed/versions/3", "/v1/models/typed/labels/x"):
        assert client.ask("GET", path) == (200, {"model_version_status": [status]})
    code, metadata = client.ask("GET", "/v1/models/typed/versions/3/metadata")
    spec = {"name": "typed", "version": "3", "signature_name": ""}
    assert code == 200 and metadata["model_spec"] == spec
    signatures = metadata["metadata"]["signature_def"]["signature_def"]
    assert signatures["serving_default"]["inputs"]["text"]["dtype"] == "DT_STRING"
    assert "__saved_model_init_op" in signatures
    assert client.ask("OPTIONS", "/v1/models/typed", headers={"Origin": "http://x"})[0] == 200


def test_all_types_of_numbers_come_back(client, small):
    values = {name: [[1, 0], [0, 1]] for name in small.NUMBERS}
    values["bool"] = [[True, False], [False, True]]
    values |= {"float32": [[0.1, 1e30], [-3e-5, 2.0]], "float64": [[0.1, 1e300], [1 / 3, 2.0]]}
    values |= {"int64": [[2**63 - 1, -(2**63)], [0, 1]], "int8": [[-128, 127], [0, 1]]}
    body = {"signature_name": "numbers", "inputs": values}
    assert client.predict("typed", body) == (200, {"outputs": values})
    rows = [{name: value[i] for name, value in values.items()} for i in (0, 1)]
    body = {"signature_name": "numbers", "instances": rows}
    assert client.predict("typed", body) == (200, {"predictions": rows})
    for special in ("NaN", "Infinity", "-Infinity"):
        values["float32"] = [[float(special), 0.0]] * 2
        code, reply = client.predict("typed", {"signature_name": "numbers", "inputs": values})
        assert code == 200 and repr(reply["outputs"]["float32"]) == repr(values["float32"])


def test_strings_and_bytes(client):
    odd = 'Größe 😀 "\\/\b\f\n\r\t\x01 \u2028 é'
    assert client.predict("typed", {"instances": [odd]}) == (200, {"predictions": ["3:" + odd]})
    raw = base64.b64encode(b"\xff\x00").decode()
    body = {"signature_name": "raw", "instances": [{"b64": raw}]}
    assert client.predict("typed", body) == (200, {"predictions": [{"b64": raw}]})
    body = b'{"signature_name":"raw","inputs":["\xff"]}'  # no UTF-8: the model gets what was sent
    assert client.predict("typed", body) == (200, {"outputs": [{"b64": "/w=="}]})
    text = json.dumps({"instances": ["a"]}).encode()
    for content, headers in ((gzip.compress(text), {"Content-Encoding": "gzip"}), (text, {})):
        reply = client.ask("POST", "/v1/models/typed:predict", content, headers)
        assert reply == (200, {"predictions": ["3:a"]})


def test_what_follows_the_object_and_second_names_are_nothing(client):
    body = b'\xef\xbb\xbf {"instances":["a"],"instances":["b"]} and more'
    assert client.predict("typed", body) == (200, {"predictions": ["3:a"]})


# === What is refused ===

ROW = "Failed to process element: 0 of 'instances' list. Error: INVALID_ARGUMENT: "
QUOTED = 'JSON Value: {\n    "instances": %s\n} '


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "JSON Parse error: The document is empty"),
        (b"{", "JSON Parse error: Missing a name for object member. at offset: 1"),
        (b'{"a" 1}', "JSON Parse error: Missing a colon after a name of object member."),
        (b'{"a":1 "b":2}', "JSON Parse error: Missing a comma or '}' after an object member."),
        (b'{"a":[1 2]}', "JSON Parse error: Missing a comma or ']' after an array element."),
        (b'{"a":["', "JSON Parse error: Missing a closing quotation mark in string."),
        (b'{"a":"\\x"}', "JSON Parse error: Invalid escape character in string."),
        (b'{"a":tru}', "JSON Parse error: Invalid value."),
        (b'{"a":1e999}', "JSON Parse error: Number too big to be stored in double."),
        (b'{"a":' + b"9" * 5000 + b"}", "JSON Parse error: Number too big"),
        (b'{"a":' + b"[" * 10**5, "JSON Parse error: "),
        (b'{"instances":[' + b"[" * 500 + b"]" * 501 + b"}", ROW + "Encountered list at"),
        (b'{"inputs":[' + b"1" * 310 + b"]}", "JSON Parse error: Number too big"),
        (b'{"instances":["\\ud800"]}', "JSON Parse error: The surrogate pair in string"),
        (b"[1]", "JSON Value: [1] Is not object"),
        (b"{}", "Missing 'inputs' or 'instances' key"),
        ({"instances": ["a"], "inputs": ["a"]}, "JSON Value: {"),
        ({"instances": "a"}, QUOTED % '"a"' + "Expecting 'instances' to be an list/array"),
        ({"instances": []}, QUOTED % "[]" + "No values in 'instances' array"),
        ({"instances": [1]}, ROW + "JSON Value: 1 Type: Number is not of expected type: string"),
        ({"instances": [None]}, ROW + "JSON Value: null Type: Null is not of expected type"),
        ({"instances": [True]}, ROW + "JSON Value: true Type: True is not of expected type"),
        ({"instances": [{"b64": "!"}]}, ROW + "Unable to base64 decode"),
        ({"instances": [{"b64": "YQ="}]}, ROW + "Unable to base64 decode"),
        ({"instances": [["a", ["b"]]]}, ROW + "Encountered list at unexpected level: 1 expected"),
        ({"instances": [[["a"], "b"]]}, ROW + 'JSON Value: "b" found at incorrect level: 2 in'),
        ({"instances": [[["a"], ["b", "c"]]]}, ROW + "Encountered list at unexpected size: 2 at"),
        (
            {"instances": [["a"], ["b", "c"]]},
            "Failed to process element: 1 of 'instances' list. Error: INVALID_ARGUMENT: Expecting "
            "tensor size: 1 but got: 2",
        ),
        ({"instances": [["a"], "b"]}, "Failed to process element: 1 of 'instances' list. Error: "),
        ({"instances": ["a", {"text": "b"}]}, "Expecting value/list but got object at item 1"),
        ({"instances": [{"text": "b"}, "a"]}, "Expecting object but got list at item 1"),
        ({"instances": [{}]}, "Failed to process element: 0 of 'instances' list. JSON object: {}"),
        (
            {"instances": [{"text": "a", "q": 1}]},
            "Failed to process element: 0 key: q of 'instances' list. Error: INVALID_ARGUMENT: "
            "JSON object: does not have named input: q",
        ),
        ({"instances": [["a", "b"]]}, "Shape of tensor _arg_serving_default_text_0_0 [1,2] is not"),
        ({"inputs": "a"}, "Shape of tensor _arg_serving_default_text_0_0 [] is not compatible"),
        ({"inputs": {"tex": ["a"]}}, "Missing named input: text in 'inputs' object."),
        ({"inputs": {"b64": "!"}}, "Unable to base64 decode"),
        ({"signature_name": 1}, 'JSON Value: {\n    "signature_name": 1\n} not formatted'),
        ({"signature_name": "x"}, 'Serving signature name: "x" not found in signature def'),
        (
            {"signature_name": "slow", "instances": ["a"]},
            "instances is a plain list, but expecting list of objects as multiple input tensors",
        ),
        (
            {"signature_name": "slow", "inputs": ["a"]},
            "inputs is a plain value/list, but expecting an object as multiple input tensors",
        ),
        (
            {"signature_name": "slow", "inputs": {"text": ["a"], "rounds": [1.0]}},
            "JSON Value: 1.0 Type: Number is not of expected type: int32",
        ),
        (
            {"signature_name": "slow", "inputs": {"text": ["a"], "rounds": [2**31]}},
            "JSON Value: 2147483648 Type: Number is not of expected type: int32",
        ),
        (
            {"signature_name": "scalar", "instances": ["a"]},
            "Tensor name: count has no shape information ",
        ),
    ],
    ids=lambda value: value[:60] if isinstance(value, str) else "",
)
def test_wrong_requests_get_the_servers_message(client, body, message):
    code, reply = client.predict("typed", body)
    assert code == 400 and list(reply) == ["error"]
    assert reply["error"].startswith(message)


def test_statuses(client):
    body = json.dumps({"instances": ["a"]})
    latest, models = "Servable not found for request: ", "/v1/models"
    for method, path, code, error in (
        ("POST", f"{models}/other:predict", 404, latest + "Latest(other)"),
        ("POST", f"{models}/typed/versions/7:predict", 404, latest + "Specific(typed, 7)"),
        ("POST", f"{models}/typed/labels/x:predict", 400, "Unrecognized servable version label: x"),
        ("GET", f"{models}/other", 404, "Could not find any versions of model other"),
        ("GET", f"{models}/typed/versions/7", 404, "Could not find version 7 of model typed"),
        ("GET", f"{models}/other/metadata", 404, latest + "Latest(other)"),
        ("GET", models, 400, "Missing model name in request."),
        ("PUT", f"{models}/typed", 400, f"Malformed request: PUT {models}/typed"),
        ("GET", f"{models}/typed:predict", 400, f"Malformed request: GET {models}/typed:predict"),
        ("POST", f"{models}/typed:train", 400, f"Malformed request: POST {models}/typed:train"),
        ("POST", f"{models}/typed/versions/{9**30}:predict", 400, "Failed to convert version: "),
    ):
        status, reply = client.ask(method, path, body)
        assert (status, reply["error"][: len(error)]) == (code, error)
    assert client.ask("GET", "/elsewhere")[0] == 404
    assert client.ask("OPTIONS", f"{models}/typed")[0] == 400
    halves = {"signature_name": "halves", "inputs": [1.0]}
    code, reply = client.predict("typed", halves)
    assert (code, reply["error"]) == (501, "Conversion of JSON Value: 1.0 to type: half")


def test_classify_and_regress_are_refused(client):
    examples = json.dumps({"examples": [{"x": 1}]})
    classify = client.ask("POST", "/v1/models/typed:classify", examples)
    assert classify[0] == 400
    assert classify[1]["error"].startswith("No classification inputs found in SignatureDef: ")
    examples = json.dumps({"examples": [{"x": 1}], "signature_name": "slow"})
    regress = client.ask("POST", "/v1/models/typed:regress", examples)
    assert regress == (400, {"error": "Expected one input Tensor."})
    code, reply = client.ask("POST", "/v1/models/typed:classify", "{}")
    assert code == 400 and "key 'examples' is expected and was not found" in reply["error"]


def test_a_body_that_is_too_large_is_refused_and_the_server_lives(client):
    large = b'{"instances":["' + b"a" * 10**7 + b'"]}'
    for content, headers in ((large, {}), (gzip.compress(large), {"Content-Encoding": "gzip"})):
        code, reply = client.ask("POST", "/v1/models/typed:predict", content, headers)
        assert code == 413 and "more than 1000000 bytes" in reply["error"]
    assert client.predict("typed", {"instances": ["a" * 10**5]})[0] == 200


def test_half_a_request_disturbs_nobody(client):
    with socket.create_connection(("127.0.0.1", client.server.rest_port)) as half:
        half.sendall(b"POST /v1/models/typed:predict HTTP/1.1\r\nContent-Length: 100\r\n\r\n{")
        assert client.predict("typed", {"instances": ["a"]})[0] == 200
    assert client.predict("typed", {"instances": ["a"]})[0] == 200


def test_metrics_have_the_servers_names(client):
    client.predict("typed", {"instances": ["a"]})
    code, page = client.ask("GET", "/monitoring/prometheus/metrics")
    name = ":tensorflow:serving:"
    lines = page.decode().splitlines()
    assert code == 200
    assert f"# TYPE {name}request_count counter" in lines
    assert f"# TYPE {name}request_latency histogram" in lines
    labels = 'model_name="typed",API="predict",entrypoint="REST"'
    (count,) = (line for line in lines if line.startswith(f"{name}request_latency_count{{{labels}"))
    assert f'{name}request_latency_bucket{{{labels},le="+Inf"}} {count.split()[1]}' in lines
    assert f'{name}request_count{{model_name="typed",status="OK"}}' in page.decode()
