"""What a `.tflite` file of ids must pass before it gets its name."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from ai_edge_litert import interpreter

from keras_seq2seq.decoding.constraints import DEAD
from keras_seq2seq.decoding.search_options import SearchOptions
from keras_seq2seq.export.export_error import ExportError, first_line
from keras_seq2seq.export.native.agreement import same
from keras_seq2seq.export.on_device.any_ids import up_to_eos
from keras_seq2seq.text.framing import encode_source_python
from keras_seq2seq.text.special_tokens import BOS, EOS
from keras_seq2seq.text_models.text_seq2seq import TextSeq2Seq

# Ids that no tokenizer gives: nothing at all, EOS first, padding between, none of a vocabulary.
_ODD_IDS = ([0, 0], [3, 5], [5, 0, 7], [-1, 2**31 - 1, -(2**31), 5], [5] * 10_000, [2, 2, 2, 3])


class DeviceCheck:
    """Runs all signatures of a file of ids, and compares what they give with the model.

    Args:
        model: the float32 twin that was converted.
        content: the file.
        searches: options of `translate` and, if there is one, of `beam`.

    Raises:
        ExportError: it cannot be run, or does not do what the model does.
    """

    def __init__(self, model: TextSeq2Seq, content: bytes, searches: dict[str, SearchOptions]):
        self.model = model
        self.searches = searches
        try:
            opened = interpreter.Interpreter(model_content=content, num_threads=1)
            names = opened.get_signature_list()
            self.runners = {name: opened.get_signature_runner(name) for name in names}
        except (ValueError, RuntimeError) as error:
            raise ExportError(f"LiteRT refuses the new file: {first_line(error)}") from error

    def check(self, texts: Sequence[str]) -> None:
        """Compares each signature on texts, and `translate` on ids that no text gives."""
        ids, plain, told = self.inputs(texts)
        found = self._check_search("translate", ids, plain, told)
        if "beam" in self.runners:
            self._check_search("beam", ids, plain, told)
        if "decode_step" in self.runners:
            self._check_steps(ids, plain, told)
        if "score" in self.runners:
            self._check_score(ids, plain, found, told)

    def inputs(self, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray, list[str]]:
        """Ids [N, S] of texts and odd ones, what they count as, and what to call them."""
        limit = self.model.max_source_length
        rows = [encode_source_python(self.model.source_tokenizer, text, limit) for text in texts]
        ids = np.array(rows, "int32").reshape(-1, limit)
        odd = np.zeros((len(_ODD_IDS), limit), "int32")
        for row, values in zip(odd, _ODD_IDS, strict=True):
            row[: len(values)] = values[:limit]
        size = self.model.seq2seq.source_vocabulary_size
        plain = up_to_eos(tf.constant(odd), size, room_for_eos=1).numpy()
        told = [*texts, *(f"ids {row.tolist()}" for row in odd)]
        return np.concatenate([ids, odd]), np.concatenate([ids, plain]), told

    def run(self, signature: str, **inputs: Any) -> dict[str, np.ndarray]:
        """Runs a signature; one that fails is no good file."""
        try:
            return self.runners[signature](**inputs)
        except (ValueError, RuntimeError) as error:
            raise ExportError(f"`{signature}` of the new file: {first_line(error)}") from error

    def _check_search(self, signature, ids, plain, told):
        """Compares all rows of a search; returns the ids [N, T] of the best results."""
        limit = self.model.max_target_length
        expected = self.model.seq2seq.generate(plain, limit, self.searches[signature])
        for i, row in enumerate(ids):
            found = self.run(signature, ids=row[None])
            ours = {name: values[i] for name, values in expected._asdict().items()}
            dead = ours["ranking"] < DEAD
            for name, value in found.items():
                mine, theirs = ours[name], value[0]
                if name in ("score", "ranking"):
                    mine, theirs = (np.where(dead, 0, x) for x in (mine, theirs))
                _compare(signature, told[i], name, mine, theirs)
        return expected.ids.reshape(len(ids), -1, limit)[:, 0]

    def _check_steps(self, ids, plain, told):
        """Steps one after another, the most probable token each time, are greedy search."""
        limit = self.model.max_target_length
        expected = self.model.seq2seq.generate(plain, limit)
        for i, row in enumerate(ids):
            tokens, score = self.step_by_step(row)
            _compare("decode_step", told[i], "ids", expected.ids[i], tokens)
            _compare("decode_step", told[i], "score", expected.score[i], score)

    def step_by_step(self, row: np.ndarray) -> tuple[list[int], float]:
        """The most probable token each time: T ids with EOS and PAD, and their score."""
        limit = self.model.max_target_length
        given = self.run("encode", ids=row[None])
        finished, token = bool(given.pop("finished")[0]), np.array([BOS], "int32")
        tokens, score = [], 0.0
        while not finished and len(tokens) < limit:
            step = self.run("decode_step", ids=token, **given)
            token = step["next_ids"]
            tokens.append(int(token[0]))
            score += float(step["score"][0])
            finished = token[0] == EOS
            given |= {name: step[name] for name in given if name.startswith("state_")}
        return tokens + [0] * (limit - len(tokens)), score

    def _check_score(self, ids, plain, targets, told):
        size = self.model.seq2seq.target_vocabulary_size
        whole = up_to_eos(tf.constant(targets), size, room_for_eos=0).numpy()
        expected, _ = self.model.seq2seq.score_ids(plain, whole)
        for i, (row, target) in enumerate(zip(ids, targets, strict=True)):
            found = self.run("score", ids=row[None], target_ids=target[None])
            _compare("score", told[i], "token_scores", expected[i], found["token_scores"][0])
            _compare("score", told[i], "score", expected[i].sum(), found["score"][0])


def _compare(signature: str, source: str, name: str, ours: Any, theirs: Any) -> None:
    if not same(ours, theirs, equal_nan=False):
        raise ExportError(
            f"the .tflite file does not do what the model does. Signature `{signature}`, source "
            f"{source[:200]!r}: {name} of the model is {str(ours)[:300]}, but of the file "
            f"{str(theirs)[:300]}. It was removed."
        )
