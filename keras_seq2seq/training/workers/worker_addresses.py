"""Which process of a run this one is, and where the others are."""

import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from keras_seq2seq.specs.config_error import ConfigError

_EXAMPLE = (
    '{"cluster": {"worker": ["host1:2222", "host2:2222"]}, "task": {"type": "worker", "index": 0}}'
)
_FLAGS = "--workers host1:2222,host2:2222 --worker 0"
_ADDRESS = re.compile(r"(\[[^\[\]]+\]|[^\[\]:\s]+):([0-9]{1,5})")


@dataclass(frozen=True)
class WorkerAddresses:
    """The processes of a run, each as host:port, and the number of this one.

    Args:
        addresses: In the same order for all. The first is the chief, which writes.
        index: This one, from 0.

    Raises:
        ConfigError: an address or the index is none, or two addresses are the same.

    Example:

    >>> WorkerAddresses.find("a:2222,b:2222", 1)
    WorkerAddresses(addresses=('a:2222', 'b:2222'), index=1)
    """

    addresses: tuple[str, ...]
    index: int

    def __post_init__(self):
        for address in self.addresses:
            match = _ADDRESS.fullmatch(address)
            if not match or not 0 < int(match[2]) < 2**16:
                raise ConfigError(
                    f"Workers: {address!r} is no address. Write host:port, for instance host1:2222."
                )
        if len(set(self.addresses)) < len(self.addresses):
            raise ConfigError(
                f"Workers: {', '.join(self.addresses)} names one address twice. Give each worker a "
                "port of its own."
            )
        if not 0 <= self.index < len(self.addresses):
            raise ConfigError(
                f"Workers: this is said to be worker {self.index}, but there are "
                f"{len(self.addresses)}: write a number from 0 to {len(self.addresses) - 1}."
            )

    @classmethod
    def find(cls, workers: str | None = None, worker: int | None = None) -> Self | None:
        """Looks at flags, then at TF_CONFIG, then at Slurm's variables; `None` if none says it.

        Args:
            workers: Addresses, parted by commas.
            worker: The number of this one among them.

        Raises:
            ConfigError: one says it wrong.
        """
        if (workers is None) != (worker is None):
            raise ConfigError(
                f"--workers and --worker go together: {_FLAGS} on the first machine, --worker 1 on "
                "the second."
            )
        if workers is not None and worker is not None:
            return cls(tuple(part.strip() for part in workers.split(",")), worker)
        if text := os.environ.get("TF_CONFIG", "").strip():
            return cls._of_tf_config(text)
        # One task is how Slurm starts what knows nothing of several.
        return cls._of_slurm() if os.environ.get("SLURM_STEP_NUM_TASKS", "1") != "1" else None

    @classmethod
    def _of_tf_config(cls, text: str) -> Self | None:
        try:
            config: Any = json.loads(text)
        except ValueError as error:
            raise ConfigError(
                f"TF_CONFIG is no JSON ({error}): {text[:80]!r}. Expected: {_EXAMPLE}"
            ) from None
        config = config if isinstance(config, dict) else {"cluster": config}
        cluster, task = config.get("cluster", {}), config.get("task", {})
        if not isinstance(cluster, dict) or not isinstance(task, dict):
            raise ConfigError(f"TF_CONFIG is {text[:80]!r}, but expected is: {_EXAMPLE}")
        if not cluster:
            return None  # of a program that runs alone
        jobs = {name: _texts(name, cluster[name]) for name in cluster}
        if unknown := sorted(jobs.keys() - {"chief", "worker"}):
            raise ConfigError(
                f"TF_CONFIG names the job {unknown[0]!r}, but all of a run are workers (one may be "
                f"called chief). Expected: {_EXAMPLE}"
            )
        chief, kind, index = jobs.get("chief", ()), task.get("type"), task.get("index")
        if kind not in jobs or type(index) is not int or not 0 <= index < len(jobs[kind]):
            raise ConfigError(
                f"TF_CONFIG says the task is {task}, which is none of its cluster ("
                f"{', '.join(f'{len(found)} {name}' for name, found in jobs.items())}). "
                f"Expected: {_EXAMPLE}"
            )
        before = len(chief) if kind == "worker" else 0
        return cls((*chief, *jobs.get("worker", ())), before + index)

    @classmethod
    def _of_slurm(cls) -> Self:
        # Loads TensorFlow, which knows how Slurm writes lists of hosts.
        from tensorflow import distribute

        try:
            resolver = distribute.cluster_resolver.SlurmClusterResolver(
                port_base=12000 + int(os.environ.get("SLURM_JOB_ID", 0)) % 16000,  # jobs differ
                # Which GPUs a task sees is Slurm's affair: numbers that fit, and are not used.
                gpus_per_node=int(os.environ["SLURM_STEP_NUM_TASKS"]),
                gpus_per_task=1,
                auto_set_gpu=False,
            )
            addresses = resolver.cluster_spec().as_dict()["worker"]
            return cls(tuple(addresses), int(os.environ["SLURM_PROCID"]))
        except (KeyError, RuntimeError, ValueError) as error:
            raise ConfigError(
                f"Slurm's variables do not say who the workers are ({error!r}). Start them by "
                f"srun, or say it by TF_CONFIG or flags: {_FLAGS}"
            ) from error


def _texts(job: str, addresses: Any) -> Sequence[str]:
    if not isinstance(addresses, list) or not all(isinstance(a, str) for a in addresses):
        raise ConfigError(
            f"TF_CONFIG: the addresses of {job!r} are {addresses!r}, but a list of texts is "
            f"expected: {_EXAMPLE}"
        )
    return addresses
