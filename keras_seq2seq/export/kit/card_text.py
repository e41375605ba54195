"""A model card for people to read."""

import json
import shlex
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_TITLES = {"bleu": "BLEU", "chrf": "chrF", "ter": "TER", "exact_match": "exact match, %"}


def card_text(card: Mapping[str, Any]) -> str:
    """The card of `model_card` as Markdown."""
    described, sides = card["model"], card["texts"]
    versions, operators = card["versions"], card["operators"]
    scripts = [" and ".join(about["scripts"]) or "any" for about in sides.values()]
    own = ", ".join(f"`{name}`" for name in operators["of_tensorflow_text"]) or "none"
    facts = {
        "licence": card["license"] or "unknown",
        "exported": card["exported"],
        "parameters": f"{described['parameters']:,}",
        "size on disk": f"{card['bytes'] / 1e6:.2f} MB",
        **{
            side: f"{about['tokenizer']}, {about['vocabulary_size']:,} tokens, at most "
            f"{about['max_tokens']} in a text, Unicode form {about['normalization']['form']}"
            for side, about in sides.items()
        },
        "operators": f"{operators['of_tensorflow']} of TensorFlow; of tensorflow-text: {own}",
        "exported with": _listed(versions["exported_with"]),
        "proven": "every signature was compared with the model in TensorFlow "
        f"{', '.join(versions['proven_in'])}; exports like it ran in "
        f"{', '.join(versions['exports_ran_in_tensorflow'])}",
    }
    parts = [
        f"# {card['name']}",
        f"Text in {scripts[0]} script to text in {scripts[1]} script, by a recurrent network of "
        f"keras_seq2seq. {_languages(card['languages'])}",
        _table(("", ""), facts.items()),
        "## Examples",
        _examples(card["examples"]),
        "## Scores",
        _scores(card["scores"]),
        "## Limits",
        _list(card["limits"]),
        "## Data",
        _data(card["data"], card["fingerprints"]),
        "## Signatures",
        "B is the number of texts. Long lists of replies are cut here.",
        *(_signature(card["name"], *item) for item in card["signatures"].items()),
        "## Network and training",
        _training(card),
    ]
    if card["unknown"]:
        parts += ["## Unknown", _list(card["unknown"])]
    return "\n\n".join(parts) + "\n"


def _languages(languages: Sequence[str] | None) -> str:
    if languages is None:
        return "Which languages is not on record: see the examples."
    return f"It has learnt from the built-in phrasebook, {' to '.join(languages)}."


def _examples(examples: Sequence[Mapping[str, Any]]) -> str:
    if not examples:
        return "None: no texts were given when it was exported."
    keys = list(dict.fromkeys(key for row in examples for key in row))
    rows = ([row.get(key, "") for key in keys] for row in examples)
    return "The first ones of a list, not chosen; the outputs are this export's.\n\n" + _table(
        keys, rows
    )


def _scores(scores: Sequence[Mapping[str, Any]]) -> str:
    parts = []
    for found in scores:
        rows = [
            (title, f"{found[key]:.2f}", _as_code(found.get(f"{key}_signature")))
            for key, title in _TITLES.items()
            if key in found
        ]
        what = f"On {found.get('test', 'pairs that are not on record')}"
        count = f", {found['sentences']:,} sentences" if "sentences" in found else ""
        parts += [f"{what}{count}:", _table(("", "score", "sacreBLEU's signature"), rows)]
    return "\n\n".join(parts) or "None came with the model."


def _data(data: Mapping[str, Any] | None, fingerprints: Mapping[str, Any] | None) -> str:
    if not data:
        return "Unknown."
    rows = []
    for part, about in data.items():
        known = (fingerprints or {}).get(part, {})
        lengths = (about.get(side, {}).get("lengths", {}) for side in ("source", "target"))
        middle = " / ".join(str(found.get("median", "?")) for found in lengths)
        rows.append((part, about.get("origin"), about.get("kept"), middle, known.get("sha256")))
    return _table(("", "origin", "pairs", "median tokens", "SHA-256 of the pairs"), rows)


def _signature(model: str, name: str, about: Mapping[str, Any]) -> str:
    rows = []
    for way in ("inputs", "outputs"):
        for key, tensor in about[way].items():
            shape = ", ".join(
                ("B" if not axis else "any") if size < 0 else str(size)
                for axis, size in enumerate(tensor["shape"])
            )
            rows.append((way.removesuffix("s"), f"`{key}`", tensor["dtype"], f"[{shape}]"))
    parts = [f"### {name}", _table(("", "name", "dtype", "shape"), rows)]
    request, reply = (json.dumps(about[key], ensure_ascii=False) for key in ("request", "reply"))
    if about["request"] is None:
        parts.append(f"A request is too long to be shown here. A reply:\n\n```\n{reply}\n```")
    else:
        url = f"http://localhost:8501/v1/models/{model}:predict"
        parts.append(f"```\ncurl -d {shlex.quote(request)} {url}\n{reply}\n```")
    for outputs in about.get("output_filters", ()):
        names = ", ".join(f"`{output}`" for output in outputs)
        parts.append(f"An `output_filter` of {names} is warmed up; any other is slow once.")
    return "\n\n".join(parts)


def _training(card: Mapping[str, Any]) -> str:
    network = {k: v for k, v in card["model"].items() if k != "parameters"}
    parts = [_code("network", network)]
    for key in ("training", "configuration"):
        if card[key]:
            parts.append(_code(key, card[key]))
    if card["versions"]["trained_with"]:
        parts.append(_code("versions", card["versions"]["trained_with"]))
    return "\n\n".join(parts)


def _code(title: str, facts: Mapping[str, Any]) -> str:
    text = json.dumps({title: facts}, ensure_ascii=False, indent=1)
    return f"```json\n{text}\n```"


def _as_code(text: str | None) -> str:
    return f"`{text}`" if text else ""


def _listed(facts: Mapping[str, Any]) -> str:
    return ", ".join(f"{key} {value}" for key, value in facts.items())


def _list(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _table(header: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    rows = [[_cell(value) for value in row] for row in rows]
    header = [*header]
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _cell(value: Any) -> str:
    text = f"{value:,}" if isinstance(value, int) else str("" if value is None else value)
    return " ".join(text.replace("|", "\\|").split())
