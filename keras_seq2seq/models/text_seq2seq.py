"""The seed's system over strings."""

import keras
import numpy as np

from keras_seq2seq.models.seq2seq import Seq2Seq
from keras_seq2seq.text.examples import encode_examples
from keras_seq2seq.text.framing import encode_source


@keras.saving.register_keras_serializable(package="keras_seq2seq")
class TextSeq2Seq(keras.Model):
    """Tokenizers and a `Seq2Seq` in one model: strings in, strings out, saved as one file.

    The `.keras` file holds the vocabularies, so that it translates wherever it is loaded.

    Args:
        seq2seq: a `Seq2Seq`.
        source_tokenizer, target_tokenizer: `Tokenizer`s whose vocabulary sizes are those of the
            model.
        max_source_length: int. Longer sources are cut to so many tokens, EOS included.
        max_target_length: int. At most so many tokens are generated, EOS included.

    Call arguments:
        inputs: ids, as for `Seq2Seq`.

    Returns:
        float32 tensor [B, T, V], logits.

    Raises:
        ValueError: if a tokenizer and the model disagree about the vocabulary's size.

    Example:

    >>> from keras_seq2seq import ByteTokenizer
    >>> bytes_ = ByteTokenizer()
    >>> size = bytes_.vocabulary_size
    >>> model = TextSeq2Seq(Seq2Seq(size, size, units=8, embedding_dim=4), bytes_, bytes_)
    >>> len(model.generate(["hello", ""]))
    2
    """

    def __init__(
        self,
        seq2seq,
        source_tokenizer,
        target_tokenizer,
        max_source_length=64,
        max_target_length=64,
        **kwargs,
    ):
        super().__init__(**kwargs)
        _check_sizes(seq2seq, source_tokenizer, target_tokenizer)
        self.seq2seq = seq2seq
        self.source_tokenizer = source_tokenizer
        self.target_tokenizer = target_tokenizer
        self.max_source_length = max_source_length
        self.max_target_length = max_target_length
        self.built = True  # the functional Seq2Seq inside is

    def call(self, inputs, training=None):
        return self.seq2seq(inputs, training=training)

    def encode_examples(self, x, y=None, sample_weight=None):
        """Strings -> ids for `fit`: `(x, y, sample_weight)`; a dataset of pairs -> a dataset.

        Anything that is not made of strings is returned unchanged.
        """
        return encode_examples(
            x,
            y,
            sample_weight,
            source_tokenizer=self.source_tokenizer,
            target_tokenizer=self.target_tokenizer,
            max_source_length=self.max_source_length,
            max_target_length=self.max_target_length,
        )

    def fit(self, x=None, y=None, *, sample_weight=None, validation_data=None, **kwargs):
        """Like `keras.Model.fit`; x and y may be lists of strings or a dataset of string pairs."""
        if y is None:
            kwargs.setdefault("shuffle", False)  # a dataset has its own order; Keras would warn
        x, y, sample_weight = self.encode_examples(x, y, sample_weight)
        if isinstance(validation_data, (list, tuple)):
            validation_data = self.encode_examples(*validation_data)
        elif validation_data is not None:
            validation_data, *_ = self.encode_examples(validation_data)
        return super().fit(
            x, y, sample_weight=sample_weight, validation_data=validation_data, **kwargs
        )

    def evaluate(self, x=None, y=None, *, sample_weight=None, **kwargs):
        """Like `keras.Model.evaluate`; x and y may be strings, as in `fit`."""
        x, y, sample_weight = self.encode_examples(x, y, sample_weight)
        return super().evaluate(x, y, sample_weight=sample_weight, **kwargs)

    def encode_sources(self, texts):
        """Source strings -> int32 array [B, S], EOS behind each, PAD at the right."""
        ids = encode_source(self.source_tokenizer, list(texts), self.max_source_length)
        return np.asarray(ids)

    def generate(self, texts, batch_size=32, return_scores=False):
        """Translates strings: greedy, compiled, in batches of similar length.

        Args:
            texts: a string, or a list of strings. Empty and blank ones give empty results.
            batch_size: int. How many run at once; it does not change the results.
            return_scores: bool. Also return log-probabilities.

        Returns:
            A string or list of strings; with `return_scores`, that and a float or a float32
            array [B] of natural log-probabilities.

        Raises:
            TypeError: if something other than strings comes.
        """
        single = isinstance(texts, (str, bytes))
        outputs, scores, _ = self.generate_batches([texts] if single else texts, batch_size)
        if single:
            outputs, scores = outputs[0], float(scores[0])
        return (outputs, scores) if return_scores else outputs

    def generate_batches(self, texts, batch_size=32, progress=None):
        """Does the work of `generate`, and tells how far it is.

        Args:
            texts: list of N strings.
            batch_size: int.
            progress: callable that is told how many texts are done, or `None`.

        Returns:
            list of N strings; scores, float32 array [N]; lengths, int32 array [N].
        """
        texts = list(texts)
        wrong = next((t for t in texts if not isinstance(t, (str, bytes))), None)
        if wrong is not None:
            raise TypeError(f"generate: expected strings, got {type(wrong).__name__}: {wrong!r}.")
        if batch_size < 1:
            raise ValueError(f"generate: batch_size must be at least 1, got {batch_size}.")
        target_ids = np.zeros((len(texts), self.max_target_length), "int32")  # [N, T]
        scores, lengths = np.zeros(len(texts), "float32"), np.zeros(len(texts), "int32")
        if not texts:
            return [], scores, lengths
        source_ids = self.encode_sources(texts)  # [N, S]
        widths = np.sum(source_ids != self.seq2seq.pad_id, axis=1)
        order = np.argsort(-widths, kind="stable")  # longest first: memory trouble shows at once
        for start in range(0, len(order), batch_size):
            rows = order[start : start + batch_size]
            batch = source_ids[rows, : widths[rows[0]]]
            target_ids[rows], lengths[rows], scores[rows] = map(
                np.asarray, self.seq2seq.generate(batch, self.max_target_length)
            )
            if progress:
                progress(start + len(rows))
        return self.decode_targets(target_ids), scores, lengths

    def attention(self, source, target=None):
        """Where the model looks in `source` while it writes `target`.

        Args:
            source: str.
            target: str, or `None` for the model's own translation.

        Returns:
            weights, float32 array [T, S]; the T target tokens, EOS last; the S source tokens,
            EOS last.

        Raises:
            ValueError: if the model has no attention.
        """
        if self.seq2seq.attention is None:
            raise ValueError("This model was built with attention=None; there is none to show.")
        target = self.generate(source) if target is None else target
        x, y, _ = self.encode_examples([source], [target])
        weights = self.seq2seq.attend(x["source_ids"], x["target_ids"])[0]  # [T, S]
        target_tokens = [self.target_tokenizer.id_to_token(i) for i in y[0]]
        source_tokens = [self.source_tokenizer.id_to_token(i) for i in x["source_ids"][0]]
        return np.asarray(weights), target_tokens, source_tokens

    def decode_targets(self, ids):
        """Target ids [B, T] -> list of B strings; special tokens are dropped."""
        texts = np.asarray(self.target_tokenizer.detokenize(ids))
        return [text.decode("utf-8") for text in texts.tolist()]

    def copy(self, **changes):
        """Returns an uncompiled model with the same weights and tokenizers.

        Args:
            **changes: arguments of the `Seq2Seq` to change, such as `use_cudnn=False`.
        """
        return TextSeq2Seq(
            self.seq2seq.copy(**changes),
            self.source_tokenizer,
            self.target_tokenizer,
            self.max_source_length,
            self.max_target_length,
        )

    def get_config(self):
        return {
            "name": self.name,
            "trainable": self.trainable,
            "seq2seq": keras.saving.serialize_keras_object(self.seq2seq),
            "source_tokenizer": keras.saving.serialize_keras_object(self.source_tokenizer),
            "target_tokenizer": keras.saving.serialize_keras_object(self.target_tokenizer),
            "max_source_length": self.max_source_length,
            "max_target_length": self.max_target_length,
        }

    @classmethod
    def from_config(cls, config):
        parts = ("seq2seq", "source_tokenizer", "target_tokenizer")
        loaded = {k: keras.saving.deserialize_keras_object(config[k]) for k in parts}
        return cls(**{**config, **loaded})


def _check_sizes(seq2seq, source_tokenizer, target_tokenizer):
    """Vocabularies still to be loaded from a `.keras` file are not checked."""
    if not isinstance(seq2seq, Seq2Seq):
        raise TypeError(f"TextSeq2Seq: seq2seq must be a Seq2Seq, got {type(seq2seq).__name__}.")
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
