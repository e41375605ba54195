#!/bin/bash
# Runs translate.js with tensorflow-text's operators:   bash translate.sh served/mine/1 "저는 학생이에요."
#
# They must be in the process before the model is loaded and tfjs-node cannot load a library of operators, so the linker does.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
lib="$here/node_modules/@tensorflow/tfjs-node/deps/lib"
[ -e "$lib/_sentencepiece_tokenizer.so" ] || { echo "Not built yet; run: bash $here/build.sh" >&2; exit 2; }
export LD_PRELOAD="$lib/libtensorflow_framework.so.2 $lib/_sentencepiece_tokenizer.so $lib/_normalize_ops.so"
export TF_CPP_MIN_LOG_LEVEL="${TF_CPP_MIN_LOG_LEVEL:-3}"
exec node "$here/translate.js" "$@"
