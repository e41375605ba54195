"""The C client of `.tflite` files: built, run, fed with damaged files, run on an emulated ARM."""

import importlib.metadata
import json
import os
import pathlib
import shutil
import subprocess
import sys
import zipfile

import ai_edge_litert
import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter
from learnt_pairs import PAIRS
from tokenizer_kinds import LIMIT, in_form, manifest_of, rows_of_ids, texts, tokenizers

from keras_seq2seq import export
from keras_seq2seq.text.framing import encode_source_python

ROOT = pathlib.Path(__file__).parents[3]
CLIENT = ROOT / "export" / "on_device" / "c"
TEXTS = [*(source for source, _ in PAIRS), "", " \t", "모르는 말 hello 😀", "책 " * 100]


def need(*programs):
    missing = [name for name in programs if shutil.which(name) is None]
    if missing:
        pytest.skip(f"needs {', '.join(missing)}: apt-get install gcc libc6-dev cmake make")


def x86_library():
    library = pathlib.Path(ai_edge_litert.__path__[0], "libLiteRt.so")
    if not library.exists():
        pytest.skip("needs libLiteRt.so: pip install 'ai-edge-litert>=2.3'")
    return library


def build(directory, library, *options):
    configure = ["cmake", "-S", str(CLIENT), "-B", str(directory), f"-DLITERT_LIBRARY={library}"]
    for command in ([*configure, *options], ["cmake", "--build", str(directory)]):
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "warning" not in done.stderr, done.stderr
    return directory / "translate"


def run(*command, stdin="", **options):
    return subprocess.run(
        list(map(str, command)), input=stdin, capture_output=True, text=True, timeout=300, **options
    )


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    need("gcc", "cmake")
    return build(tmp_path_factory.mktemp("c"), x86_library())


@pytest.fixture(scope="module")
def sanitized(tmp_path_factory):
    need("gcc", "cmake")
    directory = tmp_path_factory.mktemp("sanitized")
    (directory / "try.c").write_text("int main(void) { return 0; }", "ascii")
    flags = ["-fsanitize=address,undefined", str(directory / "try.c"), "-o", str(directory / "try")]
    if subprocess.run(["gcc", *flags], capture_output=True).returncode:
        pytest.skip("needs the sanitizers of gcc: apt-get install libasan8 libubsan1")
    return build(directory / "build", x86_library(), "-DSANITIZE=ON")


@pytest.fixture(scope="module")
def file(trained, tmp_path_factory):
    return export.tflite(trained, tmp_path_factory.mktemp("device") / "model.tflite")


@pytest.fixture
def copy(file, tmp_path):
    """A copy of the file and its manifest that a test may spoil."""
    for name in (file, f"{file}.json"):
        shutil.copy(name, tmp_path)
    return tmp_path / file.name


def source_lines(model, texts):
    rows = (
        encode_source_python(model.source_tokenizer, text, model.max_source_length)
        for text in texts
    )
    return ["".join(f"{i} " for i in row[: row.index(3) + 1]) for row in rows]


def python_lines(file, lines, limit):
    """What Python's interpreter gives for lines of ids."""
    translate = Interpreter(model_path=str(file), num_threads=1).get_signature_runner("translate")
    found = []
    for line in lines:
        ids = np.zeros([1, limit], np.int32)
        ids[0, : len(line.split())] = line.split()
        result = translate(ids=ids)
        found.append(" ".join(map(str, result["ids"][0, : result["length"][0]])))
    return found


def test_translates_as_python_does_at_once_and_streaming(client, file, trained):
    lines = source_lines(trained, TEXTS)
    expected = python_lines(file, lines, trained.max_source_length)
    assert any(expected)
    for option in ([], ["--stream"], ["--threads", "2"]):
        done = run(client, file, *option, stdin="\n".join(lines) + "\n")
        assert done.stdout.splitlines() == expected, done.stderr
    with_scores = run(client, file, "--scores", stdin=lines[0] + "\n").stdout.split("\t")
    text, score = trained.generate([TEXTS[0]], return_scores=True)
    assert abs(float(with_scores[1]) - float(np.ravel(score)[0])) < 1e-3, text


