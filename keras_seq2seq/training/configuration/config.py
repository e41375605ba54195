"""The configuration of a run: every key with its default, its comment and its limits."""

import dataclasses
from dataclasses import dataclass, field
from typing import Any, ClassVar

from keras_seq2seq.data.cache.large_corpus import LargeCorpus, is_large
from keras_seq2seq.data.corpus_error import CorpusError
from keras_seq2seq.data.corpus_spec import PHRASEBOOK, phrasebook_split
from keras_seq2seq.data.parallel_text import parse_columns, read_pairs
from keras_seq2seq.data.sentence_pairs import SentencePairs
from keras_seq2seq.models.model_spec import ModelSpec
from keras_seq2seq.specs.config_error import ConfigError
from keras_seq2seq.specs.option import option, rate
from keras_seq2seq.specs.spec import Spec
from keras_seq2seq.text.tokenizers import TOKENIZERS

HELD_OUT = "held_out"


def _not_blank(spec: str) -> None:
    if not spec.strip():
        raise ValueError('no corpus is named. Write a file, or "phrasebook:train".')


@dataclass(frozen=True)
class DataConfig(Spec):
    """Section `[data]`: which pairs the run reads. See `RunConfig`."""

    section: ClassVar[str] = "data"

    train: str = option(
        "phrasebook:train",
        'Pairs to learn from: "file.tsv", "source_file,target_file", a glob, or the built-in '
        '"phrasebook:train". Files may be gzipped.',
        check=_not_blank,
    )
    valid: str = option(
        HELD_OUT,
        "Pairs to watch the run with, never learnt from. "
        f'"{HELD_OUT}" takes a twentieth of train out, at least 20 pairs and at most 1,000, no '
        "source on both sides, the same in every run; for the phrasebook it is phrasebook:valid.",
        check=_not_blank,
    )
    columns: str = option(
        "1,2",
        'Columns of source and target in a table, from 1. "2,1" swaps the direction.',
        check=parse_columns,
    )
    max_source_length: int = option(
        64,
        "Most tokens of a source, its end mark among them; longer pairs are left out.",
        minimum=2,
        maximum=100_000,
    )
    max_target_length: int = option(64, "The same for a target.", minimum=2, maximum=100_000)
    batch_size: int = option(64, "Pairs in a batch.", minimum=1)
    batch_tokens: int = option(
        0,
        "Tokens in a batch, padding among them, instead of batch_size pairs; 0 counts pairs. "
        "Counted as pairs times the longest sentence of either side.",
        minimum=0,
    )
    cache: str = option(
        "auto",
        "Whether the pairs to learn from stay on disk, tokenised once into files of ids, instead "
        "of in memory. auto: where their files have more than 256 MiB of text (gzipped ones count "
        "fourfold), unless subword sampling needs the text. always: any file. never: no file.",
        choices=("auto", "always", "never"),
    )
    cache_directory: str = option(
        "",
        'Where these files lie, found again by later runs on the same corpus; "" is token_cache '
        "beside the run directory. What lies there can be removed between runs.",
    )
    vocabulary_sample: int = option(
        200_000,
        "Pairs, taken by chance, that the vocabulary is learnt from where the pairs stay on disk; "
        "in memory it is learnt from all.",
        minimum=1,
    )

    @property
    def limits(self) -> dict[str, int]:
        """The longest sentences, as arguments by name."""
        names = ("max_source_length", "max_target_length")
        return {name: getattr(self, name) for name in names}

    @property
    def trains_on_phrasebook(self) -> bool:
        """Whether the built-in corpus is what the run learns, so that its other splits fit it."""
        return phrasebook_split(self.train) == "train"

    @property
    def holds_out(self) -> bool:
        """Whether the pairs to validate on are taken out of those to train on."""
        return self.valid == HELD_OUT and not self.trains_on_phrasebook

    @property
    def valid_corpus(self) -> str:
        """The corpus spec of the pairs to validate on, or "held_out"."""
        built_in = self.valid == HELD_OUT and self.trains_on_phrasebook
        return f"{PHRASEBOOK}:valid" if built_in else self.valid

    @property
    def stays_on_disk(self) -> bool:
        """Whether the pairs to train on are not read into memory."""
        if self.cache == "never" or phrasebook_split(self.train) is not None:
            return False
        return self.cache == "always" or is_large(self.train)

    def read(self, in_memory: bool = False) -> tuple[Any, Any]:
        """Reads the pairs to train on and those to validate on; needs no TensorFlow.

        Args:
            in_memory: Whether "auto" means memory, however large the files are.

        Returns:
            Two `SentencePairs`. Where the first stay on disk, a `LargeCorpus`, and None for those
            that are to be held out of it.
        """
        columns = parse_columns(self.columns)
        if self.stays_on_disk and not (in_memory and self.cache == "auto"):
            valid = None if self.holds_out else read_pairs(self.valid_corpus, columns)
            return LargeCorpus(self.train, columns, self.holds_out), valid
        train = read_pairs(self.train, columns)
        if self.holds_out:
            return _hold_out(train)
        return train, read_pairs(self.valid_corpus, columns)

    def read_train(self) -> SentencePairs:
        """Reads the pairs to train on alone.

        Raises:
            CorpusError: they cannot be read, or stay on disk.
        """
        if self.stays_on_disk:
            raise CorpusError(f"{self.train} is too large to be read at once (data.cache).")
        train = read_pairs(self.train, parse_columns(self.columns))
        return _hold_out(train)[0] if self.holds_out else train


