"""The section of the configuration that describes the network."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from keras_seq2seq.models.presets import PRESETS, preset_arguments
from keras_seq2seq.training.configuration.config_error import ConfigError
from keras_seq2seq.training.configuration.config_option import checked_section, option

# What stands in a configuration, which knows no null, for None among the arguments of `Seq2Seq`.
_FOR_NONE = {
    "attention": "none",
    "encoder_layers": 0,
    "decoder_layers": 0,
    "decoder_units": 0,
    "fixed_norm": 0.0,
    "embedding_dropout": -1.0,
    "layer_dropout": -1.0,
    "memory_dropout": -1.0,
    "hidden_dropout": -1.0,
}


def _rate(comment: str) -> Any:
    return option(0.0, comment, minimum=0.0, below=1.0)


def _rate_or_dropout(comment: str) -> Any:
    return option(-1.0, f"{comment} -1 takes dropout.", minimum=-1.0, below=1.0, check=_is_a_rate)


def _is_a_rate(value: float) -> None:
    if -1.0 < value < 0.0:
        raise ValueError(f"{value} is no share; write 0 to 1, or -1 to take dropout.")


@dataclass(frozen=True)
class ModelConfig:
    """Section `[model]`: the network. See `RunConfig`.

    In Python a preset is applied by `ModelConfig.from_preset`; the key `preset` alone records it.
    """

    preset: str = option(
        "none",
        "A named architecture that gives the keys of this section which are not written.",
        choices=("none", *PRESETS),
    )
    cell: str = option("lstm", "The recurrent cell.", choices=("lstm", "gru"))
    units: int = option(160, "Units H of the encoder, per direction.", minimum=1)
    decoder_units: int = option(
        0,
        "Units of the decoder. 0 takes what fits the bridge: 2H behind a bidirectional encoder "
        'with the bridge "concat", else H.',
        minimum=0,
    )
    embedding_dim: int = option(256, "Width of the token embeddings.", minimum=1)
    num_layers: int = option(1, "Recurrent layers of the encoder, and of the decoder.", minimum=1)
    encoder_layers: int = option(0, "Layers of the encoder alone; 0 takes num_layers.", minimum=0)
    decoder_layers: int = option(0, "Layers of the decoder alone; 0 takes num_layers.", minimum=0)
    bidirectional: bool = option(True, "Whether the encoder also reads backwards.")
    layer_norm: bool = option(False, "Whether the output of each recurrent layer is normalised.")
    residual: bool = option(
        False, "Whether each recurrent layer's input is added to its output, if equally wide."
    )
    attention: str = option(
        "general",
        "How the decoder looks back at the source: products (Luong) or the additive score "
        '(Bahdanau); "none" is the plain encoder-decoder.',
        choices=("none", "dot", "scaled_dot", "general", "additive"),
    )
    attention_heads: int = option(
        1, "Parts of the states that attend each by itself; a divisor of their widths.", minimum=1
    )
    first_layer_attention: bool = option(
        False,
        "Whether the first decoder layer looks back, and those above it (one at least) read what "
        "it found; else the last layer looks back.",
    )
    input_feeding: bool = option(
        False,
        "Whether each decoder step reads what the step before found (Luong). Several times slower "
        "to train than first_layer_attention.",
    )
    lexical_model: bool = option(
        True,
        "Whether what attention finds among the source embeddings also leads straight to the "
        "generator, which helps rare words most (Nguyen and Chiang). Without attention there is "
        "none.",
    )
    fixed_norm: float = option(
        5.0,
        "Norm of the hidden state and of each token's vector in the generator, so that frequent "
        "tokens do not win by the length of theirs (Nguyen and Chiang). 5 suits embeddings of 256, "
        "4.2 of 128, 3.5 of 64; 0 leaves both free.",
        minimum=0.0,
    )
    bridge: str = option(
        "concat",
        "How the final state of the encoder becomes the first state of the decoder.",
        choices=("concat", "dense", "sum", "zero"),
    )
    dropout: float = option(
        0.3,
        "Share of the activations dropped in training: of embeddings, between layers, of the "
        "encoder's outputs and of what the generator reads.",
        minimum=0.0,
        below=1.0,
    )
    embedding_dropout: float = _rate_or_dropout("Of embeddings.")
    layer_dropout: float = _rate_or_dropout("Between layers.")
    memory_dropout: float = _rate_or_dropout("Of the encoder's outputs.")
    hidden_dropout: float = _rate_or_dropout("Of what the generator reads.")
    projection_dropout: float = _rate("Of state and context before the decoder's projection.")
    attention_dropout: float = _rate("Of the weights of attention.")
    recurrent_dropout: float = _rate(
        "Of the recurrent state, one mask for all steps; such layers do without cuDNN."
    )
    token_dropout: float = _rate("Share of the tokens whose whole embedding is dropped.")
    variational_dropout: bool = option(
        False, "Whether dropout uses one mask for all steps of a sentence (not for attention)."
    )
    tie_embeddings: bool = option(True, "Whether the generator shares the target embedding.")
    share_embeddings: bool = option(
        False, "Whether source and target share one embedding (needs one vocabulary)."
    )

    def __post_init__(self):
        checked_section("model", self)
        self._check_bridge()
        self._check_attention()

    @classmethod
    def from_preset(cls, preset: str = "none", **changes: Any) -> ModelConfig:
        """The section that a preset gives, with the given keys changed.

        Args:
            preset: str. A name of `models.presets.PRESETS`, or "none" for the plain defaults.
            **changes: keys of this section.
        """
        arguments = {} if preset == "none" else preset_arguments(preset)
        values = {key: _FOR_NONE[key] if v is None else v for key, v in arguments.items()}
        return cls(**{"preset": preset, **values, **changes})

    def to_arguments(self) -> dict[str, Any]:
        """The arguments of `Seq2Seq` that this section describes."""
        values = dataclasses.asdict(self)
        del values["preset"]
        values["lexical_model"] = self.lexical_model and self.attention != "none"
        for key, stand_in in _FOR_NONE.items():
            if values[key] == stand_in:
                values[key] = None
        return values

    @property
    def _memory_dim(self) -> int:
        return self.units * (2 if self.bidirectional else 1)

    @property
    def _decoder_dim(self) -> int:
        return self.decoder_units or (self._memory_dim if self.bridge == "concat" else self.units)

    def _check_bridge(self) -> None:
        if self.attention == "none" and self.bridge == "zero":
            raise ConfigError(
                'model.attention = "none" with model.bridge = "zero" gives the decoder nothing of '
                "the source. Choose another bridge, or an attention."
            )
        fits = self._memory_dim if self.bridge == "concat" else self.units
        if self.bridge in ("concat", "sum") and self._decoder_dim != fits:
            raise ConfigError(
                f"model.decoder_units is {self.decoder_units}, but model.bridge = "
                f'"{self.bridge}" makes states of {fits}. Set model.bridge = "dense", or '
                "model.decoder_units = 0."
            )

    def _check_attention(self) -> None:
        if self.attention == "none":
            for key in ("first_layer_attention", "input_feeding", "attention_dropout"):
                if getattr(self, key):
                    raise ConfigError(f'model.{key} has no effect with model.attention = "none".')
        if self.first_layer_attention and (self.decoder_layers or self.num_layers) < 2:
            raise ConfigError(
                "model.first_layer_attention needs a decoder layer above the first. Set "
                "model.decoder_layers = 2 or more."
            )
        for key in ("first_layer_attention", "attention_dropout", "recurrent_dropout"):
            if self.input_feeding and getattr(self, key):
                raise ConfigError(
                    f"model.input_feeding does not go with model.{key}. Choose one of them."
                )
        if self.attention in ("dot", "scaled_dot") and self._decoder_dim != self._memory_dim:
            raise ConfigError(
                f'model.attention = "{self.attention}" compares a decoder of {self._decoder_dim} '
                f"units with a memory of {'2H = ' if self.bidirectional else ''}"
                f'{self._memory_dim}. Set model.attention = "general", or equal widths, as '
                'model.bridge = "concat" with model.decoder_units = 0 gives them.'
            )
        heads, widths = self.attention_heads, (self._decoder_dim, self._memory_dim)
        if self.attention != "none" and any(width % heads for width in widths):
            raise ConfigError(
                f"model.attention_heads is {heads}, but must divide the {widths[0]} units of the "
                f"decoder and the {widths[1]} of the memory."
            )