def test_eos_may_be_left_out_and_ids_outside_are_unk(client, file):
    lines = ["4 5 6 3", "4 5 6", "4 99999 6 3", "4 -7 6", "4 1 6", "", "3"]
    found = run(client, file, stdin="\n".join(lines) + "\n").stdout.splitlines()
    assert found[0] == found[1] and found[2] == found[3] == found[4] and found[5] == found[6] == ""


def test_meets_the_golden_cases(client, sanitized, file):
    count = len(json.loads(open(f"{file}.json", encoding="utf-8").read())["golden"])
    for program in (client, sanitized):
        done = run(program, file, "--verify", "--stream")
        assert done.stdout == f"{count} of {count} golden cases\n", done.stderr
        assert done.returncode == 0 and "Sanitizer" not in done.stderr


def test_a_golden_case_that_is_not_met_is_told(client, copy):
    edit(copy, lambda manifest: manifest["golden"][-1]["ids"].reverse())
    edit(copy, lambda manifest: manifest["golden"][-2].update(score=-1e3))
    done = run(client, copy, "--verify")
    assert done.returncode == 1 and done.stderr.count("is not met") == 2


def edit(file, change):
    path = pathlib.Path(f"{file}.json")
    manifest = json.loads(path.read_text("utf-8"))
    change(manifest)
    path.write_text(json.dumps(manifest, ensure_ascii=False), "utf-8")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda m: m.update(format=2), "format 3"),
        (lambda m: m.update(sha256="0" * 64), "belong together"),
        (lambda m: m.pop("sha256"), '"sha256"'),
        (lambda m: m.update(max_source_length="long"), '"max_source_length"'),
        (lambda m: m.update(max_source_length=1 << 40), '"max_source_length"'),
        (lambda m: m.update(max_target_length=7), "must be int32 [1, 7]"),
        (lambda m: m["signatures"]["translate"]["inputs"]["ids"].update(shape=[1, 9]), "[1, 9]"),
        (lambda m: m["signatures"]["translate"]["inputs"].clear(), "but absent in the manifest"),
        (lambda m: m["signatures"]["translate"]["outputs"]["score"].update(dtype="int32"), "int32"),
    ],
)
def test_refuses_what_does_not_fit(client, copy, change, words):
    edit(copy, change)
    done = run(client, copy, stdin="4 5 3\n")
    assert (done.returncode, done.stdout) == (1, "") and words in done.stderr


def test_refuses_other_files_and_lines(client, copy, trained):
    assert "cannot be read" in run(client, copy.with_name("none.tflite")).stderr
    long = "4 " * trained.max_source_length + "\n"
    assert "is too long" in run(client, copy, stdin=long).stderr
    done = run(client, copy, stdin="4 5 3\n4 five 3\n")
    assert done.returncode == 1 and "Line 2" in done.stderr
    pathlib.Path(f"{copy}.json").write_text('{"format": 3, "a": [' * 99, "ascii")
    assert "is no JSON" in run(client, copy).stderr
    copy.write_bytes(b"")
    assert run(client, copy).returncode == 1
    assert "whole numbers" in done.stderr and "--text" in done.stderr
    for wrong, words in ([], "file is missing"), ([copy, "--bogus"], "--bogus is no option"):
        done = run(client, *wrong)
        assert (done.returncode, done.stdout) == (2, "") and words in done.stderr
    assert run(client, "--help").stdout.startswith("Usage")


