"""Translates with a `.tflite` file of keras_seq2seq and the manifest beside it.

One file to copy, which needs numpy and ai-edge-litert alone. It follows docs/manifest.md.

    python seq2seq_lite.py model.tflite < sources.txt
"""

import argparse
import array
import base64
import codecs
import hashlib
import heapq
import json
import math
import os
import pathlib
import re
import sys
import threading
import unicodedata
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np

FORMAT = 3  # of manifests
_PAD, _UNK, _BOS, _EOS = range(4)
_MARK = "\u2581"  # SentencePiece's for the space
_BROKEN = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, re.error)
_DEAD = -1e9  # ranking where a beam has nothing
_SURROGATE = re.compile("[\ud800-\udfff]")
_NORMAL, _CONTROL, _USER_DEFINED, _UNUSED, _BYTE = "13456"  # types of pieces


class LiteError(ValueError):
    """A file, its manifest or what came of it is not as it should be."""


class Translation(NamedTuple):
    """What came of a source. `ids` are `length` tokens before EOS, `score` a log-probability."""

    text: str
    ids: list[int]
    length: int
    score: float
    ranking: float | None = None  # by which `n_best` is in order


class Text:
    """How text becomes ids and ids become text, on the side `source` or `target` of a manifest."""

    def __init__(self, manifest: dict[str, Any], side: str):
        vocabulary = manifest["vocabularies"][manifest[side]["vocabulary"]]
        kind, known = vocabulary["kind"], vocabulary.get("known_characters")
        self._tables = manifest["tables"] | ({} if known is None else {"known": known})
        self._normalization = manifest[side]["normalization"]
        self._limits = manifest["source"]["truncation"]
        self._patterns: dict[str, re.Pattern] = {}
        self._lower = {**dict(self._tables["lower"]), 0x130: "i\u0307"}
        self._surfaces = [b"", "\ufffd".encode(), b"", b""]  # of ids, as they stand in a text
        if kind == "bytes":
            self._surfaces += [bytes([byte]) for byte in range(256)]
            self._cut: Callable[[str], list[int]] = lambda text: [b + 4 for b in text.encode()]
        elif kind == "characters":
            self._surfaces += [piece.encode() for piece in vocabulary["pieces"][4:]]
            ids = {piece: i for i, piece in enumerate(vocabulary["pieces"]) if i > 3}
            self._cut = lambda text: [ids.get(character, _UNK) for character in text]
        else:
            self._cut = {"unigram": _Unigram, "bpe": _BytePair}[kind](vocabulary)
            self._surfaces = list(map(_surface, vocabulary["pieces"], vocabulary["types"]))
            self._surfaces[_UNK] = vocabulary["unknown_surface"].encode()
        self._dummy_space = vocabulary.get("dummy_space", "")
        self.vocabulary_size = len(self._surfaces)

    def tokenize(self, text: str, limit: int | None = None) -> list[int]:
        """The ids of a text, or the first of a source, of which no more is read than they need."""
        return self._cut(self._read(text) if limit is None else self._begin(text))[:limit]

    def is_blank(self, text: str) -> bool:
        """Whether there is nothing to be seen in a text."""
        unseen = "{invisible}{unseen}" if self._normalization["drop_invisible"] else ""
        return self._pattern("[{white_space}" + unseen + "]*").fullmatch(text) is not None

    def normalize(self, text: str) -> str:
        """Brings a text to one spelling."""
        text, how = _SURROGATE.sub("\ufffd", text), self._normalization
        if how["drop_invisible"]:
            text = self._pattern("[{invisible}]+").sub("", text)
        if how["form"]:
            text = unicodedata.normalize(how["form"], self._capped(text, "[{marks}]+"))
            text = self._capped(text, "[{marks}]+")
        if how["lowercase"]:
            text = self._pattern("(?<=[{greek}])\u03a3(?![{greek}])").sub("\u03c2", text)
            text = text.translate(self._lower)
        if how["collapse_whitespace"]:
            text = self._pattern("[{white_space}]+").sub(" ", text).strip(" ")
        return text

    def detokenize(self, ids: Iterable[int], whole: bool = True) -> str:
        """The text of ids; if it is not the whole, what no id that follows can change of it."""
        table = self._surfaces
        read = b"".join(table[i if 0 <= i < len(table) else _UNK] for i in ids)
        text = codecs.getincrementaldecoder("utf-8")("replace").decode(read, whole)
        if self._dummy_space == "start":
            text = text.removeprefix(" ")
        elif self._dummy_space == "end":
            text = text.removesuffix(" ")
        if self._normalization["form"] != "NFD":
            return text
        text = unicodedata.normalize("NFC", text)
        while not whole and text:  # marks and jamo may still join the last letter
            text, last = text[:-1], text[-1]
            whole = not unicodedata.combining(last)
        return text

    def _begin(self, text: str) -> str:
        """As much of a text, normalized, as the first ids of a source need."""
        needed, long = self._limits["characters"], self._limits["long_text"]
        size, farthest = 4 * (needed + long), self._limits["farthest"]
        part = self._cut_at(text, size, "[{white_space}]")
        read = self._read(part)
        if len(part) < len(text) and size + long < farthest and len(read) < needed + 2 * long:
            read = self._read(text[:farthest])
        return self._cut_at(read, needed, " ")

    def _read(self, text: str) -> str:
        text = self.normalize(text)
        return self._capped(text, "[^{known}]+") if "known" in self._tables else text

    def _cut_at(self, text: str, count: int, space: str) -> str:
        end = count + self._limits["long_text"]
        found = self._pattern(space).search(text, count, end) if len(text) > count else None
        return text[: found.start() if found else end]

    def _capped(self, text: str, run: str) -> str:
        long, most = len(text) > self._limits["long_text"], self._limits["longest_run"]
        return self._pattern(run).sub(lambda found: found[0][:most], text) if long else text

    def _pattern(self, pattern: str) -> re.Pattern:
        """A regular expression, with tables for the names in braces."""
        if pattern not in self._patterns:
            spelt = {
                name: "".join(rf"\U{first:08x}-\U{last:08x}" for first, last in ranges)
                for name, ranges in self._tables.items()
                if "{" + name + "}" in pattern
            }
            self._patterns[pattern] = re.compile(pattern.format_map(spelt))
        return self._patterns[pattern]


