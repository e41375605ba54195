"""TensorFlow's oneDNN kernels where it leaves them off and training gains by them."""

import os
import pathlib

from keras_seq2seq.atomic_file import FilePath

SWITCH = "TF_ENABLE_ONEDNN_OPTS"
# TensorFlow turns them on by itself on processors that have one of these.
_BY_ITSELF = {"avx512_vnni", "avx512_bf16", "avx_vnni", "amx_tile", "amx_int8", "amx_bf16"}


def prefer_onednn(cpuinfo: FilePath = "/proc/cpuinfo") -> None:
    """Sets `TF_ENABLE_ONEDNN_OPTS=1` on an x86 processor with AVX2 but without AVX512-VNNI.

    There TensorFlow leaves oneDNN off, which costs training much of its speed. It must be called
    before TensorFlow is imported. What the user has set stays; on macOS, Windows and ARM nothing
    is done. The last digits of results differ with and without.

    Args:
        cpuinfo: where Linux describes the processor.
    """
    try:
        text = pathlib.Path(cpuinfo).read_text("ascii", "replace")
    except OSError:  # no Linux
        return
    lines = (line.partition(":") for line in text.splitlines())
    flags = next((set(value.split()) for name, _, value in lines if name.strip() == "flags"), set())
    if "avx2" in flags and not flags & _BY_ITSELF:
        os.environ.setdefault(SWITCH, "1")
