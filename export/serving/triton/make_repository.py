"""Makes a model repository for NVIDIA's Triton from a SavedModel of keras_seq2seq.

    python make_repository.py --saved-model served/mine --output repository --model mine
    python make_repository.py ... --signatures serving_default,beam --instances 2

Each signature becomes one model, `mine`, `mine_beam` ...: Triton batches what has the same inputs.
A model is a process of its own with its own TensorFlow and weights (some 850 MB): choose few.
Needs Python alone; the signatures are read from the manifest beside the SavedModel.
"""

import argparse
import json
import pathlib
import shutil

TYPES = {
    "string": "TYPE_STRING",
    "float32": "TYPE_FP32",
    "int32": "TYPE_INT32",
    "int64": "TYPE_INT64",
    "bool": "TYPE_BOOL",
}
CONFIG = """\
name: "{name}"
backend: "python"
max_batch_size: {rows}
{tensors}
dynamic_batching {{
  max_queue_delay_microseconds: {delay}
  default_queue_policy {{
    max_queue_size: {queue}
    timeout_action: REJECT
    default_timeout_microseconds: {timeout}
  }}
}}
instance_group [ {{ kind: KIND_CPU, count: {instances} }} ]
model_warmup [ {{ name: "first call", batch_size: 1{warmup} }} ]
parameters {{ key: "signature" value {{ string_value: "{signature}" }} }}
parameters {{ key: "threads" value {{ string_value: "{threads}" }} }}
"""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--saved-model", required=True, help="base directory, or one version")
    parser.add_argument("--output", required=True, help="repository; made if missing")
    parser.add_argument("--model", required=True, help="name for clients")
    parser.add_argument("--signatures", default="serving_default", help="with commas between")
    parser.add_argument("--rows", type=int, default=32, help="max_batch_size")
    parser.add_argument("--delay", type=int, default=2000, help="microseconds to wait for mates")
    parser.add_argument("--queue", type=int, default=256, help="requests that may wait")
    parser.add_argument("--timeout", type=float, default=30.0, help="seconds they may wait")
    parser.add_argument("--instances", type=int, default=1, help="processes of each model")
    parser.add_argument("--threads", type=int, default=0, help="of TensorFlow; 0: as many as cores")
    options = parser.parse_args()
    version = newest_version(pathlib.Path(options.saved_model))
    signatures = json.loads((version / "assets.extra/keras_seq2seq.json").read_text("utf-8"))
    for signature in options.signatures.split(","):
        print(write_model(version, signature, signatures["signatures"], options))


def newest_version(base: pathlib.Path) -> pathlib.Path:
    if (base / "saved_model.pb").is_file():
        return base
    versions = (
        [p for p in base.iterdir() if p.name.isascii() and p.name.isdigit()]
        if base.is_dir()
        else []
    )
    if not versions:
        raise SystemExit(f"{base} holds no version; export.saved_model writes {base}/1.")
    return max(versions, key=lambda path: int(path.name))


def write_model(version, signature, signatures, options) -> pathlib.Path:
    if signature not in signatures:
        raise SystemExit(f"No signature {signature!r}; there are {', '.join(sorted(signatures))}.")
    name = options.model if signature == "serving_default" else f"{options.model}_{signature}"
    target = pathlib.Path(options.output, name)
    if target.exists():
        raise SystemExit(f"{target} is there already; remove it, or choose another --output.")
    about = signatures[signature]
    sides = ("input", "output")
    blocks = [tensor(side, n, d) for side in sides for n, d in about[f"{side}s"].items()]
    config = CONFIG.format(
        name=name,
        rows=options.rows,
        tensors="\n".join(blocks),
        delay=options.delay,
        queue=options.queue,
        timeout=int(options.timeout * 1e6),
        instances=options.instances,
        warmup="".join(map(warmup_of, about["inputs"].items())),
        signature=signature,
        threads=options.threads,
    )
    folder = target / (version.name if version.name.isdigit() else "1")
    shutil.copytree(version, folder / "model")
    shutil.copy(pathlib.Path(__file__).with_name("model.py"), folder)
    (target / "config.pbtxt").write_text(config, "utf-8")
    return target


def tensor(side: str, name: str, about: dict) -> str:
    """Triton wants a dimension beside the batch: [B] is [B, 1] for clients, [B] for the model."""
    dims = [size if size is not None else -1 for size in about["shape"][1:]]
    reshape = "" if dims else " reshape: { shape: [ ] }"
    sizes = ", ".join(map(str, dims or [1]))
    kind = TYPES[about["dtype"]]
    return f'{side} [ {{ name: "{name}" data_type: {kind} dims: [ {sizes} ]{reshape} }} ]'


def warmup_of(item: tuple[str, dict]) -> str:
    name, about = item
    sizes = ", ".join("1" for _ in about["shape"][1:] or [0])
    data = f"data_type: {TYPES[about['dtype']]} dims: [ {sizes} ] zero_data: true"
    return f'\n  inputs {{ key: "{name}" value {{ {data} }} }}'


if __name__ == "__main__":
    main()
