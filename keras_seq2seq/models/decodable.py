"""What can be searched: one model, or several as one."""

import dataclasses
import functools
import pathlib
import threading
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
from keras import ops

from keras_seq2seq.decoding import SearchOptions, SearchResult, search, token_log_probabilities
from keras_seq2seq.decoding.option_checks import check_ids, check_lengths
from keras_seq2seq.decoding.scoring import check_finite
from keras_seq2seq.models.compiled import Compiled
from keras_seq2seq.models.processes import mark_started, refuse_forked
from keras_seq2seq.nearest_name import did_you_mean
from keras_seq2seq.specs.known_names import KnownNames
from keras_seq2seq.specs.trainable_parts import KEY, KeepsTrainableParts
from keras_seq2seq.tensors import Tensor

GREEDY = SearchOptions()
MOST_COMPILED = 32  # functions that a model keeps
_bookkeeping = threading.Lock()


# A base before `keras.Model`, not of it: `Seq2Seq` is functional, an own model need not be.
_Model: Any = keras.Model if TYPE_CHECKING else object


class Decodable(KeepsTrainableParts, KnownNames, _Model):
    """First base of every `keras.Model` over ids that searches, scores and exports can use.

    A class that derives from it has the attributes below and three methods: `encode`,
    `decode_step` and `decode`. All else goes through these. What `encode` calls state and memory is
    its own affair: the state is a nest of tensors [B, ...] that a search repeats and reorders,
    the memory is handed to each step as it is.

    Attributes:
        pad_id, bos_id, eos_id: int.
        source_vocabulary_size, target_vocabulary_size: int.
        attention: what the model attends by; `None` if it does not, and gives weights [N, T, 0].
        policy: `keras.DTypePolicy` of the weights.

    Raises:
        TypeError: where one of the three methods is missing.
    """

    pad_id: int
    bos_id: int
    eos_id: int
    source_vocabulary_size: int
    target_vocabulary_size: int
    attention: Any
    policy: Any

    def __init__(self, *args: Any, **kwargs: Any):
        # Not by abc: Keras makes an instance of each base of a functional model.
        wanted = ("encode", "decode_step", "decode")
        missing = [n for n in wanted if getattr(type(self), n) is getattr(Decodable, n)]
        if missing:
            raise TypeError(f"{type(self).__name__} lacks {', '.join(missing)}: see Decodable.")
        mark_started()
        super().__init__(*args, **kwargs)

    def encode(self, source_ids: Tensor) -> tuple[Any, Any]:
        """Source ids [B, S] -> state and memory."""
        raise NotImplementedError(f"{type(self).__name__}.encode")

    def decode_step(self, ids: Tensor, state: Any, memory: Any) -> tuple[Tensor, Any, Tensor]:
        """One token of each row: ids [N] -> logits float32 [N, V], state, attention [N, S or 0].

        Each of the B sources may have K rows beside each other (N = B K) in ids and state.
        """
        raise NotImplementedError(f"{type(self).__name__}.decode_step")

    def decode(self, decoder_ids: Tensor, state: Any, memory: Any) -> tuple[Tensor, Tensor]:
        """T tokens: BOS and more [B, T] -> logits float32 [B, T, V], attention [B, T, S or 0]."""
        raise NotImplementedError(f"{type(self).__name__}.decode")

    def check_shortlist(self, options: SearchOptions) -> None:
        """Raises a `ValueError` where a search wants a shortlist and has none that will do."""
        if options.shortlist:
            raise ValueError(
                "shortlist=True needs a model that has learnt one: text_models.learn_shortlist "
                "makes it of this one, and export --shortlist for a server."
            )

    def shorten(self, source_ids: Tensor, memory: Any) -> tuple[Any, Tensor]:
        """Makes steps look at a few tokens alone: ids [B, S], memory -> memory, tokens [K].

        `decode_step` with that memory gives logits [N, K], of these tokens in rising order.
        Special tokens keep their ids.
        """
        raise NotImplementedError(f"{type(self).__name__}.shorten")

    def search(
        self, source_ids: Tensor, max_length: int, options: SearchOptions = GREEDY
    ) -> SearchResult:
        """Any search, traceable in any graph: ids [B, S] -> `SearchResult`.

        EOS stands behind each source, padding at the right; EOS alone (an empty line) gives an
        empty result. `max_length` is T; data of the options are tensors with batch axis B.
        """
        self.check_shortlist(options)
        state, memory = self.encode(source_ids)
        listed = None
        if options.shortlist:
            memory, listed = self.shorten(source_ids, memory)

        def step(ids: Tensor, state: Any) -> tuple[Tensor, Any, Tensor]:
            return self.decode_step(_among_all(ids, listed), state, memory)

        first = source_ids[:, 0]
        real = ops.not_equal(source_ids, self.pad_id)
        found = search(
            step,
            state,
            ops.zeros_like(first) + self.bos_id,
            options,
            max_length=max_length,
            eos_id=self.eos_id,
            pad_id=self.pad_id,
            finished=ops.equal(first, self.eos_id),
            source_mask=real,
            source_length=ops.sum(ops.cast(real, "int32"), axis=1) - 1,
        )
        return found._replace(ids=_among_all(found.ids, listed))

    def score(self, source_ids: Tensor, target_ids: Tensor) -> tuple[Tensor, Tensor]:
        """Judges given targets: ids [B, S] and [B, T] -> scores [B, T], attention [B, T, S].

        EOS stands behind each target, if it is whole, then PAD.

        Returns:
            float32 tensor [B, T], the natural log-probability of each token given those before
            it, 0 at padding; and float32 tensor [B, T, S] or [B, T, 0], attention.
        """
        state, memory = self.encode(source_ids)
        first = ops.zeros_like(target_ids[:, :1]) + self.bos_id
        before = ops.concatenate([first, target_ids[:, :-1]], axis=1)  # [B, T]
        logits, attention = self.decode(before, state, memory)
        scores = token_log_probabilities(logits, target_ids)
        return ops.where(ops.equal(target_ids, self.pad_id), 0.0, scores), attention

    def generate(
        self, source_ids: Any, max_length: int = 64, options: SearchOptions = GREEDY
    ) -> SearchResult:
        """Compiled search: ids [B, S] -> `SearchResult` of NumPy arrays.

        Args:
            source_ids: int array [B, S].
            max_length: T.
            options: data as single values or one for each example. Each
                combination of options is compiled once, whatever the values of their data.

        Raises:
            ValueError: for options that contradict each other or do not fit the vocabulary, and
                where the model's weights are not finite.
            RuntimeError: in a process that was forked after a model was made.
        """
        refuse_forked()
        source_ids = _as_ids(source_ids)
        self.check_shortlist(options)
        check_ids(options, self.target_vocabulary_size)
        check_lengths(options, max_length, np.sum(source_ids != self.pad_id, axis=1) - 1)
        fixed, data = options.shape_of_graph(), options.arrays(len(source_ids))

        def run(source_ids: Tensor, **data: Tensor) -> SearchResult:
            return self.search(source_ids, max_length, dataclasses.replace(fixed, **data))

        key = ("search", max_length, fixed, *sorted(data))
        found = self._compiled(key, run)({"source_ids": source_ids, **data})
        check_finite(found.score)
        return found

    def score_ids(self, source_ids: Any, target_ids: Any) -> tuple[np.ndarray, np.ndarray]:
        """Compiled `score`: NumPy arrays [B, T] and [B, T, S]; raises what `generate` does."""
        refuse_forked()
        inputs = {"source_ids": _as_ids(source_ids), "target_ids": _as_ids(target_ids)}
        scores, attention = self._compiled("score", self.score)(inputs)
        check_finite(scores)
        return scores, attention

    def copy(self, **changes: Any) -> Any:
        """Returns an uncompiled model of the same class and weights, with arguments changed."""
        config = self.get_config()
        if "trainable" in changes:
            config.pop(KEY, None)  # all parts take it
        for name in changes.keys() - config.keys():
            hint = did_you_mean(name, config)
            raise ValueError(f"copy: {type(self).__name__} has no argument {name!r}.{hint}")
        twin = type(self).from_config({**config, **changes})
        if len(twin.weights) < len(self.weights):  # layers that are built by their first call
            ids = ops.ones((1, 1), dtype="int32")
            twin({"source_ids": ids, "decoder_ids": ids})
        return self._give_weights(twin, changes)

    def _give_weights(self, twin: Any, changes: dict[str, Any]) -> Any:
        ours, theirs = ([tuple(w.shape) for w in model.weights] for model in (self, twin))
        if ours != theirs:
            pairs = zip(ours, theirs, strict=False)
            place = next(
                (i for i, (a, b) in enumerate(pairs) if a != b), min(map(len, (ours, theirs)))
            )
            raise ValueError(
                f"copy: with {', '.join(f'{k}={v!r}' for k, v in changes.items())} a model has "
                f"other weights than this one ({len(theirs)} and {len(ours)}; they differ from "
                f"weight {place + 1} on). Build a new one and train it."
            )
        twin.set_weights(self.get_weights())
        return twin

    def for_export(self) -> Any:
        """Returns a copy in float32 whose graph runs on any machine."""
        return self.copy(dtype="float32")

    def save(self, filepath: Any, *args: Any, **kwargs: Any) -> None:
        """Like `keras.Model.save`, but not to HDF5, from which it could not be loaded."""
        refuse_hdf5(filepath)
        super().save(filepath, *args, **kwargs)

    def quantize(self, *args: Any, **kwargs: Any) -> None:
        """Refused: a file of the quantized model could not be loaded again.

        Raises:
            ValueError: always.
        """
        raise ValueError(
            "quantize: Keras cannot load a quantized model of these layers again. A smaller model "
            "has fewer units; export.tflite makes one for phones."
        )

    def describe(self) -> dict[str, Any]:
        """The arguments that tell one model from another, as plain values for people to read."""
        plain = (str, int, float, bool)
        return {k: v for k, v in self.get_config().items() if isinstance(v, plain)}

    @functools.cached_property
    def _compiled_methods(self) -> dict[Any, Compiled]:
        return {}

    def _compiled(self, key, function):
        """The compiled function of a key; those that were not used for longest are let go."""
        with _bookkeeping:
            methods = self._compiled_methods
            methods[key] = methods.pop(key, None) or Compiled(self, function)
            while len(methods) > MOST_COMPILED:
                del methods[next(iter(methods))]
            return methods[key]


def _among_all(ids: Tensor, listed: Tensor | None) -> Tensor:
    """Places in a list of tokens as tokens; special ones have the same place in both."""
    return ids if listed is None else ops.take(listed, ids)


def refuse_legacy_config() -> None:
    """Raises a `ValueError` in `get_config`, asked for by `keras.saving.save_model(model, "m.h5")`.

    That function asks a model for nothing else before it writes, and leaves a file without a model.
    """
    try:
        from keras.src.backend.common.global_state import get_global_attribute
    except ImportError:  # Keras has no public door to it, and may move it
        return
    if get_global_attribute("use_legacy_config"):
        refuse_hdf5("model.h5")


def refuse_hdf5(filepath: Any) -> None:
    """Raises a `ValueError` for what Keras writes in its old format."""
    path = pathlib.Path(str(filepath))
    if path.suffix in (".h5", ".hdf5"):
        raise ValueError(
            f"save: {path.name} could not be loaded as it was: HDF5 has no place for vocabularies "
            f'and for what is shared. Write model.save("{path.stem}.keras"), or '
            f'model.save_weights("{path.stem}.weights.h5") for the weights alone.'
        )


def _as_ids(ids):
    return np.asarray(ids, "int32")
