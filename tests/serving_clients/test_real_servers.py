"""The clients against servers of others: Triton, Ray Serve, nginx, Node; and against our own.

Each is installed in the directory that KERAS_SEQ2SEQ_SERVERS names, and skipped without it.
"""

import importlib.util
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import time

import load_test
import pytest
from grpc_client import GrpcClient
from rest_client import RestClient
from serving_clients.running import environment_with, free_ports, place_for, running
from serving_error import ServingError
from triton_client import TritonClient

FOLDER = pathlib.Path(__file__).parents[2] / "export/serving"
QUIET = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def texts(learnt, tmp_path_factory):
    """Sentences that the model knows, and mixtures of their words, some too long to be read."""
    choose = random.Random(3)
    sources = [source for source, _ in learnt]
    words = [word for source in sources for word in source.rstrip(".").split()]
    mixed = [" ".join(choose.choices(words, k=choose.randint(1, 12))) for _ in range(60)]
    path = tmp_path_factory.mktemp("load") / "texts.txt"
    path.write_text("\n".join([*sources, *mixed, "😀", "a" * 300]) + "\n", "utf-8")
    return path


def put_under_load(protocol, url, texts, *more):
    """Some seconds of mixed requests by many clients: no reply is wrong and none is missing."""
    signatures = "serving_default,beam,tokenize"
    given = ["--protocol", protocol, "--url", url, "--model", "mine", "--texts", str(texts)]
    given += ["--clients", "16", "--seconds", "8", "--rows", "1,1,3", "--signatures", signatures]
    report = texts.with_name("report.json")
    assert load_test.main([*given, "--different", "60", "--json", str(report), *more]) == 0
    assert set(json.loads(report.read_text())["latency_ms"]) == {"all", *signatures.split(",")}


def knows(client, learnt):
    sources, targets = map(list, zip(*learnt, strict=True))
    assert client.translate(sources * 9) == targets * 9  # in more than one piece
    beam = client.predict({"text": sources}, "beam")
    assert [found[0] for found in beam["text"]] == targets
    assert {len(found) for found in beam["text"]} == {4}
    count = len(sources)
    options = {"length_penalty": [1.0] * count, "max_length": [3] * count}
    short = client.predict({"text": sources, **options}, "beam_options")
    assert {length for row in short["length"] for length in row} <= {0, 1, 2, 3}
    with pytest.raises(ServingError, match="nosuch"):
        client.predict({"text": ["x"]}, "nosuch")


def test_triton(served, learnt, texts, tmp_path):
    environment = {**QUIET, "TRITON_HOME": str(place_for("triton")), "PYTHON": sys.executable}
    make = [sys.executable, FOLDER / "triton/make_repository.py", "--saved-model", served]
    make += ["--output", tmp_path / "repository", "--model", "mine"]
    make += ["--signatures", "serving_default,beam,beam_options,tokenize"]
    subprocess.run([str(part) for part in make], check=True)
    http, grpc, metrics = free_ports(3)
    command = ["bash", FOLDER / "triton/run_wheel.sh", tmp_path / "repository"]
    command += ["--http-port", http, "--grpc-port", grpc, "--metrics-port", metrics]
    client = TritonClient(f"http://localhost:{http}", "mine", retries=0)
    with running(command, client, tmp_path / "log", 400, env=environment) as process:
        while [*client.status().values()] != ["AVAILABLE"] * 4:  # each signature is a model
            time.sleep(0.5)
        knows(client, learnt)
        more = ["--pid", str(process.pid)] if importlib.util.find_spec("psutil") else []
        put_under_load("triton", f"http://localhost:{http}", texts, *more)
        assert set(client.signatures()) == {
            "serving_default",
            "beam",
            "beam_options",
            "tokenize",
        }


def test_ray_serve(served, learnt, texts, tmp_path):
    python = environment_with(place_for("ray"), "ray[serve]==2.60.0")
    (port,) = free_ports(1)
    config = tmp_path / "serve.yaml"
    config.write_text(f"""\
http_options: {{ host: 127.0.0.1, port: {port} }}
applications:
  - name: default
    route_prefix: /
    import_path: ray_serve_app:app
    args: {{ saved_model: {served}, name: mine }}
    runtime_env: {{ env_vars: {{ PYTHONPATH: {FOLDER} }} }}
""")
    command = [python.parent / "serve", "run", config]
    client = RestClient(f"http://localhost:{port}", "mine", retries=0)
    environment = {
        **QUIET,
        "RAY_USAGE_STATS_ENABLED": "0",
        "PATH": f"{python.parent}:/usr/bin:/bin",
    }
    with running(command, client, tmp_path / "log", env=environment, cwd=tmp_path):
        knows(client, learnt)
        put_under_load("rest", f"http://localhost:{port}", texts)
        with pytest.raises(ValueError, match="no input 'source'"):
            client.predict({"source": ["x"]})
        for inputs in ({"text": []}, {"text": ["x"] * 33}, {"text": [["x"]]}):
            with pytest.raises(ServingError, match="HTTP 400"):
                RestClient(f"http://localhost:{port}", "mine", batch_size=99).predict(inputs)


