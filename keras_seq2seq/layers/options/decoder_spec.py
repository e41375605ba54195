"""Options of a decoder."""

import dataclasses
from typing import ClassVar

from keras_seq2seq.layers.kinds import ATTENTIONS
from keras_seq2seq.layers.options.side_spec import SideSpec
from keras_seq2seq.specs.config_error import ConfigError
from keras_seq2seq.specs.option import finer_rate, option, rate


@dataclasses.dataclass(frozen=True)
class DecoderSpec(SideSpec):
    """Options of a `Decoder`."""

    section: ClassVar[str] = "decoder"

    attention: str | None = option(
        "general",
        "How the decoder looks back at the source: products (Luong) or the additive score "
        '(Bahdanau); "none" is the plain encoder-decoder.',
        none="none",
        choices=ATTENTIONS,
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
    hidden_dropout: float | None = finer_rate("Of what the generator reads.")
    projection_dropout: float = rate(0.0, "Of state and context before the decoder's projection.")
    attention_dropout: float = rate(0.0, "Of the weights of attention.")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.attention is None:
            for name in ("first_layer_attention", "input_feeding", "attention_dropout"):
                if getattr(self, name):
                    raise ConfigError(
                        f"{self.section}.{name} has no effect with {self.section}.attention = "
                        '"none".'
                    )
        if self.first_layer_attention and self.layers_of_decoder < 2:
            raise ConfigError(
                f"{self.section}.first_layer_attention needs a decoder layer above the first. Set "
                f"{self.section}.decoder_layers = 2 or more."
            )
        for name in ("first_layer_attention", "attention_dropout", "recurrent_dropout"):
            if self.input_feeding and getattr(self, name):
                raise ConfigError(
                    f"{self.section}.input_feeding does not go with {self.section}.{name}. Choose "
                    "one of them."
                )

    @property
    def layers_of_decoder(self) -> int:
        """How many recurrent layers the decoder has."""
        return self.num_layers

    @property
    def has_lexical_model(self) -> bool:
        """Whether there is a lexical model: without attention there is none."""
        return self.lexical_model and self.attention is not None
