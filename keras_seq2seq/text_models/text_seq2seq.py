"""A model over strings."""

from collections.abc import Collection, Sequence
from typing import Any, Self

import keras
import numpy as np

from keras_seq2seq.decoding.option_checks import check_lengths
from keras_seq2seq.decoding.search_options import SearchOptions
from keras_seq2seq.decoding.search_result import SearchResult
from keras_seq2seq.models.decodable import Decodable, refuse_legacy_config
from keras_seq2seq.models.ensemble import Ensemble
from keras_seq2seq.models.processes import refuse_forked
from keras_seq2seq.specs.trainable_parts import KEY, settle_parts
from keras_seq2seq.tensors import Tensor
from keras_seq2seq.text.special_tokens import BOS, EOS, PAD
from keras_seq2seq.text.tokenizer import Tokenizer
from keras_seq2seq.text_models.model_seal import ModelSeal
from keras_seq2seq.text_models.source_parts import SourceParts
from keras_seq2seq.text_models.text_generation import (
    Progress,
    check_texts,
    chosen_ids,
    describe,
    join_parts,
    make_options,
    replace_unknown,
    score_all,
    search_all,
    target_ids,
)
from keras_seq2seq.text_models.text_inputs import as_texts_to_judge, check_batch_size
from keras_seq2seq.text_models.text_trainer import TextTrainer

_PARTS = ("seq2seq", "source_tokenizer", "target_tokenizer")
_LIMITS = ("max_source_length", "max_target_length")
_LONGEST = 100_000  # tokens; buffers of a search are as long as the limit


