"""The seed's system over ids."""

from typing import Any, Self

import keras

from keras_seq2seq.decoding import SearchOptions
from keras_seq2seq.layers.bridge import Bridge
from keras_seq2seq.layers.decoder import Decoder
from keras_seq2seq.layers.embedding import make_embedding
from keras_seq2seq.layers.encoder import Encoder
from keras_seq2seq.layers.generator import Generator
from keras_seq2seq.layers.kinds import BRIDGES
from keras_seq2seq.layers.memory import Memory
from keras_seq2seq.layers.shortlist import Shortlist
from keras_seq2seq.models.decodable import Decodable, refuse_legacy_config
from keras_seq2seq.models.model_spec import ModelSpec
from keras_seq2seq.models.part_configs import (
    PARTS,
    changed,
    of_version_0_1_0,
    restored,
    saved,
    sharing,
)
from keras_seq2seq.models.presets import preset_arguments
from keras_seq2seq.models.processes import refuse_forked
from keras_seq2seq.specs.config_error import ConfigError
from keras_seq2seq.specs.configured import saved_layer
from keras_seq2seq.specs.known_names import check_names, names_of
from keras_seq2seq.tensors import Tensor
from keras_seq2seq.text.special_tokens import BOS, EOS, PAD


@keras.saving.register_keras_serializable(package="keras_seq2seq")
class Seq2Seq(Decodable, keras.Model):
    """Encoder, bridge, decoder and generator as one Keras model over ids (seed eq. 1 to 9).

    Trained with teacher forcing: `fit` takes `x = {"source_ids": [B, S], "decoder_ids": [B, T]}`,
    `y` [B, T] and a sample weight [B, T]; `decoder_ids` is BOS and the target, `y` the target and
    EOS, sources end with EOS, PAD at the right.

    Args:
        encoder: `Encoder` (eq. 3, 4).
        decoder: `Decoder` (eq. 6).
        generator: `Generator` (eq. 9). Parts that were given one `Embedding` share it.
        bridge: `Bridge`, or the name of one: `"concat"`, `"sum"`, `"dense"` or `"zero"`.
        bos_id, eos_id: int. Special ids; that of padding is the encoder's.
        name: str or `None`.
        trainable: bool. `False` freezes all parts.
        shortlist: `Shortlist` for searches with `shortlist=True`, or `None`.

    Call arguments:
        inputs: dict of `source_ids`, int tensor [B, S], and `decoder_ids`, int tensor [B, T].

    Returns:
        float32 tensor [B, T, V]: logits, one row per target position.

    Raises:
        TypeError: for a part that is no layer.
        ValueError: for vocabularies, cells or widths that do not fit together.

    Example:

    >>> model = Seq2Seq(
    ...     encoder=Encoder(50, units=8, embedding_dim=4),
    ...     decoder=Decoder(60, units=16, embedding_dim=4),
    ...     generator=Generator(60),
    ... )
    >>> ids = {"source_ids": keras.ops.ones((2, 5)), "decoder_ids": keras.ops.ones((2, 7))}
    >>> model(ids).shape
    TensorShape([2, 7, 60])
    >>> model = Seq2Seq.from_options(50, 60, units=8, embedding_dim=4)  # the same, and tied
    >>> model.generate(keras.ops.array([[7, 8, 3]]), max_length=4).ids.shape
    (1, 4)
    """

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        if args:  # before names are looked at: sizes and options went here in 0.1.0
            _check_layer("encoder", args[0])
        return super().__new__(cls, *args, **kwargs)

    def __init__(
        self,
        encoder: Encoder,
        decoder: Decoder,
        generator: Generator = None,  # pyright: ignore[reportArgumentType] # missing: told below
        bridge: Bridge | str = "concat",
        bos_id: int = BOS,
        eos_id: int = EOS,
        name: str | None = None,
        trainable: bool = True,
        shortlist: Shortlist | None = None,
    ):
        refuse_forked()  # before a layer makes its weights
        for part, given in (("encoder", encoder), ("decoder", decoder), ("generator", generator)):
            _check_layer(part, given)
        if isinstance(bridge, str):
            fitting = decoder.spec.units, bridge, encoder.spec.directions, decoder.spec.num_layers
            made: Bridge = BRIDGES[bridge](*fitting, dtype=decoder.dtype_policy, name="bridge")
            bridge = made
        _check_parts(encoder, decoder, generator, bridge)
        source_ids = keras.Input((None,), dtype="int32", name="source_ids")
        decoder_ids = keras.Input((None,), dtype="int32", name="decoder_ids")
        state, memory = encoder(source_ids)
        hidden, _, weights = decoder(decoder_ids, bridge(state), memory)
        logits = generator(hidden, weights, memory, logits=True)
        inputs = {"source_ids": source_ids, "decoder_ids": decoder_ids}
        # True would be the end of parts that were frozen before.
        frozen = {} if trainable else {"trainable": False}
        super().__init__(inputs=inputs, outputs=logits, name=name, **frozen)
        self.encoder = encoder
        self.bridge = bridge
        self.shortlist: Any = shortlist
        self.decoder = decoder
        self.generator = generator
        self.pad_id, self.bos_id, self.eos_id = encoder.pad_id, bos_id, eos_id
        self.source_vocabulary_size = encoder.vocabulary_size
        self.target_vocabulary_size = decoder.vocabulary_size
        self.attention = decoder.spec.attention
        self.policy = decoder.dtype_policy
        self.dtype_policy = self.policy  # so that `compile` scales the loss under mixed_float16
        # XLA compiles anew for every shape of batch, and gained nothing on CPUs.
        self.supports_jit = keras.backend.backend() != "tensorflow"

    @classmethod
    def from_options(
        cls,
        source_vocabulary_size: int,
        target_vocabulary_size: int,
        spec: ModelSpec | None = None,
        *,
        pad_id: int = PAD,
        bos_id: int = BOS,
        eos_id: int = EOS,
        use_cudnn: bool | str = "auto",
        dtype: Any = None,
        name: str | None = None,
        **options: Any,
    ) -> Self:
        """Builds the parts and the model, all of whose options are in one `ModelSpec`.

        Args:
            source_vocabulary_size, target_vocabulary_size: int. V of each side.
            spec: `ModelSpec`; its options may also be given one by one: `units=64`, ...
            pad_id, bos_id, eos_id: int. Special ids.
            use_cudnn: see `RecurrentStack`.
            dtype: dtype policy, such as `"mixed_bfloat16"`.
            **options: of `ModelSpec`, that shall differ from `spec`.

        Raises:
            ConfigError: for options that are unknown, out of range or contradict each other.
        """
        known = [*names_of(cls.from_options), *ModelSpec.names()]
        check_names(f"{cls.__name__}.from_options", options, known)
        spec = ModelSpec.make(spec, options)
        if spec.share_embeddings and source_vocabulary_size != target_vocabulary_size:
            raise ValueError(
                "Seq2Seq: share_embeddings needs one vocabulary for both sides, but the source "
                f"has {source_vocabulary_size} tokens and the target {target_vocabulary_size}."
            )
        policy = keras.dtype_policies.get(dtype or keras.config.dtype_policy())
        table = make_embedding(
            target_vocabulary_size, spec.embedding_dim, policy, name="target_embedding"
        )
        encoder = Encoder(
            source_vocabulary_size,
            spec.encoder,
            embedding=table if spec.share_embeddings else None,
            pad_id=pad_id,
            use_cudnn=use_cudnn,
            dtype=policy,
            name="encoder",
        )
        decoder = Decoder(
            target_vocabulary_size,
            spec.decoder,
            output_dim=spec.embedding_dim if spec.tie_embeddings else None,
            embedding=table,
            use_cudnn=use_cudnn,
            dtype=policy,
            name="decoder",
        )
        generator = Generator(
            target_vocabulary_size,
            spec.generator,
            embedding=table if spec.tie_embeddings else None,
            dtype=policy,
            name="generator",
        )
        parts = {"encoder": encoder, "decoder": decoder, "generator": generator}
        return cls(**parts, bridge=spec.bridge, bos_id=bos_id, eos_id=eos_id, name=name)

    @classmethod
    def from_preset(
        cls, preset: str, source_vocabulary_size: int, target_vocabulary_size: int, **changes: Any
    ) -> Self:
        """Builds a named architecture with fresh weights; see `models.presets.PRESETS`.

        Args:
            preset: str. `"tiny"`, `"small"`, `"base"`, `"luong2015"` or `"rnmt_plus"`.
            source_vocabulary_size, target_vocabulary_size: int.
            **changes: options and arguments of `from_options` that shall differ.

        Raises:
            ConfigError: as `from_options`; or for a `spec`, which says all options itself.
        """
        if "spec" in changes:
            raise ConfigError(
                f"{cls.__name__}.from_preset: a preset says what a spec says, and one would be "
                f"overridden. Write from_options(..., spec=ModelSpec.from_preset({preset!r}, "
                "units=...)), or give options one by one."
            )
        options = {"preset": preset, **preset_arguments(preset), **changes}
        return cls.from_options(source_vocabulary_size, target_vocabulary_size, **options)

    def encode(self, source_ids: Tensor) -> tuple[Any, Memory]:
        """Runs encoder and bridge: ids [B, S] -> the decoder's first state, and its `Memory`.

        The memory holds all that need not be computed at each step.
        """
        state, memory = self.encoder(source_ids)
        state, memory = self.decoder.prepare(self.bridge(state), memory)
        return state, self.generator.prepare(memory)

    def check_shortlist(self, options: SearchOptions) -> None:
        if self.shortlist is None:
            return super().check_shortlist(options)
        least = 2 * options.beam_size  # what beams look at
        if options.shortlist and least > self.shortlist.always:
            raise ValueError(
                f"beam_size={options.beam_size} needs lists of at least {least} tokens, but this "
                f"model has learnt one of always={self.shortlist.always}: learn another one, or "
                "search without shortlist=True."
            )

    def shorten(self, source_ids: Tensor, memory: Memory) -> tuple[Memory, Tensor]:
        ids, allowed = self.shortlist(source_ids)
        return self.generator.restrict(memory, ids, allowed), ids

    def decode_step(self, ids: Tensor, state: Any, memory: Memory) -> tuple[Tensor, Any, Tensor]:
        ids = keras.ops.expand_dims(ids, axis=1)  # [N, 1]
        hidden, state, weights = self.decoder(ids, state, memory)
        logits = self.generator(hidden, weights, memory, logits=True)
        return logits[:, 0], state, weights[:, 0]

    def decode(self, decoder_ids: Tensor, state: Any, memory: Memory) -> tuple[Tensor, Tensor]:
        hidden, _, weights = self.decoder(decoder_ids, state, memory)
        return self.generator(hidden, weights, memory, logits=True), weights

    def copy(self, **changes: Any) -> Self:
        """Returns an uncompiled model with the same weights and the given arguments changed.

        Args:
            **changes: arguments and options of the parts; each part that knows one takes it.

        Raises:
            ValueError: no part knows a name, or the weights do not fit what was changed.
        """
        twin = type(self).from_config(changed(self.get_config(), changes))
        return self._give_weights(twin, changes)

    def with_shortlist(self, table: Any, tokens: Any, size: int) -> Self:
        """Returns an uncompiled model with the same weights that can search with `shortlist=True`.

        Args:
            table: int array [V, C], candidates of each source token, the likeliest first.
            tokens: int array [F], what stands in every list.
            size: int. L, see `Shortlist`.
        """
        sizes = self.source_vocabulary_size, self.target_vocabulary_size
        lists = {"candidates": table.shape[1], "always": len(tokens), "size": size}
        shortlist = Shortlist(*sizes, **lists, pad_id=self.pad_id, name="shortlist")
        twin: Any = type(self).from_config(
            {**self.get_config(), "shortlist": saved_layer(shortlist)}
        )
        for name in PARTS:
            getattr(twin, name).set_weights(getattr(self, name).get_weights())
        twin.shortlist.set_weights([table, tokens])
        return twin

    def _run_through_graph(self, *args: Any, **kwargs: Any) -> Any:
        if kwargs.keys() >= {"operation_fn", "call_fn"}:  # nobody else asks so
            raise ValueError(
                "clone_model would make a plain model of copied layers, which share no embedding "
                "any more and cannot search. Use model.copy(), or for fresh weights "
                f"{type(self).__name__}.from_config(model.get_config())."
            )
        return super()._run_through_graph(*args, **kwargs)

    def for_export(self) -> Self:
        """Returns a copy in float32 without cuDNN: a graph made beside a GPU runs anywhere."""
        return self.copy(use_cudnn=False, dtype="float32")

    def describe(self) -> dict[str, Any]:
        parts = {"encoder": self.encoder, "decoder": self.decoder, "generator": self.generator}
        shared = sharing(self)
        return {
            "bridge": getattr(self.bridge, "mode", type(self.bridge).__name__),
            "tie_embeddings": "generator" in shared,
            "share_embeddings": "encoder" in shared,
            **{
                f"{name}.{option}": value
                for name, part in parts.items()
                if hasattr(part, "spec")  # own layers may have none
                for option, value in part.spec.to_dict().items()
            },
        }

    def get_config(self) -> dict[str, Any]:
        refuse_legacy_config()
        return {
            "name": self.name,
            "trainable": self.trainable,
            **saved(self),
            "bos_id": self.bos_id,
            "eos_id": self.eos_id,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        refuse_forked()
        if "encoder" not in config:
            return cls.from_options(**of_version_0_1_0(config))
        return cls(**restored(config))


def _check_layer(part, given):
    if not isinstance(given, keras.layers.Layer):
        raise TypeError(
            f"Seq2Seq: {part} is {given!r}, but a layer is expected. From sizes and options a "
            "model is made by Seq2Seq.from_options(8000, 8000, units=256)."
        )


def _check_parts(encoder, decoder, generator, bridge):
    if decoder.vocabulary_size != generator.vocabulary_size:
        raise ValueError(
            f"Seq2Seq: the decoder knows {decoder.vocabulary_size} tokens and the generator "
            f"{generator.vocabulary_size}; give both the size of the target's vocabulary."
        )
    tables = [getattr(part, "embedding", None) for part in (encoder, decoder, generator)]
    if tables[0] is not None and tables[0] is tables[2] and tables[0] is not tables[1]:
        raise ValueError(
            "Seq2Seq: encoder and generator share an embedding that the decoder has not; give it "
            "to the decoder, too."
        )
    cells = encoder.spec.cell, decoder.spec.cell
    if type(bridge) is Bridge and len(set(cells)) > 1:
        raise ValueError(
            f"Seq2Seq: an encoder of cell={cells[0]!r} has no state for a decoder of "
            f"cell={cells[1]!r}; give both the same, or a bridge of your own."
        )
