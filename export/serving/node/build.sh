#!/bin/bash
# Builds tfjs-node against the TensorFlow of a Python environment:   PYTHON=.venv/bin/python bash build.sh
#
# tfjs-node's own libtensorflow (2.9) lacks tensorflow-text's operators, and the two must be of one version; the Python wheels
# of both are such a pair. Needs: node >= 18 with its headers (Debian: nodejs, libnode-dev), npm, g++, make, and a Python with
# tensorflow and tensorflow-text. Python itself is used here alone, to find the files; `translate.sh` runs without.
set -euo pipefail
cd "$(dirname "$0")"
PYTHON="${PYTHON:-python3}"
NODE_PREFIX="${NODE_PREFIX:-$(dirname "$(dirname "$(readlink -f "$(command -v node)")")")}"  # has include/node

# Found without importing TensorFlow.
wheel() { "$PYTHON" -c "import importlib.util as u, os, sys; s = u.find_spec('$1'); print(os.path.dirname(s.origin) if s else '')"; }
TENSORFLOW="$(wheel tensorflow)"
TEXT="$(wheel tensorflow_text)"
for found in "$TENSORFLOW" "$TEXT"; do
  [ -n "$found" ] || { echo "$PYTHON has not both tensorflow and tensorflow_text; set PYTHON to one that has." >&2; exit 2; }
done
[ -f "$NODE_PREFIX/include/node/node_api.h" ] || {
  echo "No $NODE_PREFIX/include/node/node_api.h; install Node's headers, or set NODE_PREFIX to where include/node is." >&2
  exit 2
}

npm install --ignore-scripts --no-audit --no-fund  # its script would download another TensorFlow
binding=node_modules/@tensorflow/tfjs-node
mkdir -p "$binding/deps/lib"
ln -sfn "$TENSORFLOW/include" "$binding/deps/include"
ln -sf "$TENSORFLOW/libtensorflow_cc.so.2" "$binding/deps/lib/libtensorflow.so"
ln -sf "$TENSORFLOW/libtensorflow_cc.so.2" "$binding/deps/lib/libtensorflow_cc.so.2"
ln -sf "$TENSORFLOW/libtensorflow_framework.so.2" "$binding/deps/lib/libtensorflow_framework.so"
ln -sf "$TENSORFLOW/libtensorflow_framework.so.2" "$binding/deps/lib/libtensorflow_framework.so.2"
for operators in _sentencepiece_tokenizer _normalize_ops; do
  ln -sf "$TEXT/python/ops/$operators.so" "$binding/deps/lib/$operators.so"
done
(cd "$binding" && npx --no-install node-pre-gyp rebuild --nodedir="$NODE_PREFIX")
echo "Built. Now: bash translate.sh SAVED_MODEL_VERSION_DIRECTORY TEXT..."
