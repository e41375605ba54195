"""What Keras does with a model, over strings."""

from collections.abc import Iterator
from typing import Any

import keras

from keras_seq2seq.models.decodable import refuse_hdf5
from keras_seq2seq.models.processes import refuse_forked
from keras_seq2seq.objective.row_mean import RowMean
from keras_seq2seq.specs.known_names import KnownNames, check_names, names_of
from keras_seq2seq.specs.trainable_parts import KeepsTrainableParts
from keras_seq2seq.text_models.examples import (
    check_some_kept,
    encode_examples,
    first_batch,
    yields_text,
)
from keras_seq2seq.text_models.text_inputs import is_text


class TextTrainer(KeepsTrainableParts, KnownNames, keras.Model):
    """Base of `TextSeq2Seq`: Keras's own methods take strings, or say which method does.

    `fit`, `evaluate`, `train_on_batch` and `test_on_batch` take all that `encode_examples` knows;
    `predict`, a call, `export`, `quantize` and HDF5 files name what does the same for strings.
    """

    seq2seq: Any
    source_tokenizer: Any
    target_tokenizer: Any
    max_source_length: int
    max_target_length: int
    vector_logs = False  # whether the figures of a step are vectors of one number each

    def encode_examples(self, x: Any, y: Any = None, sample_weight: Any = None) -> tuple:
        """Strings -> ids for `fit`: `(x, y, sample_weight)`; anything else stays as it is."""
        refuse_forked()  # before a tokenizer of the backend runs
        names = ("source_tokenizer", "target_tokenizer", "max_source_length", "max_target_length")
        return encode_examples(x, y, sample_weight, **{name: getattr(self, name) for name in names})

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        *args: Any,
        **kwargs: Any,
    ) -> keras.callbacks.History:
        """Like `keras.Model.fit`; x and y may be strings in any form that Keras knows for numbers.

        Args:
            x: a list, tuple, array or column of strings; or `SentencePairs`; or a
                `tf.data.Dataset`, generator or `keras.utils.PyDataset` of batches (sources,
                targets) or (sources, targets, sample_weight); or ids, as for `Seq2Seq`.
            y: as many targets.
            sample_weight: float array [B], a weight for each pair.
            validation_data: (x, y), (x, y, sample_weight), or a dataset as x may be one.
            *args, **kwargs: of `keras.Model.fit`, in its order, but for `class_weight`.

        Raises:
            TypeError: for something other than strings among strings.
            ValueError: for numbers that do not fit, or where no pair is short enough.
        """
        kwargs = _by_name("fit", args, kwargs)
        validation_data = kwargs.get("validation_data")
        x, y, sample_weight = self.encode_examples(x, y, kwargs.pop("sample_weight", None))
        if y is None:
            kwargs.setdefault("shuffle", False)  # a dataset has its own order; Keras would warn
        if isinstance(validation_data, (list, tuple)):
            if len(validation_data) not in (2, 3):
                raise ValueError(
                    "validation_data: expected (sources, targets) or (sources, targets, "
                    f"sample_weight), received {len(validation_data)} items."
                )
            kwargs["validation_data"] = self.encode_examples(*validation_data)
        elif validation_data is not None:
            found = self.encode_examples(validation_data)
            kwargs["validation_data"] = found[0] if found[1] is None else found
        history = super().fit(x, y, sample_weight=sample_weight, **kwargs)
        check_some_kept(x)
        return history

    def evaluate(self, x: Any = None, y: Any = None, *args: Any, **kwargs: Any) -> Any:
        """Like `keras.Model.evaluate`; x and y may be strings, as in `fit`."""
        kwargs = _by_name("evaluate", args, kwargs)
        x, y, sample_weight = self.encode_examples(x, y, kwargs.pop("sample_weight", None))
        found = super().evaluate(x, y, sample_weight=sample_weight, **kwargs)
        check_some_kept(x)
        return found

    def train_on_batch(self, x: Any, y: Any = None, *args: Any, **kwargs: Any) -> Any:
        """Like `keras.Model.train_on_batch`; x and y may be strings, as in `fit`."""
        kwargs = _by_name("train_on_batch", args, kwargs)
        x, y, sample_weight = self.encode_examples(x, y, kwargs.pop("sample_weight", None))
        return super().train_on_batch(x, y, sample_weight, **kwargs)

    def test_on_batch(self, x: Any, y: Any = None, *args: Any, **kwargs: Any) -> Any:
        """Like `keras.Model.test_on_batch`; x and y may be strings, as in `fit`."""
        kwargs = _by_name("test_on_batch", args, kwargs)
        x, y, sample_weight = self.encode_examples(x, y, kwargs.pop("sample_weight", None))
        return super().test_on_batch(x, y, sample_weight, **kwargs)

    # === What has another name for strings ===

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        _refuse_text("A call", *args, *kwargs.values())
        return super().__call__(*args, **kwargs)

    def predict(self, x: Any, *args: Any, **kwargs: Any) -> Any:
        """Like `keras.Model.predict`, over ids: logits [B, T, V]. Texts go to `generate`."""
        if isinstance(x, Iterator):
            first, x = first_batch(x)
            _refuse_text("predict", first)
        _refuse_text("predict", x)
        return super().predict(x, *args, **kwargs)

    def predict_on_batch(self, x: Any) -> Any:
        """Like `keras.Model.predict_on_batch`, over ids. Texts go to `generate`."""
        _refuse_text("predict_on_batch", x)
        return super().predict_on_batch(x)

    def save(self, filepath: Any, *args: Any, **kwargs: Any) -> None:
        """Like `keras.Model.save`, vocabularies included; not to HDF5, which cannot hold them."""
        refuse_hdf5(filepath)
        super().save(filepath, *args, **kwargs)

    def export(self, *args: Any, **kwargs: Any) -> None:
        """Refused: Keras would write a graph from ids to logits, without vocabularies.

        Raises:
            ValueError: always; `keras_seq2seq.export` writes what takes strings.
        """
        raise ValueError(
            "export: Keras would write a graph from ids to logits, without vocabularies. Use "
            "keras_seq2seq.export.saved_model(model, directory) or "
            'keras_seq2seq.export.tflite(model, "model.tflite"); for ids, model.seq2seq.export.'
        )

    def quantize(self, *args: Any, **kwargs: Any) -> None:
        """Refused, as by the model over ids."""
        self.seq2seq.quantize(*args, **kwargs)

    # === Several devices ===

    def train_step(self, *args: Any) -> Any:
        """Keras's; under several workers as `vector_logs` wants its figures."""
        return self._figures(super().train_step(*args))

    def test_step(self, *args: Any) -> Any:
        """Keras's; under several workers as `vector_logs` wants its figures."""
        return self._figures(super().test_step(*args))

    def _figures(self, logs: Any) -> Any:
        # Keras 3.15 takes the mean over the first axis of what several workers come to, and a
        # number has none: https://github.com/keras-team/keras/issues/20585
        if not self.vector_logs:
            return logs
        return {name: keras.ops.reshape(value, (1,)) for name, value in logs.items()}

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> dict:
        """Keras's, and counts the rows for the mean loss."""
        if y is not None:
            self._loss_tracker.count_rows(y, sample_weight)
        return super().compute_metrics(x, y, y_pred, sample_weight)

    @property
    def _loss_tracker(self) -> Any:
        return self.__dict__.get("_loss_of_rows")

    @_loss_tracker.setter
    def _loss_tracker(self, tracker: Any) -> None:  # Keras sets its own when it compiles
        self.__dict__["_loss_of_rows"] = tracker and RowMean(name=tracker.name)

    def _maybe_symbolic_build(self, iterator: Any = None, data_batch: Any = None) -> None:
        """Builds from one device's part of a batch; Keras adds all up, which differ in size."""
        strategy = self.distribute_strategy
        for _, _, batches in iterator or () if self._distribute_strategy else ():
            data_batch = keras.tree.map_structure(
                lambda parts: strategy.experimental_local_results(parts)[0], next(batches)
            )
            break
        super()._maybe_symbolic_build(data_batch=data_batch)


def _refuse_text(method: str, *inputs: Any) -> None:
    for given in inputs:
        if yields_text(given) or is_text(given):
            raise TypeError(
                f"{method} takes ids and gives logits. For texts there is model.generate(texts), "
                "and model.score(sources, targets) for the probability of given ones."
            )


def _by_name(method: str, args: tuple, given: dict[str, Any]) -> dict[str, Any]:
    """All arguments of a method of Keras behind x and y by their names, or a clear error."""
    names = names_of(getattr(keras.Model, method))
    if method != "evaluate":  # whose own has more than it tells
        check_names(method, given, names)
    if len(args) > len(names) - 2:
        raise TypeError(f"{method} takes {len(names)} arguments, got {len(args) + 2}.")
    by_place = dict(zip(names[2:], args, strict=False))
    for twice in by_place.keys() & given.keys():
        raise TypeError(f"{method} got {twice!r} by its place and by its name.")
    given = {**by_place, **given}
    if given.get("class_weight") is not None:
        raise ValueError(
            "class_weight is for one class an example. Here give sample_weight, one for each pair, "
            "or [B, T], one for each token of ids."
        )
    return given
