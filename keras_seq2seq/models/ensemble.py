"""Several models that decode as one."""

from collections.abc import Sequence
from typing import Any, Self

import keras
from keras import ops

from keras_seq2seq.decoding.search_options import SearchOptions
from keras_seq2seq.models.decodable import Decodable, refuse_legacy_config
from keras_seq2seq.specs.trainable_parts import KEY, settle_parts
from keras_seq2seq.tensors import Tensor

_SHARED = ("source_vocabulary_size", "target_vocabulary_size", "pad_id", "bos_id", "eos_id")


@keras.saving.register_keras_serializable(package="keras_seq2seq")
class Ensemble(Decodable, keras.Model):
    """Averages the probabilities of M models at each step (an arithmetic mean).

    The models may differ in everything but vocabulary and special ids. What can be done with a
    `Seq2Seq` once it is trained can be done with an ensemble: all searches, scores, a
    `TextSeq2Seq` around it, and exports.

    Args:
        models: list of `Seq2Seq`s, or of other `Decodable`s.

    Call arguments:
        inputs: as for `Seq2Seq`.

    Returns:
        float32 tensor [B, T, V], logarithms of the averaged probabilities.

    Raises:
        ValueError: if there is no model, or they disagree about vocabularies or special ids.

    Example:

    >>> from keras_seq2seq import Seq2Seq
    >>> models = [Seq2Seq.from_options(30, 40, units=units) for units in (6, 8)]
    >>> Ensemble(models).generate(keras.ops.array([[7, 8, 3]]), max_length=4).ids.shape
    (1, 4)
    """

    def __init__(self, models: Sequence[Any], **kwargs: Any):
        super().__init__(**kwargs)
        self.models = list(models)
        _check_models(self.models)
        for name in (*_SHARED, "policy", "supports_jit"):
            setattr(self, name, getattr(self.models[0], name))
        attention = [model.attention for model in self.models]
        self.attention = None if None in attention else attention
        self.built = True
        settle_parts(self)

    def call(self, inputs: dict[str, Tensor], training: bool | None = None) -> Tensor:
        state, memory = self.encode(inputs["source_ids"])
        return self.decode(inputs["decoder_ids"], state, memory)[0]

    def check_shortlist(self, options: SearchOptions) -> None:
        if options.shortlist:
            raise ValueError("shortlist=True: an ensemble has none. Search without it.")

    def encode(self, source_ids: Tensor) -> tuple[Any, Any]:
        """State and memory are lists with one item for each model."""
        states, memories = zip(*(model.encode(source_ids) for model in self.models), strict=True)
        return list(states), list(memories)

    def decode_step(self, ids: Tensor, state: Any, memory: Any) -> tuple[Tensor, Any, Tensor]:
        logits, states, weights = self._results("decode_step", ids, state, memory)
        return self._average(logits), states, self._mean_attention(weights)

    def decode(self, decoder_ids: Tensor, state: Any, memory: Any) -> tuple[Tensor, Tensor]:
        logits, weights = self._results("decode", decoder_ids, state, memory)
        return self._average(logits), self._mean_attention(weights)

    def _results(self, method, ids, state, memory):
        """What a method of all models gives: one list of M for each of its outputs."""
        models = zip(self.models, state, memory, strict=True)
        results = [getattr(model, method)(ids, *given) for model, *given in models]
        return map(list, zip(*results, strict=True))

    def _average(self, logits):
        probabilities = sum(ops.softmax(values, axis=-1) for values in logits)
        return ops.log(ops.maximum(probabilities / len(logits), 1e-37))

    def _mean_attention(self, weights):
        if self.attention is None:
            return weights[0][..., :0]
        return sum(weights) / len(weights)

    def copy(self, **changes: Any) -> Self:
        """Returns an ensemble of copies with the given arguments changed."""
        twin = self._of([model.copy(**changes) for model in self.models])
        if "trainable" in changes:
            twin.trainable = changes["trainable"]
        return twin

    def for_export(self) -> Self:
        return self._of([model.for_export() for model in self.models])

    def _of(self, models: list[Any]) -> Self:
        config = self.get_config()
        config.pop(KEY, None)  # the models know themselves
        return type(self)(**{**config, "models": models})

    def get_config(self) -> dict[str, Any]:
        refuse_legacy_config()
        models = [keras.saving.serialize_keras_object(model) for model in self.models]
        return {"name": self.name, "trainable": self.trainable, "models": models}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        models = [keras.saving.deserialize_keras_object(model) for model in config["models"]]
        return cls(**{**config, "models": models})


def _check_models(models):
    if not models:
        raise ValueError("Ensemble: expected at least one model, got none.")
    for place, model in enumerate(models[1:], start=2):
        for name in _SHARED:
            ours, theirs = getattr(models[0], name), getattr(model, name)
            if ours != theirs:
                raise ValueError(
                    f"Ensemble: {name} is {ours} in model 1 and {theirs} in model {place}; all "
                    "must have been trained with the same vocabularies."
                )
