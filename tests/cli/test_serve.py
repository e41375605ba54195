"""What `serve` refuses, in one line."""

import importlib.util
import socket
from unittest import mock


def empty_model(tmp_path, name="model"):
    (tmp_path / name / "1").mkdir(parents=True)
    return tmp_path / name


def test_what_cannot_be_served_is_refused(refused, tmp_path):
    assert "does not exist" in refused("serve", tmp_path / "nowhere")
    file = tmp_path / "model.keras"
    file.touch()
    assert "is a file, but a SavedModel is a directory. Write one by" in refused("serve", file)
    (tmp_path / "empty").mkdir()
    assert "holds no SavedModel" in refused("serve", tmp_path / "empty")
    missing = refused("serve", empty_model(tmp_path), "--rest-port", 0, "--port", 0)
    assert "model version 1 cannot be served: Could not find SavedModel .pb" in missing
    for name in ("model", "other"):
        empty_model(tmp_path, f"shelf/{name}")
    two = [tmp_path / "model", tmp_path / "shelf"]
    assert "Two of the directories hold a model named model" in refused("serve", *two)
    assert "--name is for one" in refused("serve", *two[:1], tmp_path / "shelf/other", "--name=x")
    assert "one name is not enough" in refused("serve", two[1], "--name=x")


def test_names_that_are_unfit_for_a_url_are_refused(refused, tmp_path):
    for name in ("a/b:c", "", "한국어"):
        message = refused("serve", empty_model(tmp_path, f"model{len(name)}"), f"--name={name}")
        assert f"The name {name!r} is not fit for a URL" in message


def test_ports_that_are_taken_are_named(refused, tmp_path):
    model = empty_model(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        rest = refused("serve", model, "--rest-port", port, "--port", 0)
        rpc = refused("serve", model, "--rest-port", 0, "--port", port)
    for message, flag in ((rest, "--rest-port"), (rpc, "--port")):
        assert f"port {port}: " in message and f"Give another one by {flag}" in message


def test_what_must_be_installed_is_named(refused, tmp_path):
    with mock.patch.object(importlib.util, "find_spec", lambda name: None):
        message = refused("serve", empty_model(tmp_path))
    assert "needs grpc" in message and "of the extra `serve`: pip install" in message