def build_beside(name, build_directory, directory, *flags):
    """One of the programs beside this file, with the client's library."""
    program = directory / name
    library = x86_library()
    source = pathlib.Path(__file__).with_name(f"{name}.c")
    command = ["gcc", "-std=c11", "-D_DEFAULT_SOURCE", "-Wall", "-Werror", *flags, f"-I{CLIENT}"]
    command += [source, build_directory / "libseq2seq.a", library, "-lm"]
    done = run(*command, f"-Wl,-rpath,{library.parent}", "-o", program)
    assert done.returncode == 0, done.stderr
    return program


def test_damaged_files_are_refused_and_end_nothing(client, copy):
    program = build_beside("damaged_files", client.parent, copy.parent)
    assert run(program, copy, 40, "model").stdout.startswith("refused 40,")
    assert run(program, copy, 40, "manifest").stdout.endswith("ended 0, hung 0\n")


# === Text ===


def reads(tokenizer):
    """Whether the C client has all that this tokenizer asks of it."""
    record = manifest_of(tokenizer)["vocabularies"][0]
    own_rules = record.get("charsmap") or record.get("remove_extra_whitespaces")
    return not own_rules and "4" not in record.get("types", "")


@pytest.mark.parametrize(
    ("count", "longest"), [(60, 300), pytest.param(2000, 4096, marks=pytest.mark.slow)]
)
def test_makes_ids_of_text_and_text_of_ids(count, longest, sanitized, tmp_path):
    """In the forms of Unicode that the tokenizers want, which C does not bring texts to."""
    flags = ["-fsanitize=address,undefined"]
    program = build_beside("text_lines", sanitized.parent, tmp_path, *flags)
    path, read = tmp_path / "m.json", 0
    for tokenizer in tokenizers(tmp_path):
        composes = tokenizer.normalization.form == "NFD"
        manifest = manifest_of(tokenizer)
        if composes:
            manifest["target"]["normalization"]["form"] = None
        path.write_text(json.dumps(manifest), "ascii")
        lines = [in_form(tokenizer, text) for text in texts(count)]
        lines = [line for line in lines if len(line) <= longest and not {"\n", "\0"} & set(line)]
        rows = [] if composes else rows_of_ids(tokenizer.vocabulary_size)
        asked = [f"t{line}" for line in lines] + [f"i{' '.join(map(str, row))}" for row in rows]
        done = subprocess.run(  # in bytes: text would take each \\r for a line's end
            [program, path], input=("\n".join(asked) + "\n").encode(), capture_output=True
        )
        if not reads(tokenizer):
            assert done.returncode == 1 and b"another client" in done.stderr
            continue
        read += 1
        found = done.stdout.decode().split("\n")
        assert b"Sanitizer" not in done.stderr, done.stderr
        for line, ids in zip(lines, found, strict=False):
            expected = encode_source_python(tokenizer, line, LIMIT)
            assert [int(i) for i in ids.split()] == expected[: expected.index(3)], line
        texts_of_rows = "\n".join(found[len(lines) : -1])
        assert texts_of_rows == "\n".join(map(text_of(tokenizer), rows))
    assert read >= 7


def text_of(tokenizer):
    """The text of ids as C has it: up to NUL."""
    return lambda ids: tokenizer.detokenize_python(ids).partition("\0")[0]


def test_translates_text(client, file, trained):
    sources = [source for source, _ in PAIRS]
    for option in ([], ["--stream"]):
        done = run(client, file, "--text", *option, stdin="\n".join(sources) + "\n")
        assert done.stdout.splitlines() == trained.generate(sources), done.stderr


@pytest.mark.slow
def test_many_damaged_files(client, sanitized, copy):
    """Without the SHA-256 LiteRT may run, refuse or fail, but comes to an end."""
    program = build_beside("damaged_files", client.parent, copy.parent)
    assert run(program, copy, 200, "model").stdout.startswith("refused 200,")
    assert run(program, copy, 200, "unchecked").stdout.endswith("hung 0\n")
    flags = ["-fsanitize=address,undefined"]
    watched = build_beside("damaged_files", sanitized.parent, copy.parent, *flags)
    assert run(watched, copy, 400, "manifest").stdout.endswith("ended 0, hung 0\n")


