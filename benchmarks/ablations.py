"""Trains variants of one recipe on the same budget and prints what each of them costs or brings.

    python benchmarks/ablations.py --epochs 8 --output ablations.jsonl
    python benchmarks/ablations.py --epochs 8 --output ablations.jsonl --table

One line of JSON is added for each variant that is done. Those done already, with the same
configuration, are left out the next time, so that it may be stopped and started again. Scores are
those of Multi30k's val, greedy; the test set plays no part.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import re
import shutil
import tomllib

from real_corpora import multi30k_files, read_split
from scored_run import facts_of, run_script, say, score_pairs, train_run

from keras_seq2seq.nearest_name import did_you_mean
from keras_seq2seq.training.configuration.config_file import load_config
from keras_seq2seq.training.errors import TrainingError

VARIANTS = pathlib.Path(__file__).with_suffix(".toml")


def main(arguments=None):
    options = parse(arguments)
    variants = read_variants(options.variants, options.only)
    corpora = (options.train, options.valid)
    if not all(corpora):
        files = multi30k_files()
        corpora = (files["train"], files["valid"])
    budget = [f"training.epochs={options.epochs}"] if options.epochs else []
    budget += [f"training.max_minutes={options.minutes}"] if options.minutes else []
    fixed = [f"data.train={corpora[0]}", f"data.valid={corpora[1]}", *options.set, *budget]
    # All are checked before the first is trained.
    configs = {
        name: load_config(options.recipe, [*fixed, *changes]) for name, changes in variants.items()
    }
    if not options.table:
        run_all(configs, variants, options)
    print(table(read_rows(options.output), configs, options.language))


def parse(arguments):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--output", required=True, help="file of JSON lines, added to")
    parser.add_argument("--recipe", help="TOML file or recipe:NAME; default recipe:default")
    parser.add_argument("--variants", default=VARIANTS, help="TOML file; default ablations.toml")
    parser.add_argument("--only", action="append", metavar="NAME", help="these variants alone")
    parser.add_argument("--epochs", type=int, help="budget of each: epochs")
    parser.add_argument("--minutes", type=float, help="budget of each: minutes")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="changes to all"
    )
    parser.add_argument("--train", help="corpus to learn from; default Multi30k")
    parser.add_argument("--valid", help="corpus to score; default Multi30k's val")
    parser.add_argument("--language", default="de", help="of the targets")
    parser.add_argument("--runs", default="runs/ablations", help="where the runs go")
    parser.add_argument("--keep", action="store_true", help="keep the runs, not only the lines")
    parser.add_argument("--table", action="store_true", help="train nothing, print the table")
    options = parser.parse_args(arguments)
    if bool(options.train) != bool(options.valid):
        parser.error("--train and --valid go together")
    if not options.table and not (options.epochs or options.minutes):
        parser.error("a budget is needed: --epochs or --minutes")
    return options


def read_variants(path, only=None) -> dict[str, list[str]]:
    """Names and their changes; of `only`, if given."""
    try:
        rows = tomllib.loads(pathlib.Path(path).read_text("utf-8"))["variant"]
        variants = {row["name"]: list(row["set"]) for row in rows}
    except (KeyError, TypeError, tomllib.TOMLDecodeError) as error:
        raise ValueError(
            f"{path} is not understood ({error}). Expected [[variant]] with name and set."
        ) from error
    if len(variants) < len(rows):
        raise ValueError(f"{path}: two variants have the same name.")
    for name in only or ():
        if name not in variants:
            hint = did_you_mean(name, variants) or f" There are: {', '.join(variants)}."
            raise ValueError(f"--only {name}: there is no such variant.{hint}")
    return {name: variants[name] for name in only or variants}


def run_all(configs, variants, options):
    """Trains and scores what is not done yet, and adds a line for each."""
    pathlib.Path(options.output).parent.mkdir(parents=True, exist_ok=True)
    for number, (name, config) in enumerate(configs.items(), start=1):
        say(f"[{number}/{len(configs)}] {name}")
        if find(read_rows(options.output), config) is not None:
            say("  done before")
            continue
        row = {"variant": name, "set": variants[name], **_measure(name, config, options)}
        _append(pathlib.Path(options.output), row)


def _append(path, row):
    """Adds a line; one that was cut off before it stays a line of its own."""
    content = path.read_bytes() if path.is_file() else b""
    cut_off = content != b"" and not content.endswith(b"\n")
    with open(path, "a", encoding="utf-8") as file:
        file.write("\n" * cut_off + json.dumps(row, ensure_ascii=False) + "\n")
        file.flush()
        os.fsync(file.fileno())


def _measure(name, config, options) -> dict:
    import keras

    from keras_seq2seq.export import open_artefact

    folder = pathlib.Path(options.runs, re.sub(r"\W+", "_", name).strip("_"))
    keras.backend.clear_session()
    try:
        run = train_run(config, folder, overwrite=True)
    except TrainingError as error:  # the others are still worth their time
        say(f"  failed: {error}")
        return {"error": str(error), "config": config.to_dict()}
    model = open_artefact(run.model).model
    scores, _ = score_pairs(model, read_split(config.data.valid), options.language)
    facts = {**facts_of(run), "parameters": model.seq2seq.count_params(), "val": scores}
    if not options.keep:
        shutil.rmtree(run.path)
    return facts


def read_rows(path) -> list[dict]:
    """The lines that are whole; a last line that was cut off is passed over."""
    path = pathlib.Path(path)
    if not path.is_file():
        return []
    rows = []
    for line in path.read_text("utf-8").split("\n"):
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if isinstance(row, dict) and "variant" in row:
            rows.append(row)
    return rows


def find(rows, config):
    """The last line with just this configuration, whatever its variant is called, or `None`."""
    wanted = json.loads(json.dumps(config.to_dict()))
    same = [row for row in rows if row.get("config") == wanted]
    return same[-1] if same else None


def table(rows, configs, language) -> str:
    """The variants that are done, in Markdown; differences are from the first one."""
    lines = [
        f"Moses-tokenised ({language}), lower-cased BLEU of val, greedy search.",
        "",
        "| variant | BLEU | difference | cased BLEU | chrF | perplexity | parameters | minutes |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    base, open_names = None, []
    for name, config in configs.items():
        row = find(rows, config)
        if row is None:
            open_names.append(name)
        elif "error" in row:
            lines.append(f"| {name} | failed: {row['error']} | | | | | | |")
        else:
            bleu = row["val"]["bleu_lowercased_tokenised"]
            base = bleu if base is None else base
            lines.append(
                f"| {name} | {bleu:.2f} | {bleu - base:+.2f} | {row['val']['bleu_cased']:.2f} "
                f"| {row['val']['chrf']:.2f} | {row['valid_perplexity']:.2f} "
                f"| {row['parameters']:,} | {row['minutes']:.1f} |"
            )
    if open_names:
        lines += ["", f"Not done yet: {', '.join(open_names)}."]
    return "\n".join(lines)


if __name__ == "__main__":
    run_script(main)
