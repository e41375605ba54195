"""What a run shows in TensorBoard beside its curves."""

from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

import keras

from keras_seq2seq.data.sentence_pairs import SentencePairs
from keras_seq2seq.text_models.text_seq2seq import TextSeq2Seq
from keras_seq2seq.training.configuration.config import TrainingConfig
from keras_seq2seq.training.messages import Say, quiet
from keras_seq2seq.training.tensorboard.attention_images import AttentionImages
from keras_seq2seq.training.tensorboard.embedding_projector import EmbeddingProjector
from keras_seq2seq.training.tensorboard.sample_translations import SampleTranslations

Item = TypeVar("Item")


def tensorboard_views(
    config: TrainingConfig,
    model: TextSeq2Seq,
    log_dir: Path,
    valid_pairs: SentencePairs,
    say: Say = quiet,
) -> list[keras.callbacks.Callback]:
    """Makes the callbacks that a configuration asks for; they belong behind `SwapEMAWeights`.

    The samples are taken from all over the pairs; `log_dir/train` has the curves.
    """
    # A directory each: TensorBoard follows one file in a directory at a time.
    callbacks: list[keras.callbacks.Callback] = []
    if config.sample_translations:
        chosen = spread(valid_pairs, config.sample_translations)
        sources, references = ([pair[side] for pair in chosen] for side in (0, 1))
        callbacks.append(SampleTranslations(log_dir / "samples", sources, references, say))
    if config.attention_images and model.seq2seq.attention is not None:
        sources = [source for source, _ in spread(valid_pairs, config.attention_images)]
        callbacks.append(AttentionImages(log_dir / "attention", sources, say))
    if config.embedding_projector:
        callbacks.append(EmbeddingProjector(log_dir / "train", say=say))
    return callbacks


def spread(pairs: Iterable[Item], count: int) -> list[Item]:
    """So many of the pairs, at equal distances, the first among them."""
    pairs = list(pairs)
    count = min(count, len(pairs))
    return [pairs[i * len(pairs) // count] for i in range(count)]