def _hold_out(pairs: SentencePairs) -> tuple[SentencePairs, SentencePairs]:
    from keras_seq2seq.data.quality.held_out import hold_out  # NumPy is not for --help

    return hold_out(pairs)


@dataclass(frozen=True)
class TextConfig(Spec):
    """Section `[text]`: how sentences become ids. See `RunConfig`."""

    section: ClassVar[str] = "text"

    tokenizer: str = option(
        "sentencepiece",
        "What a token is: a learnt piece of a word, a character, or a byte.",
        choices=TOKENIZERS,
    )
    vocabulary_size: int = option(
        6000, "Most tokens to learn, special ones among them (bytes need no learning).", minimum=5
    )
    shared_vocabulary: bool = option(
        False, "Whether source and target share one vocabulary, learnt from both."
    )
    model_type: str = option(
        "unigram", "How sentencepiece learns its pieces.", choices=("unigram", "bpe")
    )
    byte_fallback: bool = option(
        False, "Whether sentencepiece spells unknown characters as bytes instead of <unk>."
    )
    character_coverage: float = option(
        1.0,
        "Share of the running characters that the vocabulary covers; the rarest rest is unknown.",
        minimum=0.98,
        maximum=1.0,
    )
    normalization: str = option(
        "NFC",
        "Unicode form of all text. NFD writes Hangul as its letters (jamo).",
        choices=("NFC", "NFKC", "NFD", "none"),
    )
    lowercase: bool = option(False, "Whether all text is lower-cased, which cannot be undone.")
    drop_invisible: bool = option(
        True, "Whether soft hyphens, zero-width spaces, controls and other unseen characters go."
    )
    subword_sampling_source: float = option(
        0.0,
        "Subword regularisation of sources in training: other pieces for the same words in every "
        "epoch; 0 takes the best pieces always. For unigram the alpha of Kudo (2018): 0.1 to 0.5 "
        "is usual, the smaller the more varied. For bpe the share of merges left out, usually 0.1.",
        minimum=0.0,
        maximum=1.0,
    )
    subword_sampling_target: float = option(0.0, "The same for targets.", minimum=0.0, maximum=1.0)


