"""Options of a whole network."""

import dataclasses
from typing import Any, ClassVar, Self

from keras_seq2seq.layers.kinds import BRIDGES
from keras_seq2seq.layers.options.decoder_spec import DecoderSpec
from keras_seq2seq.layers.options.encoder_spec import EncoderSpec
from keras_seq2seq.layers.options.generator_spec import GeneratorSpec
from keras_seq2seq.models.presets import PRESETS, preset_arguments
from keras_seq2seq.specs.config_error import ConfigError
from keras_seq2seq.specs.option import option
from keras_seq2seq.specs.spec import Spec


@dataclasses.dataclass(frozen=True)
class _Named(Spec):
    preset: str = option(
        "none",
        "A named architecture that gives the keys of this section which are not written.",
        choices=("none", *PRESETS),
    )


@dataclasses.dataclass(frozen=True)
class ModelSpec(GeneratorSpec, DecoderSpec, EncoderSpec, _Named):
    """Options of a `Seq2Seq`: those of its parts, and how they go together.

    It is the section `[model]` of a configuration. In Python a preset is applied by
    `ModelSpec.from_preset`; the option `preset` alone records it.

    Raises:
        ConfigError: an option is out of range, or two contradict each other.

    Example:

    >>> spec = ModelSpec(units=64, attention="dot")
    >>> spec.encoder.units, spec.decoder.units
    (64, 128)
    """

    section: ClassVar[str] = "model"

    decoder_units: int | None = option(
        None,
        "Units of the decoder. 0 takes what fits the bridge: 2H behind a bidirectional encoder "
        'with the bridge "concat", else H.',
        none=0,
        minimum=0,
    )
    encoder_layers: int | None = option(
        None, "Layers of the encoder alone; 0 takes num_layers.", none=0, minimum=0
    )
    decoder_layers: int | None = option(
        None, "Layers of the decoder alone; 0 takes num_layers.", none=0, minimum=0
    )
    bridge: str = option(
        "concat",
        "How the final state of the encoder becomes the first state of the decoder.",
        choices=BRIDGES,
    )
    tie_embeddings: bool = option(True, "Whether the generator shares the target embedding.")
    share_embeddings: bool = option(
        False, "Whether source and target share one embedding (needs one vocabulary)."
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check_bridge()
        self._check_attention()

    @classmethod
    def from_preset(cls, preset: str = "none", **changes: Any) -> Self:
        """The options that a preset gives, with changes.

        Args:
            preset: str. A name of `models.presets.PRESETS`, or "none" for the plain defaults.
            **changes: options that shall differ.
        """
        arguments = {} if preset == "none" else preset_arguments(preset)
        return cls.make({"preset": preset, **arguments}, changes)

    @property
    def encoder(self) -> EncoderSpec:
        """The options of the encoder."""
        return EncoderSpec.of(self, num_layers=self.encoder_layers or self.num_layers)

    @property
    def decoder(self) -> DecoderSpec:
        """The options of the decoder."""
        return DecoderSpec.of(self, num_layers=self.layers_of_decoder, units=self.decoder_dim)

    @property
    def generator(self) -> GeneratorSpec:
        """The options of the generator."""
        return GeneratorSpec.of(self)

    @property
    def layers_of_decoder(self) -> int:
        return self.decoder_layers or self.num_layers

    @property
    def decoder_dim(self) -> int:
        """Units of the decoder."""
        return self.decoder_units or (self.memory_dim if self.bridge == "concat" else self.units)

    def _check_bridge(self) -> None:
        if self.attention is None and self.bridge == "zero":
            raise ConfigError(
                'model.attention = "none" with model.bridge = "zero" gives the decoder nothing of '
                "the source. Choose another bridge, or an attention."
            )
        fits = self.memory_dim if self.bridge == "concat" else self.units
        if self.bridge in ("concat", "sum") and self.decoder_dim != fits:
            raise ConfigError(
                f"model.decoder_units is {self.decoder_units}, but model.bridge = "
                f'"{self.bridge}" makes states of {fits}. Set model.bridge = "dense", or '
                "model.decoder_units = 0."
            )

    def _check_attention(self) -> None:
        if self.attention in ("dot", "scaled_dot") and self.decoder_dim != self.memory_dim:
            raise ConfigError(
                f'model.attention = "{self.attention}" compares a decoder of {self.decoder_dim} '
                f"units with a memory of {'2H = ' if self.bidirectional else ''}"
                f'{self.memory_dim}. Set model.attention = "general", or equal widths, as '
                'model.bridge = "concat" with model.decoder_units = 0 gives them.'
            )
        heads, widths = self.attention_heads, (self.decoder_dim, self.memory_dim)
        if self.attention is not None and any(width % heads for width in widths):
            raise ConfigError(
                f"model.attention_heads is {heads}, but must divide the {widths[0]} units of the "
                f"decoder and the {widths[1]} of the memory."
            )
