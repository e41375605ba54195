import http.server
import json
import re
import shutil
import subprocess
import threading

import pytest
from contracts import Killed, kill_before_rename
from google.protobuf import (
    descriptor_pb2,
    descriptor_pool,
    message_factory,
    text_format,
    wrappers_pb2,
)

from keras_seq2seq.export import ExportError
from keras_seq2seq.export.kit import server_files
from keras_seq2seq.export.kit.own_files import is_own
from keras_seq2seq.export.kit.serving_kit import fit_name, write_server_files

# What TensorFlow Serving's session_bundle_config.proto and monitoring_config.proto say.
BATCHING = {
    "max_batch_size": (1, "Int64Value"),
    "batch_timeout_micros": (2, "Int64Value"),
    "max_enqueued_batches": (3, "Int64Value"),
    "num_batch_threads": (4, "Int64Value"),
    "thread_pool_name": (5, "StringValue"),
    "allowed_batch_sizes": (6, "int64"),
    "pad_variable_length_inputs": (7, "bool"),
    "enable_large_batch_splitting": (8, "BoolValue"),
}
FLAGS = {  # of tensorflow_model_server 2.20
    *("port", "rest_api_port", "model_config_file", "model_config_file_poll_wait_seconds"),
    *("monitoring_config_file", "enable_batching", "batching_parameters_file"),
    *("enable_per_model_batching_parameters", "rest_api_timeout_in_ms", "enable_model_warmup"),
    *("max_num_load_retries", "load_retry_interval_micros"),
}


def batching_parameters(text):
    file = descriptor_pb2.FileDescriptorProto(name="batching.proto", package="t", syntax="proto3")
    file.dependency.append("google/protobuf/wrappers.proto")
    message = file.message_type.add(name="BatchingParameters")
    for name, (number, kind) in BATCHING.items():
        field = message.field.add(name=name, number=number, label=1)
        if kind == "int64":
            field.type, field.label = field.TYPE_INT64, field.LABEL_REPEATED
        elif kind == "bool":
            field.type = field.TYPE_BOOL
        else:
            field.type, field.type_name = field.TYPE_MESSAGE, f".google.protobuf.{kind}"
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(wrappers_pb2.DESCRIPTOR.serialized_pb)
    pool.Add(file)
    found = message_factory.GetMessageClass(pool.FindMessageTypeByName("t.BatchingParameters"))()
    return text_format.Parse(text, found)


@pytest.fixture
def kit(served, tmp_path):
    """A kit with one model, as if `saved_model` had just put it there."""
    shutil.copytree(served, tmp_path / "models" / "ko-en")
    assert write_server_files(tmp_path) == []
    return tmp_path


@pytest.mark.parametrize("text", [server_files.BATCHING, server_files.BATCHING_OF_VERSION])
def test_batches_are_bounded(text):
    found = batching_parameters(text)
    assert found.max_batch_size.value == found.allowed_batch_sizes[-1] == 32
    assert list(found.allowed_batch_sizes) == sorted(set(found.allowed_batch_sizes))
    assert 0 < found.max_enqueued_batches.value < 100 and found.batch_timeout_micros.value > 0
    assert not found.enable_large_batch_splitting.value and not found.pad_variable_length_inputs


def test_only_the_server_has_threads_for_batches():
    assert batching_parameters(server_files.BATCHING).num_batch_threads.value > 0
    assert not batching_parameters(server_files.BATCHING_OF_VERSION).HasField("num_batch_threads")


def test_models_are_as_the_server_reads_them(kit):
    config = pytest.importorskip(
        "tensorflow_serving.config.model_server_config_pb2", reason="needs tensorflow-serving-api"
    )
    text = (kit / "config/models.config").read_text("utf-8")
    (model,) = text_format.Parse(text, config.ModelServerConfig()).model_config_list.config
    assert (model.name, model.base_path) == ("ko-en", "/models/ko-en")
    assert model.model_platform == "tensorflow"
    assert model.model_version_policy.latest.num_versions == server_files.VERSIONS


def test_compose_starts_the_server_with_flags_that_it_knows(kit):
    yaml = pytest.importorskip("yaml", reason="needs pyyaml")
    service = yaml.safe_load((kit / "compose.yaml").read_text("utf-8"))["services"]["serving"]
    flags = dict(flag.removeprefix("--").split("=") for flag in service["command"])
    assert flags.keys() == FLAGS
    for flag in ("model_config_file", "monitoring_config_file", "batching_parameters_file"):
        assert (kit / flags[flag].removeprefix("/")).is_file()
    assert service["image"].endswith(":-tensorflow/serving:2.20.0}")
    assert (
        "./models:/models:ro" in service["volumes"] and "./config:/config:ro" in service["volumes"]
    )
    assert (kit / service["healthcheck"]["test"][-1].removeprefix("/")).is_file()
    assert re.fullmatch(r"\$\{SERVING_MEMORY:-\d+m\}", service["mem_limit"])


def test_memory_is_for_two_versions_of_all_models():
    one, large, two = map(server_files.memory_limit, ([10**6], [10**9], [10**6, 10**6]))
    assert 512 < one < two < large
    assert large > 2 * 10**9 / 2**20