@keras.saving.register_keras_serializable(package="keras_seq2seq")
class TextSeq2Seq(TextTrainer):
    """Tokenizers and a `Seq2Seq` in one model: strings in, strings out, saved as one file.

    The `.keras` file holds the vocabularies, so that it translates wherever it is loaded.

    Args:
        seq2seq: a `Seq2Seq`, or any other `Decodable`.
        source_tokenizer, target_tokenizer: `Tokenizer`s with the model's vocabulary sizes.
        max_source_length: int from 1 to 100,000. Longer sources are cut to so many tokens, EOS
            included; `fit` leaves them out, and targets that are longer than the following.
        max_target_length: int from 1 to 100,000. At most so many tokens are generated, EOS
            included.

    Call arguments:
        inputs: ids, as for `Seq2Seq`.

    Returns:
        float32 tensor [B, T, V], logits.

    Raises:
        ValueError: if a tokenizer and the model disagree about the vocabulary's size, or a limit
            is out of range; by `keras.saving.load_model` also if weights, vocabularies and
            configuration of a file do not belong together.

    Example:

    >>> from keras_seq2seq import ByteTokenizer, Seq2Seq
    >>> bytes_ = ByteTokenizer()
    >>> size = bytes_.vocabulary_size
    >>> model = TextSeq2Seq(Seq2Seq.from_options(size, size, units=8), bytes_, bytes_)
    >>> len(model.generate(["hello", ""]))
    2
    """

    def __init__(
        self,
        seq2seq: Any,
        source_tokenizer: Tokenizer,
        target_tokenizer: Tokenizer,
        max_source_length: int = 64,
        max_target_length: int = 64,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        _check_sizes(seq2seq, source_tokenizer, target_tokenizer)
        self.seq2seq = seq2seq
        self.dtype_policy = seq2seq.policy  # so that `compile` scales the loss where it must
        self.source_tokenizer = source_tokenizer
        self.target_tokenizer = target_tokenizer
        self.max_source_length = _checked_limit("max_source_length", max_source_length)
        self.max_target_length = _checked_limit("max_target_length", max_target_length)
        self.built = True  # the functional Seq2Seq inside is
        # Keras shall save and load it, last of all, and not count it as a layer.
        self.__dict__["_seal"] = ModelSeal(lambda: self)
        settle_parts(self)

    def call(self, inputs: dict[str, Tensor], training: bool | None = None) -> Tensor:
        return self.seq2seq(inputs, training=training)

    def generate(
        self,
        texts: str | Sequence[str],
        batch_size: int = 32,
        return_scores: bool = False,
        *,
        return_details: bool = False,
        long_sources: str = "truncate",
        replace_unknown: bool = False,
        prefix: str | Sequence[str] | None = None,
        banned: str | Collection[str] | None = (),
        progress: Progress = None,
        **options: Any,
    ) -> Any:
        """Translates strings: compiled, in batches of similar length.

        Args:
            texts: a string, or a list of strings. Empty and blank ones give empty results.
            batch_size: int. How many run at once; it does not change the results.
            return_scores: bool. Also return log-probabilities.
            return_details: bool. Return `Generation`s in the place of strings.
            long_sources: `"truncate"` too long ones, `"split"` them by sentences, or `"error"`.
            replace_unknown: bool. Write the most attended source token where UNK would stand.
            prefix: str, or a list with one for each text: how the result shall begin.
            banned: strings that shall not occur, as the tokenizer cuts them at the start of words;
                or `None`.
            progress: callable that is told how many texts are done, or `None`.
            **options: of `SearchOptions`: `beam_size=4`, `num_return=4`, `sampling=True`, ...

        Returns:
            A string or list of strings (`Generation`s); with `num_return` above 1 a list of at
            most so many for each text. With `return_scores`, that and natural log-probabilities:
            a float, a float32 array [B], or a list of arrays.

        Raises:
            TypeError: something other than strings came.
            ValueError: an option is unknown or out of range, or a source is refused.
        """
        single = isinstance(texts, (str, bytes))
        texts = check_texts([texts] if single else texts, batch_size)
        of_model = self.target_tokenizer, self.max_target_length
        search = make_options(options, prefix, banned, *of_model, len(texts))
        parts, found = self._search(texts, batch_size, search, long_sources, progress)
        results = self._outputs(parts, found, return_details, replace_unknown, batch_size)
        outputs, scores = join_parts(*results, parts, len(texts))
        if search.num_return == 1:
            outputs = [rows[0] for rows in outputs]
            scores = np.array([rows[0] for rows in scores], "float32")
        if single:
            outputs, scores = outputs[0], scores[0]
            scores = float(scores) if search.num_return == 1 else scores
        return (outputs, scores) if return_scores else outputs

    def generate_batches(
        self,
        texts: Sequence[str],
        batch_size: int = 32,
        progress: Progress = None,
        replace_unknown: bool = False,
        **options: Any,
    ) -> tuple[list[str], np.ndarray, np.ndarray]:
        """What artefacts give: N strings, their scores [N] and lengths [N] in tokens."""
        texts = check_texts(texts, batch_size)
        of_model = self.target_tokenizer, self.max_target_length
        search = make_options(options, None, None, *of_model, len(texts))
        parts, found = self._search(texts, batch_size, search, "truncate", progress)
        outputs, _ = self._outputs(parts, found, False, replace_unknown, batch_size)
        return [rows[0] for rows in outputs], found.score[:, 0], found.length[:, 0]

    def _search(
        self, texts: list[str], size: int, search: SearchOptions, policy: str, progress: Progress
    ) -> tuple[SourceParts, SearchResult]:
        parts = SourceParts.read(texts, self.source_tokenizer, self.max_source_length, policy)
        if search.num_return > 1 and policy == "split":
            raise ValueError(
                f'num_return={search.num_return} and long_sources="split" do not go together: '
                "the best parts make one text."
            )
        search = search.for_batch(len(texts)).take(parts.owner)
        length = self.max_target_length
        check_lengths(search, length, np.sum(parts.ids != PAD, axis=1) - 1, parts.owner)
        return parts, search_all(self.seq2seq, parts.ids, search, length, size, progress)

    def _outputs(
        self, parts: SourceParts, found: SearchResult, details: bool, replace: bool, batch_size: int
    ) -> tuple[list[list[Any]], list[Any]]:
        """Texts or `Generation`s, and scores, of each part: lists of P lists."""
        rows = chosen_ids(found)
        scores = [found.score[p, : len(row)] for p, row in enumerate(rows)]
        if not (details or replace):
            texts = self.decode_targets(found.ids.reshape(-1, found.ids.shape[-1]))
            firsts = range(0, len(texts), found.ids.shape[1])
            outputs = [texts[i : i + len(row)] for i, row in zip(firsts, rows, strict=True)]
            return outputs, scores
        targets = [(p, ids) for p, row in enumerate(rows) for ids in row]
        rows_of, all_ids = zip(*targets, strict=True) if targets else ((), ())
        judged = score_all(self.seq2seq, parts.ids[list(rows_of)], all_ids, batch_size)
        if replace:
            texts = replace_unknown(self, parts, targets, judged)
        else:
            texts = list(map(self.target_tokenizer.detokenize_python, all_ids))
        if details:
            texts = describe(self, parts, targets, judged, texts)
        texts = iter(texts)
        return [[next(texts) for _ in row] for row in rows], scores

    def score(
        self,
        sources: str | Sequence[str],
        targets: str | Sequence[str],
        batch_size: int = 32,
        *,
        return_details: bool = False,
        progress: Progress = None,
    ) -> Any:
        """Judges given targets: how probable is each, given its source?

        Args:
            sources: a string, or a list of N strings; over-long ones are cut.
            targets: a string, or a list of N strings, which may be longer than those generated.
            batch_size: int. How many run at once.
            return_details: bool. Return `Generation`s, with the score of each token.
            progress: callable that is told how many are done, or `None`.

        Returns:
            Natural log-probabilities, EOS included: a float or float32 array [N]; or `Generation`s.

        Raises:
            TypeError: something other than strings came.
            ValueError: there are not as many targets as sources, or one is far too long.
        """
        single = isinstance(sources, (str, bytes))
        if single != isinstance(targets, (str, bytes)):
            raise TypeError("score: expected a source and a target, or a list of each.")
        refuse_forked()
        check_batch_size(batch_size)
        given = ([sources], [targets]) if single else (sources, targets)
        sources, targets = as_texts_to_judge(*given)
        parts = SourceParts.read(sources, self.source_tokenizer, self.max_source_length, "truncate")
        ids = target_ids(self.target_tokenizer, targets, self.max_target_length)
        judged = score_all(self.seq2seq, parts.ids, ids, batch_size, progress)
        if return_details:
            found = describe(self, parts, list(enumerate(ids)), judged, targets)
            return found[0] if single else found
        sums = np.array([scores.sum(dtype="float64") for scores, _ in judged], "float32")
        return float(sums[0]) if single else sums

    def attention(
        self, source: str, target: str | None = None
    ) -> tuple[np.ndarray, list[str], list[str]]:
        """Where the model looks in `source` while it writes `target`, or its own translation.

        Returns:
            weights, float32 array [T, S]; the T target and the S source tokens, EOS last.
        """
        said = self.generate(source) if target is None else target
        found = self.score(source, said, return_details=True)
        if found.attention is None:
            raise ValueError("This model was built with attention=None; there is none to show.")
        return found.attention, found.tokens, found.source_tokens

    def decode_targets(self, ids: Any) -> list[str]:
        """Target ids [B, T] -> list of B strings; special tokens are dropped."""
        texts = np.asarray(self.target_tokenizer.detokenize(ids))
        return [text.decode("utf-8") for text in texts.tolist()]

    @classmethod
    def ensemble(cls, models: Sequence[Self]) -> Self:
        """Makes one model of several that share their vocabularies: see `Ensemble`.

        Raises:
            ValueError: if there is no model, or their vocabularies differ.
        """
        models = list(models)
        if not models:
            raise ValueError("TextSeq2Seq.ensemble: expected at least one model, got none.")
        for place, model in enumerate(models[1:], start=2):
            for side in _PARTS[1:]:
                ours, theirs = getattr(models[0], side), getattr(model, side)
                if ours.vocabulary_state() != theirs.vocabulary_state():
                    raise ValueError(
                        f"TextSeq2Seq.ensemble: the {side} of model {place} is not that of model "
                        "1. Train all with the same vocabularies."
                    )
        return models[0]._around(Ensemble([model.seq2seq for model in models]))

    def copy(self, **changes: Any) -> Self:
        """Returns an uncompiled twin; `changes` are arguments of the model over ids."""
        twin = self._around(self.seq2seq.copy(**changes))
        if "trainable" in changes:
            twin.trainable = changes["trainable"]
        return twin

    def for_export(self) -> Self:
        """Returns a copy in float32 whose graph runs on any machine."""
        return self._around(self.seq2seq.for_export())

    def _around(self, seq2seq: Any) -> Self:
        parts = {name: getattr(self, name) for name in _PARTS}
        config = self.get_config()
        config.pop(KEY, None)  # the parts know themselves
        return type(self)(**{**config, **parts, "seq2seq": seq2seq})

    def get_config(self) -> dict[str, Any]:
        refuse_legacy_config()
        plain = {name: getattr(self, name) for name in ("name", "trainable", *_LIMITS)}
        return plain | {k: keras.saving.serialize_keras_object(getattr(self, k)) for k in _PARTS}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        parts = {k: keras.saving.deserialize_keras_object(config[k]) for k in _PARTS}
        return cls(**{**config, **parts})


def _checked_limit(name: str, value: Any) -> int:
    if isinstance(value, (int, np.integer)) and type(value) is not bool:
        if 1 <= value <= _LONGEST:
            return int(value)
    raise ValueError(
        f"TextSeq2Seq: {name} must be an int from 1 to {_LONGEST:,} (tokens), received {value!r}."
    )


def _check_sizes(seq2seq: Any, source_tokenizer: Tokenizer, target_tokenizer: Tokenizer) -> None:
    """Vocabularies still to be loaded from a `.keras` file are not checked."""
    if not isinstance(seq2seq, Decodable):
        raise TypeError(
            f"TextSeq2Seq: seq2seq must be a Seq2Seq or another Decodable, got "
            f"{type(seq2seq).__name__}."
        )
    if (seq2seq.pad_id, seq2seq.bos_id, seq2seq.eos_id) != (PAD, BOS, EOS):
        raise ValueError(
            f"TextSeq2Seq: the model's pad_id, bos_id and eos_id are {seq2seq.pad_id}, "
            f"{seq2seq.bos_id} and {seq2seq.eos_id}, but those of text are {PAD}, {BOS} and {EOS}."
        )
    for side, tokenizer, size in (
        ("source", source_tokenizer, seq2seq.source_vocabulary_size),
        ("target", target_tokenizer, seq2seq.target_vocabulary_size),
    ):
        if tokenizer.has_vocabulary and tokenizer.vocabulary_size != size:
            raise ValueError(
                f"TextSeq2Seq: the {side} tokenizer knows {tokenizer.vocabulary_size} tokens, but "
                f"the model was built for {size}; build Seq2Seq with "
                f"{side}_vocabulary_size={tokenizer.vocabulary_size}."
            )
