"""What TensorFlow Serving is told: models, batches, metrics, memory, and how to know its health."""

import math
from collections.abc import Sequence

IMAGE = "tensorflow/serving:2.20.0"
MAX_BATCH = 32  # sentences of one request, and of requests that run together
VERSIONS = 2  # of a model, in memory at once

_MIB = 2**20
# In TensorFlow's C library a further version, warmed up, took 56 MiB of memory for 1.2 MiB on disk,
# 85 for 4.5 and 114 to 130 for 23; four batches of 32 at work 200 more for the last. What follows
# leaves room for that, and for the server itself, which was not measured.
_SERVER = 768 * _MIB  # without a model, but with requests at work
_OF_VERSION = 96 * _MIB  # graph and prepared functions, whatever the size
_TIMES_SIZE = 4  # weights, vocabularies and their copies while a version is loaded


def memory_limit(sizes: Sequence[int]) -> int:
    """MiB for a server of models whose largest versions have so many bytes on disk."""
    versions = VERSIONS * sum(_OF_VERSION + _TIMES_SIZE * size for size in sizes)
    return 128 * math.ceil((_SERVER + versions) / (128 * _MIB))


def models_config(names: Sequence[str]) -> str:
    """`--model_config_file`, a ModelServerConfig."""
    entries = "".join(map(model_entry, names))
    return f"model_config_list {{\n{entries}}}\n"


def model_entry(name: str) -> str:
    """One model of `models_config`."""
    return f"""\
  config {{
    name: "{name}"
    base_path: "/models/{name}"
    model_platform: "tensorflow"
    # The two newest: a request may still name the one before. A third comes when the oldest has
    # gone, so that there are never more in memory. To roll back, put the good one's number here:
    # model_version_policy {{ specific {{ versions: 1 }} }}
    model_version_policy {{ latest {{ num_versions: {VERSIONS} }} }}
  }}
"""


MONITORING = """\
# Metrics for Prometheus, at the port of the REST API.
prometheus_config {
  enable: true
  path: "/monitoring/prometheus/metrics"
}
"""

# Of one version, beside its saved_model.pb.
BATCHING_OF_VERSION = f"""\
# How requests are joined. One of more than max_batch_size rows is refused: that is the limit of
# what a client can ask for at once, so leave enable_large_batch_splitting off. And leave
# pad_variable_length_inputs off: no text needs it, and it does not pad with zeros.
max_batch_size {{ value: {MAX_BATCH} }}
# How long the first of a batch waits for others when a thread is free.
batch_timeout_micros {{ value: 1000 }}
# Batches that may wait, of each signature; one more request is refused at once (UNAVAILABLE, 503).
max_enqueued_batches {{ value: 16 }}
allowed_batch_sizes: [1, 2, 4, 8, 12, 16, 24, {MAX_BATCH}]
"""

BATCHING = f"""\
# As many threads for the batches of all models as the server has cores.
num_batch_threads {{ value: 4 }}
thread_pool_name {{ value: "batches" }}
# What follows is for all models without --enable_per_model_batching_parameters; with it, each
# version has a batching_params.pbtxt of its own, and one without is not batched.
{BATCHING_OF_VERSION}"""

HEALTHY = r"""# Succeeds if every model in models.config answers. The image has bash, but no curl.
port=${1:-8501}
config=${2:-/config/models.config}
names=$(sed -n 's/^ *name: *"\([^"]*\)".*/\1/p' "$config")
[ -n "$names" ] || { echo "$config names no model"; exit 1; }
for name in $names; do
  exec 3<>"/dev/tcp/127.0.0.1/$port" || exit 1
  printf 'GET /v1/models/%s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' "$name" >&3
  grep -q '"state": *"AVAILABLE"' <&3 || { echo "$name is not available"; exit 1; }
  exec 3>&-
done
"""

_COMPOSE = """\
services:
  serving:
    # To pin what this tag is today, ask for its digest: docker buildx imagetools inspect @IMAGE@
    # and write SERVING_IMAGE=@IMAGE@@sha256:... into the file .env beside this one.
    image: ${SERVING_IMAGE:-@IMAGE@}
    # The image starts the server by a shell, which tells it of no SIGTERM.
    entrypoint: ["tensorflow_model_server"]
    init: true
    command:
      - --port=8500
      - --rest_api_port=8501
      - --model_config_file=/config/models.config
      - --model_config_file_poll_wait_seconds=30
      - --monitoring_config_file=/config/monitoring.config
      - --enable_batching=true
      - --batching_parameters_file=/config/batching.config
      - --enable_per_model_batching_parameters=true
      - --rest_api_timeout_in_ms=30000
      - --enable_model_warmup=true
      - --max_num_load_retries=2
      - --load_retry_interval_micros=5000000
    ports:  # nobody is asked for a password: let others in by a proxy that does
      - "${SERVING_HOST:-127.0.0.1}:8500:8500"  # gRPC
      - "${SERVING_HOST:-127.0.0.1}:8501:8501"  # REST and metrics
    volumes:
      - ./models:/models:ro
      - ./config:/config:ro
    healthcheck:
      test: ["CMD", "bash", "/config/healthy.sh"]
      interval: 10s
      timeout: 5s
      retries: 3
      start_period: 120s
    environment:
      # With oneDNN a server keeps what it has prepared for every shape, and grows for hours.
      TF_ENABLE_ONEDNN_OPTS: ${TF_ENABLE_ONEDNN_OPTS:-0}
    mem_limit: ${SERVING_MEMORY:-@MEMORY@m}  # two versions of each model, and requests at work
    read_only: true
    cap_drop: [ALL]
    security_opt: ["no-new-privileges:true"]
    restart: unless-stopped
"""


def compose(memory: int) -> str:
    """compose.yaml, for Docker Compose and Podman; `memory` in MiB."""
    return _COMPOSE.replace("@IMAGE@", IMAGE).replace("@MEMORY@", str(memory))
