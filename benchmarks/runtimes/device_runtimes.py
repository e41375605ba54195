"""A `.tflite` file in everything that can run it: Python, C, ARM (emulated), Node, Chromium."""

import contextlib
import importlib.metadata
import importlib.util
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).parent
CLIENT = ROOT / "export" / "on_device"
CHUNK = 100  # sources that a runtime is asked at once
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
FLAGS = "--no-sandbox --disable-gpu --no-first-run --disable-background-networking".split()
ARM_LIBRARIES = pathlib.Path("/usr/aarch64-linux-gnu/lib")
CORTEX_A76 = """processor\t: 0
Features\t: fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp asimdrdm lrcpc asimddp
CPU implementer\t: 0x41
CPU architecture: 8
CPU variant\t: 0x4
CPU part\t: 0xd0b
CPU revision\t: 1

"""

Ask = Callable[..., Any]


class Missing(RuntimeError):
    """A runtime needs what is not installed here."""


@contextlib.contextmanager
def in_node(file: str | os.PathLike, packages: str | os.PathLike) -> Iterator[Ask]:
    """A function that is asked `texts=`, `rows=`, `steps=` or `timed=` (see answers.mjs)."""
    node = shutil.which("node")
    if not node:
        raise Missing("Node 20 or newer: apt-get install nodejs")
    with tempfile.TemporaryDirectory() as directory:
        question, answer = pathlib.Path(directory, "question"), pathlib.Path(directory, "answer")

        def ask(**asked: Any) -> Any:
            question.write_text(json.dumps(asked), "ascii")
            _run([node, HERE / "in_node.mjs", packages, file, question, answer])
            return json.loads(answer.read_text("utf-8"))

        yield ask


@contextlib.contextmanager
def in_chromium(file: str | os.PathLike, packages: str | os.PathLike) -> Iterator[Ask]:
    """The same in headless Chromium, served as the page of export/web is, by its policy."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise Missing("Playwright: pip install playwright") from error
    path = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if not path:
        raise Missing("Chromium: apt-get install chromium")
    with tempfile.TemporaryDirectory() as directory, sync_playwright() as playwright:
        address = build_page(pathlib.Path(directory), file, packages)
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        with _serving(directory) as root:
            page = browser.new_page()
            page.goto(f"{root}answers.html")
            page.evaluate("url => runtime.open(url)", address)

            def ask(timed: Any = None, **asked: Any) -> Any:
                if timed is not None:
                    return page.evaluate("texts => runtime.firstTokens(texts)", timed)
                return page.evaluate("asked => runtime.answer(asked)", asked)

            yield ask
            browser.close()


def build_page(out: pathlib.Path, file: Any, packages: Any) -> str:
    """Builds the page of export/web with one model, and one more that answers; the model's URL."""
    web = ROOT / "export" / "web"
    site = ["--packages", packages, "--out", out, "--model", file]
    _run(["node", web / "build.mjs", *site])
    litert = next(out.glob("litert-*")).name
    esbuild = pathlib.Path(packages).resolve() / "node_modules"
    command = ["node", esbuild / "esbuild/bin/esbuild", HERE / "in_page.mjs", "--bundle"]
    command += [f'--define:LITERT="{litert}/"', f"--outfile={out / 'answers.js'}", "--format=iife"]
    _run([*command, "--log-level=warning"], env={**os.environ, "NODE_PATH": str(esbuild)})
    page = '<!doctype html><meta charset="utf-8"><script src="answers.js"></script>'
    (out / "answers.html").write_text(page, "ascii")
    return json.loads((out / "models.json").read_text("utf-8"))[0]["file"]


def _serving(folder: str) -> contextlib.AbstractContextManager[str]:
    spec = importlib.util.spec_from_file_location("page", ROOT / "export" / "web" / "serve.py")
    if not (spec and spec.loader):
        raise Missing("export/web/serve.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.serving(pathlib.Path(folder))


@contextlib.contextmanager
def in_c(file: str | os.PathLike, arm: bool = False) -> Iterator[Ask]:
    """A function of lines of ids, and perhaps options of the program, to lines of ids."""
    names = ("cmake", "qemu-aarch64", "aarch64-linux-gnu-gcc") if arm else ("cmake", "gcc")
    if missing := [name for name in names if not shutil.which(name)]:
        packages = "qemu-user gcc-aarch64-linux-gnu libstdc++6-arm64-cross" if arm else "gcc"
        raise Missing(f"{', '.join(missing)}: apt-get install cmake make {packages}")
    with tempfile.TemporaryDirectory() as made:
        directory = pathlib.Path(made)
        command = _arm_client(directory) if arm else [_client(directory / "c", _library())]

        def ask(lines: list[str], *options: str) -> list[str]:
            given = "".join(f"{line}\n" for line in lines)
            return _run([*command, file, *options], input=given).splitlines()

        yield ask


def _client(directory: pathlib.Path, library: pathlib.Path, *options: str) -> pathlib.Path:
    place = ["cmake", "-S", CLIENT / "c", "-B", directory, f"-DLITERT_LIBRARY={library}"]
    _run([*place, *options])
    _run(["cmake", "--build", directory])
    return directory / "translate"


def _library() -> pathlib.Path:
    import ai_edge_litert

    return pathlib.Path(ai_edge_litert.__path__[0], "libLiteRt.so")


def _arm_client(directory: pathlib.Path) -> list[Any]:
    """LiteRT asks /proc/cpuinfo what it may do, and would find that of this computer."""
    version = importlib.metadata.version("ai-edge-litert")
    platforms = [f"--platform=manylinux_2_{minor}_aarch64" for minor in (17, 27, 28)]
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
    _run([*pip, *platforms, f"--dest={directory}", f"ai-edge-litert=={version}"])
    with zipfile.ZipFile(next(directory.glob("*.whl"))) as wheel:
        library = pathlib.Path(wheel.extract("ai_edge_litert/libLiteRt.so", directory))
    system = ["-DCMAKE_SYSTEM_NAME=Linux", "-DCMAKE_SYSTEM_PROCESSOR=aarch64"]
    compiler = "-DCMAKE_C_COMPILER=aarch64-linux-gnu-gcc"
    program = _client(directory / "arm", library, *system, compiler)
    root = directory / "root"
    (root / "proc").mkdir(parents=True)
    (root / "proc" / "cpuinfo").write_text(CORTEX_A76, "ascii")
    (root / "lib").symlink_to(ARM_LIBRARIES)
    return ["qemu-aarch64", "-cpu", "cortex-a76", "-L", root, program]


def _run(command: list[Any], **options: Any) -> str:
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, **options)
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed:\n{(done.stdout + done.stderr)[-3000:]}")
    return done.stdout