def _surface(piece: str, kind: str) -> bytes:
    if kind == _BYTE:
        return bytes([int(piece[1:-1], 16)])
    return b"" if kind == _CONTROL else piece.replace(_MARK, " ").encode()


class _SentencePiece:
    """Normalized text to ids, as the sentencepiece package does it."""

    def __init__(self, vocabulary: dict[str, Any]):
        scores = np.array(vocabulary["scores"], "float32").tolist()
        self.pieces = list(zip(vocabulary["pieces"], vocabulary["types"], scores, strict=True))
        self._how, self._charsmap = vocabulary, base64.b64decode(vocabulary["charsmap"] or "")
        self._trie_size = int.from_bytes(self._charsmap[:4], "little")  # strings follow
        self._units = np.frombuffer(self._charsmap[4 : 4 + self._trie_size], "<u4").tolist()
        own = [piece for piece, kind, _ in self.pieces if kind == _USER_DEFINED]
        own.sort(key=len, reverse=True)  # the longest is found first
        self.user_defined = re.compile("|".join(map(re.escape, own))) if own else None
        bytes_ = ((piece, i) for i, (piece, kind, _) in enumerate(self.pieces) if kind == _BYTE)
        self._bytes = {int(piece[1:-1], 16): i for piece, i in bytes_}

    def __call__(self, text: str) -> list[int]:
        """The ids of a text; neighbours that are unknown become one UNK."""
        ids: list[int] = []
        before = None
        for i, piece in self.segment(self._spelt(text)):
            if i == _UNK and self._how["byte_fallback"]:
                ids.extend(self._bytes[byte] for byte in piece.encode())
            elif i != _UNK or before != _UNK:
                ids.append(i)
            before = i
        return ids

    def segment(self, text: str) -> Iterable[tuple[int, str]]:
        """The pieces of a text, each with its id."""
        raise NotImplementedError

    def _spelt(self, text: str) -> str:
        """A text by the rules of the model itself."""
        how, empty = self._how, not text
        remove, at_end = how["remove_extra_whitespaces"], how["treat_whitespace_as_suffix"]
        if remove or self._units:
            parts, start, behind_space, empty = [], 0, remove, remove or not text
            while start < len(text):
                part, start = self._replaced(text, start)
                empty = empty and part == " "
                part = part.lstrip(" ") if behind_space else part
                if part:
                    parts.append(part)
                    behind_space = remove and part.endswith(" ")
            text = "".join(parts)
        if empty:
            return ""
        space = _MARK if how["escape_whitespaces"] else " "
        dummy = space if how["add_dummy_prefix"] else ""
        text = ("" if at_end else dummy) + text.replace(" ", space)
        text = text.rstrip(space) if remove else text
        return text + dummy if at_end else text

    def _replaced(self, text: str, start: int) -> tuple[str, int]:
        """What stands for the text at `start`, mostly its character, and where the next begins."""
        units, found, end = self._units, None, start
        own = self.user_defined and self.user_defined.match(text, start)
        if own:
            return own[0], own.end()
        place, unit = _offset(units[0]) if units else 0, 0
        while units and end < len(text):
            for byte in text[end].encode():
                place ^= byte
                unit = units[place] if place < len(units) else 0
                if unit & 0x800000FF != byte:
                    break
                place ^= _offset(unit)
            else:
                end += 1
                if unit & 0x100:
                    found = end, 4 + self._trie_size + (units[place] & 0x7FFFFFFF)
                continue
            break
        if not found:
            return text[start], start + 1
        end, first = found
        return self._charsmap[first : self._charsmap.index(0, first)].decode(), end


