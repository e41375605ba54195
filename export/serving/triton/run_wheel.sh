#!/bin/bash
# Runs Triton without Docker, from the binary in the wheel nvidia-pytriton (Linux x86_64, glibc 2.35 or newer, CPU):
#
#     PYTHON=.venv/bin/python bash run_wheel.sh repository [options of tritonserver]
#
# PYTHON has tensorflow and tensorflow-text and is 3.9 to 3.12 with a shared libpython (Debian: libpython3-dev). The wheel is
# kept in TRITON_HOME (default ~/.cache/keras_seq2seq/triton). Ports: HTTP 8000, gRPC 8001, metrics 8002. Ends with Ctrl-C.
set -euo pipefail
PYTHON="${PYTHON:-python3}"
TRITON_HOME="${TRITON_HOME:-$HOME/.cache/keras_seq2seq/triton}"
repository="${1:?give the model repository that make_repository.py made}"
shift

read -r version packages library < <("$PYTHON" - <<'END'
import sys, sysconfig
packages = ":".join(p for p in sys.path if p.endswith("-packages"))
print("%d.%d" % sys.version_info[:2], packages, sysconfig.get_config_var("LIBDIR"))
END
)
root="$TRITON_HOME/pytriton/tritonserver"
if [ ! -x "$root/bin/tritonserver" ]; then
  "$PYTHON" -m pip install --quiet --no-deps --no-compile --target "$TRITON_HOME" nvidia-pytriton==0.7.0
  chmod +x "$root/bin/tritonserver"
fi
numpy="$TRITON_HOME/numpy-$version"  # this Triton is of 2024 and reads the arrays of NumPy 2 wrongly
[ -d "$numpy" ] || "$PYTHON" -m pip install --quiet --target "$numpy" "numpy==1.26.*"
# The process that runs model.py lies beside the backend, as deep as it did, since it finds its libraries by the way up.
stub="$root/python_backend_stubs/$version/triton_python_backend_stub"
[ -f "$stub" ] || { echo "The wheel has no stub for Python $version." >&2; exit 2; }
backends="$root/backends-$version"
mkdir -p "$backends/python"
cp -ru "$root"/backends/python/* "$stub" "$backends/python/"
chmod +x "$backends/python/triton_python_backend_stub"

export PYTHONPATH="$numpy:$packages${PYTHONPATH:+:$PYTHONPATH}"
export LD_LIBRARY_PATH="$library${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"  # libpython, which finds its modules from there
export TF_CPP_MIN_LOG_LEVEL="${TF_CPP_MIN_LOG_LEVEL:-3}"
# Configurations are complete; completing them would start each model twice.
exec "$root/bin/tritonserver" --model-repository="$repository" --backend-directory="$backends" \
  --disable-auto-complete-config "$@"
