"""A training run and its scores, the same way in every benchmark of quality."""

from __future__ import annotations

import json
import os
import pathlib
import platform
import sys
import time

from keras_seq2seq.cli.evaluate_command import score_texts
from keras_seq2seq.cli.screen.library_messages import own_messages_only
from keras_seq2seq.cli.terminal import err, progress_of
from keras_seq2seq.cli.train_command import open_run, train
from keras_seq2seq.training.configuration.config_file import load_config
from keras_seq2seq.training.errors import TrainingError
from keras_seq2seq.training.run_directory import RunDirectory

BATCH = 64
LENGTH_PENALTIES = (0.0, 0.4, 0.6, 0.8, 1.0, 1.2, 1.4, 1.7, 2.0)  # alpha of Wu et al., 2016
FACTS = "benchmark.json"  # beside the model: what cannot be told from the model afterwards
OWN = (FACTS, "test_2016_flickr.hyp", "test.hyp")  # what benchmarks write into a run


def add_arguments(parser, run_dir, recipe, recipe_help):
    """Adds what the command of every benchmark of quality takes."""
    parser.add_argument("--json", help="file for the figures; - is standard output")
    parser.add_argument("--run-dir", default=run_dir, help="where the run goes")
    parser.add_argument("--recipe", default=recipe, help=f"TOML file or recipe:NAME; {recipe_help}")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="changes to the recipe"
    )
    parser.add_argument("--beam", type=int, default=5, help="beam size; 1 is greedy search")
    parser.add_argument("--score", metavar="RUN", help="score this run and train nothing")
    parser.add_argument("--val-only", action="store_true", help="leave the test set alone")
    parser.add_argument("--overwrite", action="store_true", help="replace a run in --run-dir")


def trained_or_opened(options, files) -> RunDirectory:
    """The run that the arguments name: trained now, or one that is there (`--score`)."""
    if options.score is not None:
        return open_finished_run(options.score)
    overrides = [f"data.train={files['train']}", f"data.valid={files['valid']}"]
    config = load_config(options.recipe, [*overrides, *options.set])
    return train_run(config, options.run_dir, options.overwrite)


def train_run(config, run_dir, overwrite=False) -> RunDirectory:
    """Trains into `run_dir` with a progress bar, and keeps how long it took."""
    start = time.monotonic()
    with open_run(pathlib.Path(run_dir), overwrite, OWN) as directory:
        summary = train(config, directory)
    facts = {
        "minutes": round((time.monotonic() - start) / 60, 2),
        "epochs": summary.epochs,
        "best_epoch": summary.best_epoch,
        "valid_perplexity": round(float(summary.valid_perplexity), 4),
        "cores": os.cpu_count(),
        "machine": platform.machine(),
    }
    directory.write_text(FACTS, json.dumps(facts, indent=1) + "\n")
    return directory


def open_finished_run(path) -> RunDirectory:
    """A run that was trained before.

    Raises:
        ValueError: if there is no model in it.
    """
    run = RunDirectory(path)
    if not (run.is_run and run.model.is_file()):
        raise ValueError(f"{path} is no finished run: config.toml and model.keras are expected.")
    return run


def facts_of(run) -> dict:
    """What `train_run` kept of a run; of one that was trained otherwise, what the run itself did.

    `minutes` of `train_run` are those of the whole command; of another run, those in `fit`, all
    resumptions together.
    """
    facts = {"minutes": None}
    if run.summary.is_file():
        summary = json.loads(run.summary.read_text("utf-8"))
        names = ("epochs", "best_epoch", "valid_perplexity")
        facts |= {"minutes": round(summary["seconds"] / 60, 2), **{n: summary[n] for n in names}}
    if (run.path / FACTS).is_file():
        facts |= json.loads((run.path / FACTS).read_text("utf-8"))
    return {"run": str(run.path), **facts, "config": load_config(run.config).to_dict()}


def score_pairs(model, pairs, language, **search) -> tuple[dict, list[str]]:
    """Translates and scores, raw and lower-cased tokenised.

    Args:
        model: `TextSeq2Seq`.
        pairs: `SentencePairs`.
        language: str. Two-letter code of the targets.
        **search: of `SearchOptions`, as `beam_size=5`.

    Returns:
        dict of scores, with the seconds that the search took; the translations.
    """
    start = time.perf_counter()
    with progress_of("translating", len(pairs)) as progress:
        texts, *_ = model.generate_batches(pairs.sources, BATCH, progress, **search)
    seconds = time.perf_counter() - start
    scores = score_texts(texts, pairs.targets, language=language)
    prepared = scores["lowercased_tokenised"]
    short = {
        "sentences": scores["sentences"],
        "bleu_lowercased_tokenised": round(prepared["bleu"], 2),
        "bleu_cased": round(scores["bleu"], 2),
        "chrf": round(scores["chrf"], 2),
        "ter": round(scores["ter"], 2),
        "exact_match": round(scores["exact_match"], 2),
        "seconds": round(seconds, 1),
    }
    return short, texts


def choose_search(model, pairs, language, beam_size) -> tuple[dict, dict, list[dict]]:
    """Chooses the length penalty of a beam search by lower-cased tokenised BLEU.

    Args:
        model: `TextSeq2Seq`.
        pairs: `SentencePairs` of validation.
        language: str. Two-letter code of the targets.
        beam_size: int. 1 is greedy search, where there is nothing to choose.

    Returns:
        The options of the best search, of equals the one with the least penalty; its scores; all
        that was tried, with scores.
    """
    if beam_size == 1:
        scores, _ = score_pairs(model, pairs, language)
        return {"beam_size": 1}, scores, []
    tried = []
    for penalty in LENGTH_PENALTIES:
        search = {"beam_size": beam_size, "length_penalty": penalty}
        scores, _ = score_pairs(model, pairs, language, **search)
        say(f"  length penalty {penalty}: {scores['bleu_lowercased_tokenised']:.2f}")
        tried.append({**search, **scores})
    best = max(tried, key=lambda row: row["bleu_lowercased_tokenised"])
    names = ("beam_size", "length_penalty")
    return (
        {name: best[name] for name in names},
        {name: value for name, value in best.items() if name not in names},
        tried,
    )


def signatures(language) -> dict:
    """How the figures of `score_pairs` were computed."""
    from keras_seq2seq.evaluation import score_corpus, score_lowercased_tokenised

    raw, prepared = score_corpus(["a"], ["a"]), score_lowercased_tokenised(["a"], ["a"], language)
    return {
        "bleu_cased": raw.bleu_signature,
        "bleu_lowercased_tokenised": prepared.bleu_signature,
        "text_lowercased_tokenised": prepared.text,
        "chrf": raw.chrf_signature,
        "ter": raw.ter_signature,
    }


def give_json(result, file) -> None:
    """Writes one JSON object to a file, or as one line to standard output for "-"."""
    if file is None:
        return
    if str(file) == "-":
        print(json.dumps(result, ensure_ascii=False))
        return
    path = pathlib.Path(file)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", "utf-8")


def say(message) -> None:
    """Tells the user, on standard error."""
    err.print(message, highlight=False, markup=False, soft_wrap=True)


def run_script(main) -> None:
    """Runs the main function of a script; what a user can mend is told in one line."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.stdout.reconfigure(encoding="utf-8")
    try:
        with own_messages_only():
            main()
    except (ValueError, OSError, TrainingError) as error:
        sys.exit("error: " + " ".join(str(error).split()))