def _offset(unit: int) -> int:
    return unit >> 10 << ((unit & 0x200) >> 6)


class _Unigram(_SentencePiece):
    """The most probable pieces. Sums are kept in float32: ties depend on it."""

    def __init__(self, vocabulary: dict[str, Any]):
        super().__init__(vocabulary)
        scores = [score for _, kind, score in self.pieces if kind == _NORMAL]
        self._unknown = float(np.float32(min(scores, default=0)) - np.float32(10))
        self._longest, self._trie = 1, {}  # by characters; under "" score and id of a piece
        for i, (piece, kind, score) in enumerate(self.pieces):
            if kind == _USER_DEFINED:
                score = float(np.float32(0.1 * (len(piece.encode()) - 1)))
            if kind in (_NORMAL, _USER_DEFINED):
                node = self._trie
                for character in piece:
                    node = node.setdefault(character, {})
                node[""] = score, i
                self._longest = max(self._longest, len(piece))

    def segment(self, text: str) -> Iterable[tuple[int, str]]:
        trie, longest, unknown, count = self._trie, self._longest, self._unknown, len(text) + 1
        best = array.array("f", [-math.inf]) * count  # sum of the scores up to a place
        starts, ids = [0] * count, [_UNK] * count  # of the last piece up to there
        rounded, best[0] = array.array("f", [0]), 0
        for start in range(len(text)):
            here, node, end, single = best[start], trie, start, False
            for character in text[start : start + longest]:
                node = node.get(character)
                if node is None:
                    break
                end += 1
                if "" in node:
                    score, i = node[""]
                    score += here
                    single = single or end == start + 1
                    if score > best[end]:
                        rounded[0] = score
                        if rounded[0] > best[end]:
                            best[end], starts[end], ids[end] = score, start, i
            if not single:
                rounded[0], end = here + unknown, start + 1
                if rounded[0] > best[end]:
                    best[end], starts[end], ids[end] = rounded[0], start, _UNK
        found, end = [], len(text)
        while end:
            found.append((ids[end], text[starts[end] : end]))
            end = starts[end]
        return reversed(found)


