"""The signatures of a `.tflite` file: one sentence, ids to ids."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from keras_seq2seq.decoding.search_options import SearchOptions
from keras_seq2seq.export.on_device.any_ids import up_to_eos
from keras_seq2seq.export.on_device.device_steps import DeviceSteps
from keras_seq2seq.export.signatures.signature import Signature, specs
from keras_seq2seq.models.decodable import Decodable
from keras_seq2seq.tensors import Tensor


class DeviceSignatures:
    """What a `.tflite` file can be asked for, as functions of int32 and float32 tensors alone.

    They are total: ids that the vocabulary lacks count as UNK; a text ends at its first EOS or
    PAD, or where there is room for EOS alone, whether EOS stands there or not.

    Args:
        model: over ids; every function traces its `encode`, `decode_step` and `decode`.
        max_source_length, max_target_length: S and T.
    """

    def __init__(self, model: Decodable, max_source_length: int, max_target_length: int):
        self.model = model
        self.max_source_length = max_source_length
        self.max_target_length = max_target_length
        self._ids = specs([1, max_source_length], {"ids": tf.int32})

    def search(self, name: str, options: SearchOptions) -> Signature:
        """`translate`, of a search for one result: ids [1, S] -> ids [1, T], length, score [1].

        Or `beam`: ids [1, S] -> ids [1, N, T], length, score and ranking [1, N].
        """

        def search(ids: Tensor) -> dict[str, Tensor]:
            found = self.model.search(self._source(ids), self.max_target_length, options)._asdict()
            if name == "translate":
                del found["ranking"]
            return found

        return search, self._ids

    def steps(self, trace: Callable[..., Any]) -> DeviceSteps:
        """`encode` and `decode_step`; `trace` makes a concrete function of a signature."""
        return DeviceSteps(self.model, self.max_source_length, trace)

    def score(self) -> Signature:
        """ids [1, S], target_ids [1, T] -> score [1], token_scores [1, T]."""
        targets = specs([1, self.max_target_length], {"target_ids": tf.int32})

        def score(ids: Tensor, target_ids: Tensor) -> dict[str, Tensor]:
            target_ids = up_to_eos(target_ids, self.model.target_vocabulary_size, room_for_eos=0)
            scores, _ = self.model.score(self._source(ids), target_ids)
            return {"score": tf.reduce_sum(scores, axis=1), "token_scores": scores}

        return score, [*self._ids, *targets]

    def _source(self, ids: Tensor) -> Tensor:
        return up_to_eos(ids, self.model.source_vocabulary_size, room_for_eos=1)
