"""Does a SavedModel answer alike in the TensorFlow of older and newer servers?

    python benchmarks/serving_versions.py served/ko_en --texts test.ko --wheels wheels

For each version of TensorFlow its wheel and that of the tensorflow-text that fits are fetched by
pip and the libraries taken out of them, a gigabyte for each version; nothing is installed. A native
session of each then gets every signature's requests, of sentences and of strings that no user
means to send, and its answers are compared with those of the installed TensorFlow's session in
Python. With `--threads` the same requests are sent at once and compared with themselves alone.

What is compared is TensorFlow's session and tensorflow-text's operators, which are what a server
of that version runs, not the server. A C compiler is needed, and `nm` for versions before 2.12.
`--json FILE` writes one line of JSON, to standard output if FILE is `-`.
"""

import argparse
import dataclasses
import os
import pathlib
import random
import subprocess
import sys
import time
import zipfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from reference_run import give_line

# Version of TensorFlow: the Python of the wheels, the distributions.
WHEELS = {
    "2.6.5": ("3.9", "tensorflow==2.6.5", "tensorflow-text==2.6.0"),
    "2.12.1": ("3.11", "tensorflow-cpu==2.12.1", "tensorflow-text==2.12.1"),
    "2.15.1": ("3.11", "tensorflow-cpu==2.15.1", "tensorflow-text==2.15.0"),
    "2.18.1": ("3.11", "tensorflow-cpu==2.18.1", "tensorflow-text==2.18.1"),
    "2.20.0": ("3.11", "tensorflow-cpu==2.20.0", "tensorflow-text==2.20.1"),
    "2.21.0": ("3.11", "tensorflow-cpu==2.21.0", "tensorflow-text==2.21.1"),
}
_PARTS = ("tensorflow/libtensorflow", "tensorflow/python/_pywrap_tensorflow_internal.so")
ALPHABET = (
    "aé가나다 .!?\0\t\n\u00a0\u0301\u0323\u200b\u200d\u202e\u2028\u2581\u3000\ufeff\ufffd\uffff"
    "😀🇰👩ﬁⅫ①שלםعربثไทยक्षမြ𒀀<s></s>▁"
)
NASTY = [
    *(
        "",
        " \t\u3000\n",
        "\0",
        "\0" * 50,
        ". " * 5_000,
        "😀🇰🇷👩‍👩‍👧" * 20,
        "שלום עולם",
        "\u202eabc\u202c",
    ),
    *("e" + "\u0301" * 5_000, "\ufeff", "\ufffd\uffff", "ሰላም ᠮᠣᠩᠭᠣᠯ 𒀀", "</s> <pad> <s> <unk> ▁"),
    *("a" * 100_000, "가" * 33_000, "\u0301" * 50_000, "x " * 50_000, "\u200d" * 30_000),
    *(
        b"\xff\xfe\x80",
        b"\xed\xa0\x80",
        b"\xc3",
        b"\xf4\x90\x80\x80",
        b"\xc0\x80",
        b"\x80" * 100_000,
    ),
    b"good \xff bad",
]


def parse_arguments(arguments=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("models", nargs="+", metavar="DIRECTORY", help="of a SavedModel")
    parser.add_argument("--versions", nargs="+", choices=WHEELS, default=list(WHEELS))
    parser.add_argument("--wheels", default="build/wheels", help="where libraries are, or will be")
    parser.add_argument("--texts", help="sentences, one a line; else only strings of --hostile")
    parser.add_argument("--sentences", type=int, default=500, help="how many of --texts")
    parser.add_argument("--hostile", type=int, default=500, help="how many strings to make up")
    parser.add_argument(
        "--threads", type=int, default=0, help="send requests at once, from so many"
    )
    parser.add_argument("--seconds", type=float, default=10, help="how long --threads send")
    parser.add_argument("--json", metavar="FILE", help="where to write the figures; - is stdout")
    return parser.parse_args(arguments)


def hostile_texts(count, seed=0):
    """Strings that come from elsewhere: `NASTY`, then random ones, of bytes or of characters."""
    chance = random.Random(seed)
    texts = NASTY[:count]
    while len(texts) < count:
        kind, length = chance.randrange(5), int(10 ** chance.uniform(0, 3))
        if kind == 0:
            texts.append(chance.randbytes(length))
        elif kind == 1:
            piece = "".join(chance.choices(ALPHABET, k=chance.randint(1, 4)))
            texts.append(piece * chance.randint(1, 200))
        elif kind == 2:
            characters = (chance.randrange(0x110000) for _ in range(length))
            texts.append("".join(chr(c) for c in characters if not 0xD800 <= c < 0xE000))
        else:
            texts.append("".join(chance.choices(ALPHABET, k=length)))
    return texts


def libraries(version, directory):
    """Folders of `tensorflow` and `tensorflow_text`, and what must be opened before them."""
    target = pathlib.Path(directory) / version
    ready = target / "complete"
    if not ready.exists():
        python, *distributions = WHEELS[version]
        command = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--quiet",
            "--no-deps",
            "--dest",
            target,
        ]
        for name in distributions:
            wanted = ["--only-binary=:all:", "--python-version", python, name]
            subprocess.run(list(map(str, [*command, *wanted])), check=True)
        for wheel in target.glob("*.whl"):
            unpack(wheel, target)
            wheel.unlink()
        ready.touch()
    preload = []
    if not (target / "tensorflow" / "libtensorflow_cc.so.2").exists():
        preload.append(stand_ins(target / _PARTS[1], target / "stand_ins.so"))
    return target / "tensorflow", target / "tensorflow_text", preload