def test_what_was_edited_stays(kit):
    compose, models = kit / "compose.yaml", kit / "config/models.config"
    compose.write_text(compose.read_text("utf-8").replace("retries: 3", "retries: 9"), "utf-8")
    (kit / "README.md").write_text("old", "utf-8")
    (kit / "config/healthy.sh").unlink()
    assert not is_own(compose) and is_own(models)
    shutil.copytree(kit / "models/ko-en", kit / "models/de-en")
    assert write_server_files(kit) == [compose, kit / "README.md"]
    assert "retries: 9" in compose.read_text("utf-8")
    assert (kit / "config/healthy.sh").is_file()
    assert names_in(models) == ["de-en", "ko-en"] and is_own(models)


def test_an_edited_list_of_models_gets_what_is_missing(kit):
    models = kit / "config/models.config"
    pinned = models.read_text("utf-8").replace(
        "latest { num_versions: 2 }", "specific {versions: 1}"
    )
    models.write_text(pinned, "utf-8")
    assert write_server_files(kit) == [models]
    assert models.read_text("utf-8") == pinned
    shutil.copytree(kit / "models/ko-en", kit / "models/de-en")
    assert write_server_files(kit) == [models]
    assert names_in(models) == ["ko-en", "de-en"]
    assert models.read_text("utf-8").startswith(pinned.rstrip().removesuffix("}"))
    models.write_text("# nothing\n", "utf-8")
    with pytest.raises(ExportError, match="add to it by hand"):
        write_server_files(kit)


def names_in(config):
    return re.findall(r'^ *name: "(.*)"', config.read_text("utf-8"), re.MULTILINE)


def test_only_models_with_a_version_are_named(kit):
    (kit / "models/.writing-x/1").mkdir(parents=True)
    (kit / "models/de-en/.writing-x").mkdir(parents=True)
    write_server_files(kit)
    assert names_in(kit / "config/models.config") == ["ko-en"]


def test_leftovers_of_killed_writers_go(kit):
    (kit / "config/.123.models.config").write_text("half", "utf-8")
    write_server_files(kit)
    assert not (kit / "config/.123.models.config").exists()


@pytest.mark.parametrize("renames", range(6))
def test_a_writer_that_was_killed_leaves_what_a_server_can_read(
    served, tmp_path, monkeypatch, renames
):
    """Killed before its n-th rename, it has named no model that is not there; the next goes on."""
    shutil.copytree(served, tmp_path / "models" / "ko-en")
    done = kill_before_rename(monkeypatch, renames)
    with pytest.raises(Killed):
        write_server_files(tmp_path)
    monkeypatch.undo()
    assert not (tmp_path / "config/models.config").exists()
    assert all(is_own(path) for path in done)
    assert write_server_files(tmp_path) == []
    assert names_in(tmp_path / "config/models.config") == ["ko-en"]


def test_names_are_fit_for_urls(tmp_path):
    assert fit_name(None, tmp_path / "2026-11-29_ko en") == "2026-11-29_ko-en"
    assert fit_name(None, tmp_path / "한국어") == fit_name(None, None) == "model"
    assert fit_name("ko_en.v2", None) == "ko_en.v2"
    for name in ("", "a/b", "ko en", ".x", "a:predict", "x" * 64):
        with pytest.raises(ExportError, match="not fit for a URL"):
            fit_name(name, None)


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
@pytest.mark.parametrize(
    ("states", "healthy"),
    [
        ({"a": ["AVAILABLE"], "b": ["END", "AVAILABLE"]}, True),
        ({"a": ["AVAILABLE"], "b": ["LOADING"]}, False),
        ({"a": ["AVAILABLE"], "b": ["END"]}, False),
        ({"a": ["AVAILABLE"]}, False),
    ],
    ids=["all", "one loads", "one failed", "one is unknown"],
)
def test_a_server_is_healthy_if_all_models_are(states, healthy, tmp_path):
    class Server(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            name = self.path.removeprefix("/v1/models/")
            self.send_response(200 if name in states else 404)
            self.end_headers()
            found = [
                {
                    "state": state,
                    "status": {"error_code": "OK" if state != "END" else "UNAVAILABLE"},
                }
                for state in states.get(name, ())
            ]
            body = json.dumps({"model_version_status": found}, indent=1)
            self.wfile.write(body.encode())

        def log_message(self, *_):
            pass

    (tmp_path / "healthy.sh").write_text(server_files.HEALTHY, "utf-8")
    (tmp_path / "models.config").write_text(server_files.models_config(["a", "b"]), "utf-8")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        command = ["bash", "healthy.sh", str(server.server_port), "models.config"]
        result = subprocess.run(command, cwd=tmp_path, timeout=60, capture_output=True)
        server.shutdown()
    assert (result.returncode == 0) is healthy, result


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_no_server_is_not_healthy(tmp_path):
    (tmp_path / "healthy.sh").write_text(server_files.HEALTHY, "utf-8")
    (tmp_path / "models.config").write_text(server_files.models_config(["a"]), "utf-8")
    command = ["bash", "healthy.sh", "1", "models.config"]
    assert subprocess.run(command, cwd=tmp_path, timeout=60, capture_output=True).returncode
