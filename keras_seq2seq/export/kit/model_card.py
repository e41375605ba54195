"""What there is to know of a served model, as plain values."""

import collections
import datetime
import pathlib
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from keras_seq2seq.data.corpus_spec import PHRASEBOOK
from keras_seq2seq.export.artefact import disk_size
from keras_seq2seq.export.guards.saved_graph import all_nodes, read_graph
from keras_seq2seq.export.keras_artefact import KerasArtefact
from keras_seq2seq.export.kit.rest_examples import rest_examples
from keras_seq2seq.export.kit.server_files import MAX_BATCH
from keras_seq2seq.export.saved_model_artefact import SavedModelArtefact
from keras_seq2seq.export.warmup.records import WARMUP, read_records
from keras_seq2seq.text.characters import replace_surrogates
from keras_seq2seq.text.tokenizer import Tokenizer
from keras_seq2seq.text_models.text_seq2seq import TextSeq2Seq

FORMAT = 1
RAN_IN = ("2.6", "2.12", "2.20", "2.21")  # exports ran in native sessions of these
_EXAMPLES = 5
_OF_RUN = {
    "scores": "how well it translates: no scores came with it",
    "data": "what it has learnt from",
    "configuration": "how it was trained",
}


def model_card(
    model: TextSeq2Seq,
    artefact: SavedModelArtefact,
    name: str,
    license: str | None,
    facts: Mapping[str, Any],
    sample: Sequence[str],
    references: Sequence[str],
) -> dict[str, Any]:
    """Returns the card, a dict that JSON can hold; whatever ran, ran in the artefact.

    Args:
        model: What was exported.
        artefact: What came of it, loaded.
        name: What it is called on the server.
        license: What its user may do, or `None`.
        facts: Of its run, see `run_facts`.
        sample: Texts to show with their translations; the first few are taken.
        references: What they should become; may be fewer, or none.
    """
    described = KerasArtefact(model=model).describe()
    manifest, directory = artefact.manifest, pathlib.Path(artefact.path)
    records = read_records(directory / WARMUP)
    examples = rest_examples(artefact, records)
    for record in filter(lambda record: record.outputs, records):
        examples[record.signature].setdefault("output_filters", []).append(list(record.outputs))
    unknown = [text for key, text in _OF_RUN.items() if key not in facts]
    return {
        "format": FORMAT,
        "name": name,
        "license": license,
        "languages": _languages(facts),
        "exported": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d"),
        "examples": _translated(artefact, sample[:_EXAMPLES], references),
        "scores": facts.get("scores", []),
        "limits": _limits(manifest),
        "texts": {
            "source": _of_side(model.source_tokenizer, manifest, "source"),
            "target": _of_side(model.target_tokenizer, manifest, "target"),
        },
        "signatures": {
            name: {**manifest["signatures"][name], **examples[name]}
            for name in sorted(examples, key=lambda name: (name != "serving_default", name))
        },
        **{key: facts.get(key) for key in ("data", "fingerprints", "training", "configuration")},
        "model": {k: v for k, v in described.items() if not k.startswith(("source_", "target_"))},
        "bytes": disk_size(directory),
        "operators": _operators(directory),
        "versions": {
            "exported_with": {k: manifest[k] for k in ("keras_seq2seq", "keras", "tensorflow")},
            "trained_with": facts.get("versions"),
            "proven_in": manifest.get("proven_in", []),
            "exports_ran_in_tensorflow": list(RAN_IN),
        },
        "unknown": ["the licence: ask whoever trained it"] * (not license) + unknown,
    }


def _languages(facts: Mapping[str, Any]) -> list[str] | None:
    """Of sources and targets, where they are on record: of the built-in corpus alone."""
    origin = facts.get("data", {}).get("train", {}).get("origin")
    if str(origin).partition(":")[0] != PHRASEBOOK:
        return None
    columns = str(facts.get("configuration", {}).get("data", {}).get("columns", ""))
    languages = ["Korean", "English"]
    return languages[::-1] if columns.replace(" ", "") == "2,1" else languages


def _translated(
    artefact: SavedModelArtefact, sample: Sequence[str], references: Sequence[str]
) -> list[dict[str, Any]]:
    if not sample:
        return []
    texts = np.array([replace_surrogates(text).encode() for text in sample], object)
    found = artefact.run("serving_default", text=texts)
    rows = []
    for i, text in enumerate(sample):
        row = {"source": text, "output": found["text"][i].decode()}
        row |= {"reference": references[i]} if i < len(references) else {}
        rows.append({**row, "score": float(f"{found['score'][i]:.6g}")})
    return rows


def _limits(manifest: Mapping[str, Any]) -> list[str]:
    source, target = manifest["max_source_length"], manifest["max_target_length"]
    return [
        f"Of a source the first {source - 1} tokens are read; `truncated` is true where there were "
        "more. The server splits no text into sentences: send one at a time.",
        f"A result has at most {target} tokens, its end mark among them; `finished` is false "
        "where that was not enough.",
        f"A request has at most {MAX_BATCH} texts, where requests are batched as the kit does it.",
        "Lists of ids for `detokenize` must be equally long in all requests that are joined: fill "
        f"them up with 0, best to {target}.",
        "It translates whatever comes. Of another language, or of what is unlike its training "
        "data, it makes fluent nonsense, and drops or repeats what it does not know.",
        "A score is the natural log-probability of the result, not a measure of its quality.",
    ]


def _of_side(tokenizer: Tokenizer, manifest: Mapping[str, Any], side: str) -> dict[str, Any]:
    return {
        "scripts": _scripts(tokenizer),
        "tokenizer": type(tokenizer).__name__,
        "vocabulary_size": tokenizer.vocabulary_size,
        "max_tokens": manifest[f"max_{side}_length"],
        "normalization": manifest[f"{side}_normalization"],
    }


def _scripts(tokenizer: Tokenizer) -> list[str]:
    """Scripts of the vocabulary, as Hangul, that have at least a tenth of its letters."""
    pieces = [name for name in tokenizer.tokens() if not name.startswith("<")]  # <unk>, <0xE1>
    letters = [letter for piece in pieces for letter in piece if letter.isalpha()]
    count = collections.Counter(unicodedata.name(x, "?").split()[0].title() for x in letters)
    return [name for name, n in count.most_common() if n >= 0.1 * len(letters)]


def _operators(directory: pathlib.Path) -> dict[str, Any]:
    """Operators beyond TensorFlow's own, by name, and the number of the others."""
    import tensorflow as tf

    graph = read_graph(directory).graph_def
    ours = {function.signature.name for function in graph.library.function}
    found = {node.op for node in all_nodes(graph)} - ours
    own = sorted(name for name in found if not hasattr(tf.raw_ops, name))
    return {"of_tensorflow_text": own, "of_tensorflow": len(found) - len(own)}
