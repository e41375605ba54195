"""Makes the program that answers requests, where there is a C compiler."""

import functools
import importlib.util
import pathlib
import shutil
import subprocess
import tempfile

from keras_seq2seq.export.export_error import ExportError

_SOURCE = pathlib.Path(__file__).with_name("session.c")
_COMPILERS = ("cc", "gcc", "clang")


def find_compiler() -> str | None:
    """The path of a C compiler, or `None` if there is none of the usual names."""
    return next(filter(None, map(shutil.which, _COMPILERS)), None)


def program() -> pathlib.Path:
    """The compiled program, made once in a process and removed when that ends.

    It holds nothing of TensorFlow, whose libraries it opens when it runs, so that one program is
    good for all versions.

    Raises:
        ExportError: There is no C compiler, or it fails.
    """
    return pathlib.Path(_folder().name, "session")


@functools.cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    compiler = find_compiler()
    if compiler is None:
        raise ExportError(
            f"A native session needs a C compiler ({', '.join(_COMPILERS)}), and there is none: "
            "apt-get install gcc libc6-dev, for example."
        )
    folder = tempfile.TemporaryDirectory(prefix="keras_seq2seq-session-")
    command = [compiler, "-O1", "-std=gnu11", str(_SOURCE), "-o", f"{folder.name}/session"]
    done = subprocess.run(
        [*command, "-ldl", "-lpthread", "-lm"], capture_output=True, text=True, errors="replace"
    )
    if done.returncode:
        raise ExportError(f"{compiler} cannot make the native session:\n{done.stderr.strip()}")
    return folder


def libraries_of(tensorflow: pathlib.Path) -> list[pathlib.Path]:
    """The libraries of a wheel's package `tensorflow` that hold the C API, in order.

    Raises:
        ExportError: There are none in it.
    """
    framework = tensorflow / "libtensorflow_framework.so.2"
    of_python = tensorflow / "python" / "_pywrap_tensorflow_internal.so"  # all of it before 2.12
    main = tensorflow / "libtensorflow_cc.so.2"
    found = [framework, main if main.is_file() else of_python]
    if missing := [path for path in found if not path.is_file()]:
        raise ExportError(f"There is no {missing[0]}: is {tensorflow} TensorFlow's package?")
    return found


def operators_of(tensorflow_text: pathlib.Path) -> list[pathlib.Path]:
    """The libraries of operators of a wheel's package `tensorflow_text`, all as servers have them.

    Raises:
        ExportError: There are none in it.
    """
    found = sorted((tensorflow_text / "python" / "ops").glob("*.so"))
    if not found:
        raise ExportError(f"There are no operators in {tensorflow_text}/python/ops.")
    return found


def installed(package: str) -> pathlib.Path:
    """Where a package is, without importing it."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ExportError(f"The package {package} is not installed.")
    return pathlib.Path(next(iter(spec.submodule_search_locations)))