def unpack(wheel, target):
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            operators = name.startswith("tensorflow_text/") and name.endswith(".so")
            if name.startswith(_PARTS) or operators or ".libs/" in name:
                archive.extract(name, target)


def stand_ins(library, target):
    """A library of all that another wants of Python, which it names and is not to call."""
    from keras_seq2seq.export.native.program import find_compiler

    if not target.exists():
        command = ["nm", "-D", "--undefined-only", str(library)]
        listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        names = {line.split()[-1].partition("@")[0] for line in listed.splitlines()}
        names = sorted(name for name in names if name.startswith(("Py", "_Py")))
        source = target.with_suffix(".c")
        source.write_text("".join(f"char {name}[4096];\n" for name in names))
        command = [find_compiler(), "-shared", "-fPIC", "-w", str(source), "-o", str(target)]
        subprocess.run(command, check=True)
    return target


@dataclasses.dataclass
class Figures:
    """What one version did with one model."""

    model: str
    version: str
    requests: int = 0
    rows: int = 0
    different: int = 0
    seconds: float = 0
    at_once: int = 0
    wrong: int = 0
    p50_ms: float = 0
    p99_ms: float = 0
    resident_mb: list = dataclasses.field(default_factory=list)  # before, and at the end


def try_version(figures, recorded, options, model):
    from keras_seq2seq.export.native.native_session import NativeSession

    text_of = libraries(figures.version, options.wheels)
    tensorflow, text, preload = text_of
    start = time.perf_counter()
    with NativeSession(
        model, tensorflow=tensorflow, tensorflow_text=text, preload=preload
    ) as session:
        if session.version != figures.version:
            raise SystemExit(f"{tensorflow} is TensorFlow {session.version}")
        for exchange in recorded:
            figures.requests += 1
            figures.rows += len(next(iter(exchange.inputs.values())))
            if difference := exchange.difference(session):
                figures.different += 1
                print(f"{figures.model} in {figures.version}: {difference}", flush=True)
        figures.seconds = round(time.perf_counter() - start, 1)
        if options.threads:
            requests = [(exchange.signature, exchange.inputs) for exchange in recorded]
            expected = [exchange.outputs for exchange in recorded]
            report = session.load(
                requests,
                threads=options.threads,
                seconds=options.seconds,
                expected=expected,
                tolerance=1e-3,
            )
            figures.at_once, figures.wrong = len(report.milliseconds), report.wrong + report.errors
            figures.p50_ms, figures.p99_ms = (round(report.percentile(p), 1) for p in (50, 99))
            figures.resident_mb = [round(report.memory[i, 1] / 1e6) for i in (0, -1)]
            if report.first:
                print(f"{figures.model} in {figures.version}, at once: {report.first[:500]}")


def main(arguments=None):
    options = parse_arguments(arguments)
    from keras_seq2seq.export.native.agreement import exchanges
    from keras_seq2seq.export.saved_model_artefact import SavedModelArtefact

    texts = hostile_texts(options.hostile)
    if options.texts:
        lines = pathlib.Path(options.texts).read_text("utf-8").splitlines()
        texts = lines[: options.sentences] + texts
    found = []
    for model in options.models:
        recorded = list(exchanges(SavedModelArtefact(model), texts))
        for version in options.versions:
            figures = Figures(pathlib.Path(model).name, version)
            try_version(figures, recorded, options, model)
            found.append(dataclasses.asdict(figures))
            print(*(f"{name} {value}" for name, value in found[-1].items()), sep=", ", flush=True)
    if options.json:
        give_line({"texts": len(texts), "found": found}, options.json)
    return int(any(figures["different"] or figures["wrong"] for figures in found))


if __name__ == "__main__":
    sys.exit(main())
