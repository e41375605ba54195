"""Trains a model on a Ray cluster, or on this machine, by Ray Train.

    python ray_train.py config.toml --run-dir /shared/runs/ko_en --workers 4

Ray Train starts the workers, places them, tells them who they are, and starts all of them again
where one dies; what they run is `keras-seq2seq train`, which goes on from its last checkpoint.
Every node has keras_seq2seq installed, and sees the corpus and the run directory under the same
absolute paths. See README.md beside this file.
"""

import argparse
import os
import runpy
import sys
from collections.abc import Sequence
from typing import Any

# A minute, as Ray gives its workers to begin, is short for loading TensorFlow.
os.environ.setdefault("RAY_TRAIN_WORKER_GROUP_START_TIMEOUT_S", "300")

try:
    import ray
    from ray.train import FailureConfig, RunConfig, ScalingConfig
    from ray.train.tensorflow import TensorflowTrainer
except ImportError:
    sys.exit("Ray Train is not installed: pip install -r export/cluster/requirements-ray-train.txt")

SUMMARY = "training_summary.json"  # marks a run as finished
REFUSED = 2  # exit code of keras-seq2seq where starting it again would not help


class Refusal:
    """Holds why a worker's command was refused, until the driver asks."""

    def __init__(self):
        self.why = ""

    def put(self, why: str) -> None:
        self.why = self.why or why

    def get(self) -> str:
        return self.why


def train(work: dict[str, Any]) -> None:
    """What each worker does: the command `train`, told who it is by TF_CONFIG.

    Args:
        work: `arguments` of the command, `config` or `None`, `run_dir`, `finished` (whether the run
            was finished before Ray began), `folder` (where the command was given), `refusal`.

    Raises:
        RuntimeError: The command failed, and may do better when Ray starts it again.
    """
    if ray.get(work["refusal"].get.remote()):
        return  # another worker, or an earlier try
    run_dir = work["run_dir"]
    os.chdir(work["folder"])  # relative names of corpora are those of the command
    if os.path.exists(os.path.join(run_dir, SUMMARY)) and not work["finished"]:
        return  # the chief had come to the end, and another worker died behind it
    # Whoever is not the chief follows it, whichever of both it says itself.
    begun = os.path.exists(os.path.join(run_dir, "config.toml"))
    place = ["--resume", run_dir] if begun else ["--run-dir", run_dir]
    config = [work["config"]] if work["config"] and not begun else []
    sys.argv = ["keras-seq2seq", "train", *config, *place, *work["arguments"]]
    try:
        runpy.run_module("keras_seq2seq", run_name="__main__")
    except SystemExit as end:
        if end.code in (None, 0):
            return
        why = f"{' '.join(sys.argv)} ended with {end.code}: what it said stands above."
        if end.code == REFUSED:
            ray.get(work["refusal"].put.remote(why))
            return
        raise RuntimeError(why) from None


def trainer_of(
    work: dict[str, Any], workers: int, cpus: int, gpus: int, max_failures: int, storage: str | None
) -> TensorflowTrainer:
    """The trainer of Ray, which gives each worker its TF_CONFIG."""
    resources = {"CPU": cpus, **({"GPU": gpus} if gpus else {})}
    scaling = ScalingConfig(num_workers=workers, use_gpu=gpus > 0, resources_per_worker=resources)
    failures = FailureConfig(max_failures=max_failures)
    run = RunConfig(storage_path=storage, failure_config=failures)
    return TensorflowTrainer(train, train_loop_config=work, scaling_config=scaling, run_config=run)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(
        usage="ray_train.py [config] --run-dir RUN_DIR [options]",
        description="Trains a model by Ray Train. The configuration, a TOML file or recipe:NAME, "
        "comes first; options that are not named here go to keras-seq2seq train: --train, --set, "
        "...",
        allow_abbrev=False,
    )
    parser.add_argument("--run-dir", required=True, help="on a disk that all nodes share")
    parser.add_argument("--workers", type=int, default=2, help="processes (2)")
    parser.add_argument("--cpus-per-worker", type=int, default=1, help="their cores (1)")
    parser.add_argument("--gpus-per-worker", type=int, default=0, help="their GPUs (0)")
    parser.add_argument("--max-failures", type=int, default=100, help="restarts (100); -1: any")
    parser.add_argument("--jax", action="store_true", help="on Keras's JAX backend")
    parser.add_argument("--ray-storage", help="where Ray keeps its own notes (~/ray_results)")
    given = list(sys.argv[1:] if arguments is None else arguments)
    # By hand: argparse would take the value of an option that it does not know for it.
    config = given.pop(0) if given and not given[0].startswith("-") else None
    asked, others = parser.parse_known_args(given)
    if asked.workers < 1 or asked.cpus_per_worker < 1 or asked.gpus_per_worker < 0:
        parser.error("--workers and --cpus-per-worker are at least 1, --gpus-per-worker 0")
    run_dir = os.path.abspath(asked.run_dir)
    if config and not config.startswith("recipe:"):
        if not os.path.exists(config):
            parser.error(f"there is no configuration {config}")
        config = os.path.abspath(config)
    kind = "data_parallel" if asked.jax else "multiworker"
    work = {
        "arguments": [*others, "--set", f"training.distribute={kind}"],
        "config": config,
        "run_dir": run_dir,
        "folder": os.getcwd(),
        "finished": os.path.exists(os.path.join(run_dir, SUMMARY)),
    }
    backend = "jax" if asked.jax else "tensorflow"
    try:
        ray.init(runtime_env={"env_vars": {"KERAS_BACKEND": backend}})
        work["refusal"] = ray.remote(num_cpus=0)(Refusal).remote()
        trainer_of(
            work,
            asked.workers,
            asked.cpus_per_worker,
            asked.gpus_per_worker,
            asked.max_failures,
            asked.ray_storage,
        ).fit()
        why = ray.get(work["refusal"].get.remote())
    except ray.exceptions.RayError as error:
        sys.exit(f"{type(error).__name__}: {str(error).strip().splitlines()[-1]}")
    if why:
        sys.exit(why)
    print(os.path.join(run_dir, "model.keras"))


if __name__ == "__main__":
    main()