class _BytePair(_SentencePiece):
    """Neighbours are merged, the best pair first, of equally good ones the leftmost."""

    def __init__(self, vocabulary: dict[str, Any]):
        super().__init__(vocabulary)
        spelt = (_NORMAL, _USER_DEFINED, _UNUSED)
        self._scores = {piece: score for piece, kind, score in self.pieces if kind in spelt}
        order = sorted(range(len(self.pieces)), key=lambda i: self.pieces[i][1] not in spelt)
        self._ids = {self.pieces[i][0]: i for i in order}  # names of special tokens come first

    def segment(self, text: str) -> Iterator[tuple[int, str]]:
        pieces, frozen = self._split(text)
        before, after = list(range(-1, len(pieces) - 1)), [*range(1, len(pieces)), -1]
        parts: dict[str, list[str]] = {}  # of what was merged
        agenda: list[tuple[float, int, int, str]] = []

        def look_at(left: int, right: int) -> None:
            if min(left, right) >= 0 and left not in frozen and right not in frozen:
                piece = pieces[left] + pieces[right]
                if piece in self._scores:
                    heapq.heappush(agenda, (-self._scores[piece], left, right, piece))
                    parts[piece] = [pieces[right], pieces[left]]

        for right in range(1, len(pieces)):
            look_at(right - 1, right)
        while agenda:
            _, left, right, piece = heapq.heappop(agenda)
            if not pieces[right] or pieces[left] + pieces[right] != piece:
                continue  # one of them was merged with another
            pieces[left], pieces[right] = piece, ""
            after[left] = after[right]
            if after[right] >= 0:
                before[after[right]] = left
            look_at(before[left], left)
            look_at(left, after[left])
        waiting = [piece for piece in reversed(pieces) if piece]
        while waiting:
            piece = waiting.pop()
            i = self._ids.get(piece, _UNK)
            if self.pieces[i][1] != _UNUSED:
                yield i, piece
            elif piece in parts:
                waiting += parts[piece]
            else:
                yield _UNK, piece

    def _split(self, text: str) -> tuple[list[str], set[int]]:
        """The characters of a text, and places of pieces of the user's, which are not merged."""
        pieces, frozen, start = [], set(), 0
        for own in self.user_defined.finditer(text) if self.user_defined else ():
            pieces += text[start : own.start()]
            frozen.add(len(pieces))
            pieces.append(own[0])
            start = own.end()
        return [*pieces, *text[start:]], frozen