@dataclass(frozen=True)
class TrainingConfig(Spec):
    """Section `[training]`: how the network learns. See `RunConfig`."""

    section: ClassVar[str] = "training"

    epochs: int = option(
        0,
        "Passes over the training pairs; 0 chooses 12 to 60, for about 5,000 batches in all.",
        minimum=0,
    )
    learning_rate: float = option(2e-3, "Peak learning rate.", above=0.0)
    warmup_steps: int = option(
        400, "Steps in which the learning rate rises from 0 to its peak.", minimum=0
    )
    schedule: str = option(
        "cosine",
        "How it falls afterwards: along a cosine to 0 at the end of the run, with 1 / sqrt(step), "
        "not at all, or on a plateau, when validation no longer gets better.",
        choices=("cosine", "inverse_sqrt", "constant", "plateau"),
    )
    plateau_patience: int = option(
        1, "Plateau: epochs without a better validation before the rate is lowered.", minimum=1
    )
    plateau_factor: float = option(
        0.5, "Plateau: what the rate is multiplied by.", above=0.0, below=1.0
    )
    optimizer: str = option("adamw", "The optimizer.", choices=("adamw", "adam"))
    weight_decay: float = option(0.01, "Weight decay of adamw.", minimum=0.0)
    label_smoothing: float = rate(0.1, "Share of each label spread over the vocabulary.")
    r_drop: float = option(
        0.0,
        "R-Drop: every batch goes through the network twice, with different dropout, and this "
        "weighs how far the two passes may be from each other. Doubles the time of a batch; 1 to "
        "5 is usual, 0 does without.",
        minimum=0.0,
    )
    clip_norm: float = option(1.0, "Greatest norm of the gradient; 0 clips nothing.", minimum=0.0)
    ema_momentum: float = rate(0.99, "Momentum of the moving average of the weights; 0 keeps none.")
    quantization_aware: str = option(
        "none",
        "int4: in the last third of the steps kernels and embeddings are rounded to four bits "
        "while they learn, so that `export --quantize int4` loses nothing. The model is left with "
        "the rounded weights; there is no moving average then.",
        choices=("none", "int4"),
    )
    average_epochs: int = option(
        0,
        "Mean of the weights that the last so many epochs ended with, instead of a moving average "
        "(ema_momentum = 0); 0 keeps none.",
        minimum=0,
    )
    bleu_sentences: int = option(
        0,
        "Validation sentences that are translated after every epoch for a BLEU score; 0 for none.",
        minimum=0,
    )
    monitor: str = option(
        "loss",
        "The figure of validation that chooses the best epoch, stops a run early and tells a "
        "plateau; bleu needs bleu_sentences.",
        choices=("loss", "bleu"),
    )
    early_stopping_patience: int = option(
        0, "Epochs without a better validation before the run stops; 0 never stops.", minimum=0
    )
    max_minutes: float = option(0.0, "Minutes after which the run stops; 0 never stops.", minimum=0)
    checkpoint_minutes: float = option(
        5.0, "Minutes between two checkpoints; 0 writes none by the clock.", minimum=0.0
    )
    checkpoint_steps: int = option(
        1000,
        "Batches of an epoch between two checkpoints; 0 writes them at its end only. A run whose "
        "loss is no longer finite goes back to the last one of these.",
        minimum=0,
    )
    keep_checkpoints: int = option(
        2, "Checkpoints to keep, beside the one of the best epoch.", minimum=1
    )
    distribute: str = option(
        "none",
        "Devices that share each batch out: mirrored takes all of this machine, multiworker those "
        "of several processes (TF_CONFIG, Slurm or --workers), data_parallel both under JAX. A "
        "batch stays what [data] says, however many there are.",
        choices=("none", "mirrored", "multiworker", "data_parallel"),
    )
    precision: str = option(
        "float32",
        "Precision of the computation. mixed_bfloat16 is faster on GPUs and on some CPUs, those of "
        "AMD with AVX512-BF16 for one, but not on all that have it; mixed_float16 on GPUs only.",
        choices=("float32", "mixed_float16", "mixed_bfloat16"),
    )
    seed: int = option(
        1, "Seed of weights, dropout and order of pairs.", minimum=0, maximum=2**31 - 1
    )
    sample_translations: int = option(
        3, "Validation sentences that TensorBoard shows translated, after every epoch.", minimum=0
    )
    attention_images: int = option(
        1,
        "Validation sentences whose attention TensorBoard shows, after every epoch; half a second "
        "each.",
        minimum=0,
    )
    embedding_projector: bool = option(
        False, "Whether TensorBoard's projector gets the token embeddings (some 20 MB)."
    )

    @property
    def rounds(self) -> bool:
        """Whether the model learns with rounded weights at the end."""
        return self.quantization_aware != "none"