def test_node(served, learnt):
    place = place_for("node")
    for needed in ("npm", "g++", "make"):
        if shutil.which(needed) is None:
            pytest.skip(f"there is no {needed}: apt-get install nodejs libnode-dev npm g++ make")
    shutil.copytree(FOLDER / "node", place, dirs_exist_ok=True)
    if not (place / "complete").is_file():
        environment = {**os.environ, "PYTHON": sys.executable}
        built = subprocess.run(
            ["bash", place / "build.sh"], env=environment, capture_output=True, text=True
        )
        if built.returncode:
            pytest.skip(f"tfjs-node was not built: {(built.stdout + built.stderr)[-500:]}")
        (place / "complete").touch()
    sources, targets = map(list, zip(*learnt, strict=True))
    command = ["bash", place / "translate.sh"]
    many = subprocess.run(
        [*command, served / "1"],
        input="\n".join(sources * 9) + "\n",
        capture_output=True,
        text=True,
    )
    assert many.stdout.splitlines() == targets * 9, many.stderr
    beam = subprocess.run(
        [*command, "--signature", "beam", "--json", served / "1", *sources],
        capture_output=True,
        text=True,
    )
    assert [found[0] for found in json.loads(beam.stdout)["text"]] == targets
    wrong = subprocess.run(
        [*command, "--signature", "nosuch", served / "1"], input="", capture_output=True, text=True
    )
    assert wrong.returncode == 1 and "nosuch" in wrong.stderr


@pytest.fixture(scope="module")
def development_server(served, tmp_path_factory):
    """Ports of REST and gRPC of `keras-seq2seq serve`."""
    for needed in ("keras_seq2seq.serving", "tensorflow_serving", "uvicorn"):
        if importlib.util.find_spec(needed) is None:
            pytest.skip(f"there is no {needed}: pip install 'keras-seq2seq[serve]'")
    rest, grpc = free_ports(2)
    command = [sys.executable, "-m", "keras_seq2seq", "serve", served, "--name", "mine"]
    command += ["--rest-port", rest, "--port", grpc]
    client = RestClient(f"http://localhost:{rest}", "mine", retries=0)
    log = tmp_path_factory.mktemp("server") / "log"
    with running(command, client, log, env=QUIET, cwd=log.parent):
        yield rest, grpc


def test_our_own_server(development_server, learnt, texts):
    rest, grpc = development_server
    clients = [
        RestClient(f"http://localhost:{rest}", "mine"),
        GrpcClient(f"localhost:{grpc}", "mine"),
    ]
    for client in clients:
        knows(client, learnt)
        assert client.status() == {"1": "AVAILABLE"}
        assert client.predict({"ids": [[3]]}, "detokenize") == {"text": [""]}
        with pytest.raises(ServingError):
            type(client)(client_url(client, development_server), "mine", version=7).translate(["x"])
    assert clients[0].signatures() == clients[1].signatures()
    replies = str(texts.with_name("replies.jsonl"))
    put_under_load("rest", f"http://localhost:{rest}", texts, "--save-replies", replies)
    put_under_load("grpc", f"localhost:{grpc}", texts, "--replies", replies)


def client_url(client, ports):
    rest, grpc = ports
    return f"http://localhost:{rest}" if isinstance(client, RestClient) else f"localhost:{grpc}"


def test_behind_nginx(development_server, learnt, texts, tmp_path):
    """TLS, tokens, limits; by REST and gRPC at one port."""
    nginx = shutil.which("nginx") or pytest.skip("there is no nginx: apt-get install nginx-light")
    openssl = shutil.which("openssl") or pytest.skip("there is no openssl")
    rest, grpc = development_server
    (port,) = free_ports(1)
    (tmp_path / "tls").mkdir()
    make = f"{openssl} req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext"
    make += f" subjectAltName=DNS:localhost -keyout {tmp_path}/tls/server.key"
    make += f" -out {tmp_path}/tls/server.pem"
    subprocess.run(make.split(), check=True, capture_output=True)
    (tmp_path / "tokens.conf").write_text('"Bearer s3cret" tester;\n')
    text = (FOLDER / "nginx.conf").read_text("utf-8")
    kept = [f"{kind}_temp_path {tmp_path}/{kind};" for kind in ("client_body", "proxy", "fastcgi")]
    kept += [f"{kind}_temp_path {tmp_path}/{kind};" for kind in ("uwsgi", "scgi")]
    for old, new in {
        "/etc/nginx": str(tmp_path),
        "127.0.0.1:8501": f"127.0.0.1:{rest}",
        "127.0.0.1:8500": f"127.0.0.1:{grpc}",
        "listen 8443": f"listen 127.0.0.1:{port}",
        "/dev/stdout": f"{tmp_path}/access.log",
        "\nhttp {": f"\npid {tmp_path}/pid;\nhttp {{ " + " ".join(kept),
    }.items():
        assert old in text
        text = text.replace(old, new)
    (tmp_path / "nginx.conf").write_text(text)
    url, authority = f"https://localhost:{port}", str(tmp_path / "tls/server.pem")
    token = {"headers": {"Authorization": "Bearer s3cret"}, "ca_file": authority}
    command = [nginx, "-c", tmp_path / "nginx.conf", "-e", tmp_path / "error.log"]
    command += ["-g", "daemon off;"]
    by_rest = RestClient(url, "mine", **token)
    with running(command, by_rest, tmp_path / "log"):
        for kind in (RestClient, GrpcClient):
            knows(kind(url, "mine", **token), learnt)
            with pytest.raises(ServingError, match="401"):
                kind(url, "mine", ca_file=authority, retries=0).translate(["x"])
            with pytest.raises(ServingError):  # an authority that is not known
                kind(url, "mine", retries=0, timeout=3).translate(["x"])
        with pytest.raises(ServingError, match="HTTP 413: The request is too large"):
            by_rest.translate(["가" * 100_000])
        assert by_rest.signatures() == GrpcClient(url, "mine", **token).signatures()
        with pytest.raises(ServingError, match="HTTP 404"):
            by_rest._connection.ask("GET", "/monitoring/prometheus/metrics")
        more = ["--ca-file", authority, "--header", "Authorization:Bearer s3cret", "--retries", "9"]
        put_under_load("rest", url, texts, *more)  # more than is allowed: asked again later
        assert '"s3cret"' not in (tmp_path / "access.log").read_text()