class Translator:
    """A `.tflite` file and its manifest, for any number of threads, one after the other.

    Args:
        path: of the file; the manifest beside it has `.json` behind its name.
        num_threads: of the interpreter.
        pair: manifest and content of the file, if they were read already.

    Raises:
        LiteError: they do not belong together, or are of another format, or broken.

    Example:

    ```python
    Translator("ko_en.tflite").translate("안녕하세요.").text
    ```
    """

    def __init__(self, path: str | os.PathLike, num_threads: int = 1, pair: Any = None):
        self.path = os.fspath(path)
        self.manifest, content = pair or read_pair(path)
        try:
            self.source, self.target = (Text(self.manifest, side) for side in ("source", "target"))
            self._most = [self.manifest[f"max_{side}_length"] for side in ("source", "target")]
            sizes = [self.manifest[f"{side}_vocabulary_size"] for side in ("source", "target")]
            if sizes != [self.source.vocabulary_size, self.target.vocabulary_size]:
                raise ValueError(f"vocabularies of other sizes than {sizes}")
            ids = [part["ids"] for part in self.manifest["signatures"]["translate"].values()]
            if sorted(one["shape"] for one in ids) != sorted([1, most] for most in self._most):
                raise ValueError(f"translate has other shapes than {self._most}")
            names = ("source", "source_ids", "ids", "length", "text", "score")  # all are needed
            [case[name] for case in self.manifest["golden"] for name in names]
            self.manifest["search"].keys()
            self.target.detokenize(self.target.tokenize(f"{self.tokenize('a')}"))
        except _BROKEN as error:
            what = f"{self.path}.json is broken ({type(error).__name__}: {error})"
            raise LiteError(f"{what}: export the model again.") from error
        from ai_edge_litert.interpreter import Interpreter

        self._lock, self._runners = threading.Lock(), {}
        try:
            self.interpreter = Interpreter(model_content=content, num_threads=num_threads)
        except (ValueError, RuntimeError) as error:
            raise LiteError(f"{self.path} is not a readable .tflite model: {error}") from error
        self._runner("translate")

    def translate(self, text: str) -> Translation:
        """What the file makes of a source, by the search that is built in."""
        found = self.run("translate", ids=self._row(self.tokenize(text), 0))
        return self._translation(*(found[name][0] for name in ("ids", "length", "score")))

    def translate_all(self, texts: Iterable[str]) -> list[Translation]:
        """What the file makes of each of several sources."""
        return [self.translate(text) for text in texts]

    def n_best(self, text: str) -> list[Translation]:
        """The results of the signature `beam`, the best first."""
        found = self.run("beam", ids=self._row(self.tokenize(text), 0))
        rows = zip(*(found[name][0] for name in ("ids", "length", "score", "ranking")), strict=True)
        alive = [self._translation(*row) for n, row in enumerate(rows) if not n or row[3] > _DEAD]
        return sorted(alive, key=lambda one: -(one.ranking or 0))

    def stream(self, text: str) -> Generator[str, None, Translation]:
        """The result of greedy search in pieces, as they come; returns the whole."""
        given = self.run("encode", ids=self._row(self.tokenize(text), 0))
        done, ids, score, said = given.pop("finished")[0] > 0, [], 0.0, ""
        given["ids"] = np.array([_BOS], "int32")
        while not done and len(ids) < self._most[1]:
            step = self.run("decode_step", **given)
            score += float(step["score"][0])
            if step["next_ids"][0] == _EOS:
                break
            ids.append(int(step["next_ids"][0]))
            states = {name: step[name] for name in given if name.startswith("state_")}
            given.update(states, ids=step["next_ids"])
            ready = self.target.detokenize(ids, whole=False)
            if len(ready) > len(said):
                yield ready[len(said) :]
                said = ready
        found = self._translation(np.array(ids, "int32"), len(ids), score)
        if found.text != said:
            yield found.text[len(said) :]
        return found

    def score(self, source: str, target: str) -> tuple[float, list[float]]:
        """The log-probability of a given target, and those of its tokens and of EOS."""
        ids = [*self.target.tokenize(target), _EOS]
        if len(ids) > self._most[1]:
            raise LiteError(f"The target has {len(ids)} tokens, EOS included: more than fit.")
        rows = {"ids": self._row(self.tokenize(source), 0), "target_ids": self._row(ids, 1)}
        found = self.run("score", **rows)
        return float(found["score"][0]), found["token_scores"][0, : len(ids)].tolist()

    def tokenize(self, text: str) -> list[int]:
        """The ids of a source, EOS behind them."""
        if not isinstance(text, str):
            raise TypeError(f"Expected a str, got {type(text).__name__}: {str(text)[:60]!r}.")
        text = "" if self.source.is_blank(text) else text
        return [*self.source.tokenize(text, self._most[0] - 1), _EOS]

    def detokenize(self, ids: Iterable[int]) -> str:
        """The text of target ids."""
        return self.target.detokenize(ids)

    def verify(self) -> int:
        """Replays the golden cases, and gives their number; a LiteError shows a difference."""
        steps = "decode_step" in self.manifest["signatures"] and not self.manifest["search"]
        for case in self.manifest["golden"]:
            source, found = case["source"], self.translate(case["source"])
            actual = {"source_ids": self.tokenize(source), **found._asdict()}
            if steps:
                actual["stream"] = "".join(self.stream(source))
            for name in ("source_ids", "ids", "length", "text", "stream", "score"):
                ours, theirs = actual.get(name), case.get(name, case["text"] if steps else None)
                near = name == "score" and abs(ours - theirs) < 0.001 * (1 + abs(theirs))
                if ours != theirs and not near:
                    raise LiteError(f"{source!r}: {name} is {ours!r}, but should be {theirs!r}.")
        return len(self.manifest["golden"])

    def _row(self, ids: list[int], side: int) -> np.ndarray:
        return np.array([ids + [_PAD] * (self._most[side] - len(ids))], "int32")

    def _translation(self, row: Any, length: Any, score: Any, ranking: Any = None) -> Translation:
        ids, size = row[: max(length, 0)].tolist(), self.target.vocabulary_size
        if len(ids) != length or not all(0 <= i < size for i in ids):
            what = f"{self.path} gave length {length} and ids {row.tolist()}"
            raise LiteError(f"{what}, but there are {size} ids: the file is not as it was.")
        if not math.isfinite(score):
            raise LiteError(f"{self.path} gave the score {score}: weights hold NaN or infinity.")
        ranking = None if ranking is None else float(ranking)
        return Translation(self.target.detokenize(ids), ids, len(ids), float(score), ranking)

    def run(self, signature: str, **inputs: np.ndarray) -> dict[str, np.ndarray]:
        """Runs a signature as it is, one thread at a time."""
        with self._lock:
            try:
                runner, known = self._runner(signature), self.manifest["signatures"][signature]
                said = {n: f"{one['dtype']} {one['shape']}" for n, one in known["inputs"].items()}
                found = {n: f"{np.asarray(a).dtype} {[*np.shape(a)]}" for n, a in inputs.items()}
                if found != said:
                    raise LiteError(f"{signature} takes {said}, and got {found}.")
                return runner(**inputs)
            except RuntimeError as error:
                raise LiteError(f"{self.path}: {signature} failed: {error}") from error

    def _runner(self, signature: str) -> Any:
        if signature in self._runners:
            return self._runners[signature]
        known = self.manifest["signatures"]
        if signature not in known or signature not in self.interpreter.get_signature_list():
            raise LiteError(f"{self.path} has no signature {signature!r}, but {sorted(known)}.")
        runner = self.interpreter.get_signature_runner(signature)
        details = {"inputs": runner.get_input_details(), "outputs": runner.get_output_details()}
        found, said = (
            {
                (key, name, np.dtype(one["dtype"]).name, *one["shape"])
                for key, tensors in described.items()
                for name, one in tensors.items()
            }
            for described in (details, known[signature])
        )
        if found != said:
            raise LiteError(f"{self.path}: {signature} is not what the manifest says of it.")
        return self._runners.setdefault(signature, runner)


