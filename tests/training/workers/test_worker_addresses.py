"""Who the workers of a run are: by flags, by TF_CONFIG, by Slurm; and what is said wrongly."""

import json

import pytest

from keras_seq2seq.specs.config_error import ConfigError
from keras_seq2seq.training.workers.start_workers import start_workers
from keras_seq2seq.training.workers.worker_addresses import WorkerAddresses

TWO = ["host1:2222", "host2:2222"]


@pytest.fixture(autouse=True)
def nothing_said(monkeypatch):
    for name in ("TF_CONFIG", "SLURM_STEP_NUM_TASKS"):
        monkeypatch.delenv(name, raising=False)


def tf_config(cluster, kind="worker", index=0):
    return json.dumps({"cluster": cluster, "task": {"type": kind, "index": index}})


def test_nobody_says_anything():
    assert WorkerAddresses.find() is None


def test_flags_come_first(monkeypatch):
    monkeypatch.setenv("TF_CONFIG", tf_config({"worker": ["other:1"]}))
    assert WorkerAddresses.find("host1:2222, host2:2222", 1) == WorkerAddresses(tuple(TWO), 1)


def test_tf_config(monkeypatch):
    monkeypatch.setenv("TF_CONFIG", tf_config({"worker": TWO}, index=1))
    assert WorkerAddresses.find() == WorkerAddresses(tuple(TWO), 1)
    cluster = {"chief": ["[::1]:1"], "worker": TWO}
    monkeypatch.setenv("TF_CONFIG", tf_config(cluster))
    assert WorkerAddresses.find() == WorkerAddresses(("[::1]:1", *TWO), 1)  # behind the chief
    monkeypatch.setenv("TF_CONFIG", tf_config(cluster, "chief"))
    assert WorkerAddresses.find().index == 0
    monkeypatch.setenv("TF_CONFIG", "{}")
    assert WorkerAddresses.find() is None


def test_slurm(monkeypatch):
    told = {
        "STEP_NUM_TASKS": "3",
        "STEP_NODELIST": "node[07-08]",
        "STEP_TASKS_PER_NODE": "2,1",
        "PROCID": "2",
        "JOB_ID": "16005",
    }
    for name, value in told.items():
        monkeypatch.setenv(f"SLURM_{name}", value)
    addresses = ("node07:12005", "node07:12006", "node08:12005")
    assert WorkerAddresses.find() == WorkerAddresses(addresses, 2)
    monkeypatch.delenv("SLURM_PROCID")
    with pytest.raises(ConfigError, match="Start them by srun"):
        WorkerAddresses.find()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{worker: 1}", "TF_CONFIG is no JSON"),
        ("[1]", "expected is: "),
        (tf_config({"worker": "host1:2222"}), "a list of texts is expected"),
        (tf_config({"worker": [1]}), "a list of texts is expected"),
        (tf_config({"worker": TWO}, index=2), "none of its cluster \\(2 worker\\)"),
        (tf_config({"worker": TWO}, index="0"), "none of its cluster"),
        (tf_config({"worker": TWO}, kind="chief"), "none of its cluster"),
        (tf_config({"worker": TWO, "ps": ["a:1"]}), "names the job 'ps'"),
        (tf_config({"worker": ["host1"]}), "'host1' is no address"),
        (tf_config({"worker": ["host1:99999"]}), "is no address"),
        (tf_config({"worker": ["host1:２２２２"]}), "is no address"),
        (tf_config({"worker": ["a:1", "a:1"]}), "one address twice"),
    ],
)
def test_a_wrong_tf_config_is_told(monkeypatch, text, message):
    monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(ConfigError, match=message):
        WorkerAddresses.find()


def test_wrong_flags_are_told():
    with pytest.raises(ConfigError, match="go together"):
        WorkerAddresses.find("a:1,b:1")
    with pytest.raises(ConfigError, match="go together"):
        WorkerAddresses.find(None, 1)
    with pytest.raises(ConfigError, match="said to be worker 2, but there are 2"):
        WorkerAddresses.find("a:1,b:1", 2)


def test_what_cannot_be_started_is_told(monkeypatch):
    with pytest.raises(ConfigError, match="KERAS_BACKEND=jax, but Keras runs on tensorflow"):
        start_workers("data_parallel")
    with pytest.raises(ConfigError, match="nothing says who the workers are.*TF_CONFIG"):
        start_workers("multiworker")
    monkeypatch.setattr("keras.backend.backend", lambda: "jax")
    for name in ("mirrored", "multiworker"):
        with pytest.raises(ConfigError, match="KERAS_BACKEND=tensorflow.*data_parallel"):
            start_workers(name)
    assert start_workers("none").chief