@dataclass(frozen=True)
class RunConfig:
    """All that a run is told: four sections, each a frozen dataclass, each checked when made.

    Args:
        data: The pairs.
        text: Normalization and tokenizers.
        model: The network.
        training: Optimizer, regularisation and limits.

    Raises:
        ConfigError: two keys contradict each other.

    Example:

    >>> config = RunConfig(model=ModelSpec(units=64), training=TrainingConfig(epochs=3))
    >>> config.model.units, config.data.train
    (64, 'phrasebook:train')
    """

    data: DataConfig = field(default_factory=DataConfig)
    text: TextConfig = field(default_factory=TextConfig)
    model: ModelSpec = field(default_factory=ModelSpec)
    training: TrainingConfig = field(default_factory=TrainingConfig)

    def __post_init__(self):
        text, training = self.text, self.training
        one_vocabulary = text.shared_vocabulary or text.tokenizer == "byte"
        if self.model.share_embeddings and not one_vocabulary:
            raise ConfigError(
                "model.share_embeddings is true, but source and target have a vocabulary each. "
                "Set text.shared_vocabulary = true, or model.share_embeddings = false."
            )
        if training.average_epochs and training.ema_momentum:
            raise ConfigError(
                "training.average_epochs and training.ema_momentum are two ways to average "
                "weights. Set one of them to 0."
            )
        if training.average_epochs and training.rounds:
            raise ConfigError(
                "training.average_epochs takes the mean of weights, which would not be the few "
                'values that training.quantization_aware = "int4" is for. Set '
                "training.average_epochs = 0."
            )
        if training.monitor == "bleu" and not training.bleu_sentences:
            raise ConfigError(
                'training.monitor = "bleu" needs translations of validation sentences. Set '
                "training.bleu_sentences = 500."
            )
        if self.samples_subwords and self.data.cache == "always":
            raise ConfigError(
                'data.cache = "always" keeps ids alone, but text.subword_sampling_source or '
                "_target cuts the words of texts anew in every epoch. Set them to 0, or "
                'data.cache = "auto".'
            )
        if training.r_drop and training.distribute != "none":
            raise ConfigError(
                f"training.r_drop is {training.r_drop}, which compares the two halves of a batch, "
                f'but training.distribute = "{training.distribute}" cuts batches into parts. Set '
                'training.r_drop = 0, or training.distribute = "none".'
            )
        if self.samples_subwords and text.tokenizer != "sentencepiece":
            raise ConfigError(
                f'text.tokenizer = "{text.tokenizer}" has one way to cut a word, but '
                "text.subword_sampling_source or _target asks for others. Set them to 0, or "
                'text.tokenizer = "sentencepiece".'
            )

    @property
    def samples_subwords(self) -> bool:
        """Whether every epoch has other pieces for the same words, which takes the texts."""
        return bool(self.text.subword_sampling_source or self.text.subword_sampling_target)

    def read(self) -> tuple[Any, Any]:
        """Reads the pairs as `DataConfig.read` does; into memory if the texts are needed there."""
        return self.data.read(in_memory=self.samples_subwords)

    def to_dict(self) -> dict[str, dict[str, Any]]:
        """The configuration as plain data: {section: {key: value}}."""
        return {f.name: getattr(self, f.name).to_dict() for f in dataclasses.fields(self)}