@pytest.mark.slow
def test_valgrind_finds_nothing(client, file):
    if shutil.which("valgrind") is None:
        pytest.skip("needs valgrind: apt-get install valgrind libc6-dbg")
    done = run("valgrind", "-q", "--error-exitcode=9", client, file, "--stream", stdin="4 5 3\n")
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_headers_of_litert_agree(tmp_path):
    """What litert_calls.h declares is what LiteRT's own headers declare: the compiler says so."""
    need("gcc", "cmake")
    headers = os.environ.get("KERAS_SEQ2SEQ_LITERT")
    if not headers:
        pytest.skip(
            "needs a clone of github.com/google-ai-edge/LiteRT at v2.3.0, named by "
            "KERAS_SEQ2SEQ_LITERT"
        )
    build(tmp_path, x86_library(), f"-DLITERT_INCLUDE_DIR={headers}")


# === ARM ===

CPU = """processor\t: 0
BogoMIPS\t: 50.00
Features\t: fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp asimdrdm lrcpc asimddp
CPU implementer\t: 0x41
CPU architecture: 8
CPU variant\t: 0x4
CPU part\t: 0xd0b
CPU revision\t: 1

"""


@pytest.fixture(scope="module")
def arm_library(tmp_path_factory):
    """libLiteRt.so for ARM, of the version that is installed here."""
    directory = tmp_path_factory.mktemp("arm")
    version = importlib.metadata.version("ai-edge-litert")
    platforms = [f"--platform=manylinux_2_{minor}_aarch64" for minor in (17, 27, 28)]
    done = run(
        *(sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:"),
        *(*platforms, f"--dest={directory}", f"ai-edge-litert=={version}"),
    )
    wheels = list(directory.glob("*.whl"))
    if not wheels:
        pytest.skip(f"needs PyPI's ai-edge-litert {version} for aarch64: {done.stderr[-200:]}")
    with zipfile.ZipFile(wheels[0]) as wheel:
        return pathlib.Path(wheel.extract("ai_edge_litert/libLiteRt.so", directory))


@pytest.mark.slow
def test_the_same_on_an_emulated_cortex_a76(arm_library, file, trained, tmp_path):
    packages = "qemu-user gcc-aarch64-linux-gnu libstdc++6-arm64-cross"
    libraries = pathlib.Path("/usr/aarch64-linux-gnu/lib")
    programs = ("cmake", "qemu-aarch64", "aarch64-linux-gnu-gcc")
    if not all(map(shutil.which, programs)) or not (libraries / "libstdc++.so.6").exists():
        pytest.skip(f"needs an emulated ARM: apt-get install cmake {packages}")
    client = build(
        tmp_path / "build",
        arm_library,
        "-DCMAKE_SYSTEM_NAME=Linux",
        "-DCMAKE_SYSTEM_PROCESSOR=aarch64",
        "-DCMAKE_C_COMPILER=aarch64-linux-gnu-gcc",
    )
    # LiteRT asks /proc/cpuinfo what it may do, and would find this computer's.
    root = tmp_path / "root"
    (root / "proc").mkdir(parents=True)
    (root / "proc" / "cpuinfo").write_text(CPU, "ascii")
    (root / "lib").symlink_to(libraries)
    emulated = ("qemu-aarch64", "-cpu", "cortex-a76", "-L", root, client, file)
    words = " ".join(source for source, _ in PAIRS).split()
    lines = source_lines(trained, [f"{a} {b}" for a in words for b in words][:60])
    done = run(*emulated, stdin="\n".join(lines) + "\n")
    assert done.stdout.splitlines() == python_lines(file, lines, trained.max_source_length)
    assert run(*emulated, "--verify", "--stream").returncode == 0