def read_pair(path: str | os.PathLike) -> tuple[dict[str, Any], bytes]:
    """The manifest and the content of a `.tflite` file, if they belong together."""
    manifest = pathlib.Path(f"{os.fspath(path)}.json")
    try:
        content, facts = pathlib.Path(path).read_bytes(), json.loads(manifest.read_bytes())
        found = facts["format"], facts["sha256"]
    except (OSError, ValueError, TypeError, LookupError, RecursionError) as error:
        raise LiteError(f"{path} and {manifest} cannot be read: {error!r}.") from error
    if found[0] != FORMAT:
        raise LiteError(f"{manifest} has format {found[0]}, not {FORMAT}: export the model again.")
    if found[1] != hashlib.sha256(content).hexdigest():
        raise LiteError(f"{path} is not the file that {manifest} is of: copy both again.")
    sealed = {name: value for name, value in facts.items() if name != "seal"}
    sealed = json.dumps(sealed, sort_keys=True, separators=(",", ":")).encode("ascii")
    if facts.get("seal") != hashlib.sha256(sealed).hexdigest():
        raise LiteError(f"{manifest} was changed since it was written: copy it again.")
    return facts, content


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description="Translates lines from standard input.")
    parser.add_argument("file", help="a .tflite file, its manifest beside it")
    parser.add_argument("--verify", action="store_true", help="replay the golden cases instead")
    parser.add_argument("--stream", action="store_true", help="write the pieces as they come")
    parser.add_argument("--scores", action="store_true", help="log-probability and TAB before each")
    given = parser.parse_args()
    try:
        translator = Translator(given.file)
        if given.verify:
            sys.stdout.write(f"{translator.verify()} golden cases hold.\n")
            return 0
        for line in sys.stdin.buffer:
            text = line.decode("utf-8", "replace").rstrip("\r\n")
            found = None if given.stream else translator.translate(text)
            score = f"{found.score:.4f}\t" if found and given.scores else ""
            for piece in translator.stream(text) if found is None else [score + found.text]:
                sys.stdout.buffer.write(piece.encode())
                sys.stdout.buffer.flush()
            sys.stdout.buffer.write(b"\n")
    except LiteError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
