#!/bin/bash
# Starts the official TensorFlow Serving over a serving kit, asks it by REST and gRPC, compares, stops it:
#
#     bash run_tensorflow_serving.sh kit mine sentences.txt
#     SIGNATURES=serving_default,beam SECONDS_OF_LOAD=60 CLIENTS=16 bash run_tensorflow_serving.sh kit mine sentences.txt
#     REPLIES=replies.jsonl bash run_tensorflow_serving.sh kit mine sentences.txt
#
# REPLIES are those of another server to the same texts, such as the development server's:
#     keras-seq2seq serve kit/models/mine & python load_test.py --model mine --texts sentences.txt --save-replies replies.jsonl
# Without, those of gRPC are compared with those of REST, and those of the crowd with those of one client alone.
# The authors had no Docker: its logic was run with another server in the container's place, the container itself never.
# Needs docker with compose; a Python with urllib3 and grpcio. Ports 8500 and 8501 of this machine must be free.
set -euo pipefail
kit="${1:?give the directory of the kit}"
model="${2:?give the name of the model, a directory below $1/models}"
texts="${3:?give a file with a sentence a line}"
here="$(cd "$(dirname "$0")" && pwd)"
PYTHON="${PYTHON:-python3}"
work="$(mktemp -d)"
compose=(docker compose --project-name "check-$$" --file "$kit/compose.yaml")

stop() {
  "${compose[@]}" down --timeout 30 >"$work/down.log" 2>&1 || cat "$work/down.log" >&2
  rm -rf "$work"
}
trap stop EXIT
"${compose[@]}" up --detach --wait --wait-timeout 300 || { "${compose[@]}" logs >&2; exit 1; }

ask() {  # the same requests each time, since nothing but the protocol and what is compared differs
  "$PYTHON" "$here/load_test.py" --model "$model" --texts "$texts" --clients "${CLIENTS:-8}" \
    --signatures "${SIGNATURES:-serving_default}" --rows 1,1,4 --seconds "${SECONDS_OF_LOAD:-20}" --retries 5 "$@"
}
echo "== REST"
ask --protocol rest --url http://localhost:8501 --save-replies "$work/rest.jsonl" ${REPLIES:+--replies "$REPLIES"}
echo "== gRPC"
ask --protocol grpc --url localhost:8500 --replies "${REPLIES:-$work/rest.jsonl}"
echo "== metrics"
"$PYTHON" - <<'END'
import urllib.request

text = urllib.request.urlopen("http://localhost:8501/monitoring/prometheus/metrics", timeout=10).read().decode()
lines = [line for line in text.splitlines() if line.startswith(":tensorflow:serving:request_count")]
print("\n".join(lines) or "no request was counted")
END
echo "All replies were right."
