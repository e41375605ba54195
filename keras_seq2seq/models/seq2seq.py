"""The seed's system over ids."""

import keras
from keras import ops

from keras_seq2seq.layers.bridge import Bridge
from keras_seq2seq.layers.decoder import Decoder
from keras_seq2seq.layers.embedding import make_embedding
from keras_seq2seq.layers.encoder import Encoder
from keras_seq2seq.layers.generator import Generator
from keras_seq2seq.models.presets import preset_arguments
from keras_seq2seq.models.searchable import Searchable
from keras_seq2seq.text.special_tokens import BOS, EOS, PAD


@keras.saving.register_keras_serializable(package="keras_seq2seq")
class Seq2Seq(Searchable, keras.Model):
    """Encoder, bridge, decoder and generator as one Keras model over ids (seed eq. 1 to 9).

    Trained with teacher forcing: `fit` takes `x = {"source_ids": [B, S], "target_ids": [B, T]}`,
    `y` [B, T] and a sample weight [B, T]; `target_ids` is the target behind BOS, `y` the target
    before EOS, sources end with EOS, PAD at the right.

    Args:
        source_vocabulary_size: int. V of the source.
        target_vocabulary_size: int. V of the target.
        units: int. H, the encoder's width in one direction.
        embedding_dim: int. E.
        cell: `"lstm"` or `"gru"`.
        num_layers: int. Layers of the encoder and of the decoder.
        encoder_layers, decoder_layers: int or `None`. Each by itself; `None` means `num_layers`.
            `Bridge` says which decoder layer starts from which encoder layer.
        bidirectional: bool. The encoder also reads from the end; its memory is [B, S, 2H].
        attention: `None` (the seed's plain model), `"dot"`, `"scaled_dot"`, `"general"` or
            `"additive"`; see `Attention`.
        attention_heads: int. See `Attention`.
        first_layer_attention: bool. The first of at least two decoder layers asks the memory, and
            those above it read what it found; see `Decoder`.
        input_feeding: bool. Each decoder step reads what the one before found; slow to train.
        lexical_model: bool. A way of its own from source tokens to target tokens, for rare words;
            see `Decoder`. The generator then reads E columns.
        fixed_norm: float or `None`. Norm of hidden states and token vectors in the generator; see
            `Generator`.
        layer_norm, residual: bool. See `RecurrentStack`; of encoder and decoder.
        bridge: `"concat"`, `"sum"`, `"dense"` or `"zero"`; see `Bridge`.
        decoder_units: int or `None`. Width of the decoder; `None` means the width that fits the
            bridge: H, or 2H for `"concat"` behind a bidirectional encoder.
        dropout: float in [0, 1), on embeddings, between layers, on the memory and on the hidden
            states that the generator reads, where the next four do not say otherwise.
        embedding_dropout, layer_dropout, memory_dropout, hidden_dropout: float in [0, 1), each
            of these places by itself; `None` means `dropout`.
        token_dropout, attention_dropout, projection_dropout, recurrent_dropout: float in [0, 1);
            see `Decoder`.
        variational_dropout: bool. One mask serves all steps of a sequence.
        tie_embeddings: bool. The generator uses the target embedding as W.
        share_embeddings: bool. Source and target use one embedding (and one vocabulary).
        pad_id, bos_id, eos_id: int. Special ids.
        use_cudnn: see `RecurrentStack`.

    Call arguments:
        inputs: dict of `source_ids`, int tensor [B, S], and `target_ids`, int tensor [B, T].

    Returns:
        float32 tensor [B, T, V]: logits, one row per target position.

    Raises:
        ValueError: for unknown options, or widths and vocabularies that do not fit together.

    Example:

    >>> model = Seq2Seq(50, 60, units=8, embedding_dim=4)
    >>> ids = {"source_ids": keras.ops.ones((2, 5)), "target_ids": keras.ops.ones((2, 7))}
    >>> model(ids).shape
    TensorShape([2, 7, 60])
    >>> model.generate(keras.ops.array([[7, 8, 3]]), max_length=4).ids.shape
    (1, 4)
    """

    def __init__(
        self,
        source_vocabulary_size,
        target_vocabulary_size,
        units=256,
        embedding_dim=256,
        cell="lstm",
        num_layers=1,
        bidirectional=True,
        attention="general",
        bridge="concat",
        decoder_units=None,
        dropout=0.0,
        tie_embeddings=False,
        share_embeddings=False,
        pad_id=PAD,
        bos_id=BOS,
        eos_id=EOS,
        use_cudnn="auto",
        encoder_layers=None,
        decoder_layers=None,
        first_layer_attention=False,
        attention_heads=1,
        input_feeding=False,
        layer_norm=False,
        residual=False,
        embedding_dropout=None,
        layer_dropout=None,
        memory_dropout=None,
        hidden_dropout=None,
        token_dropout=0.0,
        attention_dropout=0.0,
        projection_dropout=0.0,
        recurrent_dropout=0.0,
        variational_dropout=False,
        lexical_model=False,
        fixed_norm=None,
        dtype=None,
        **kwargs,
    ):
        if share_embeddings and source_vocabulary_size != target_vocabulary_size:
            raise ValueError(
                "Seq2Seq: share_embeddings needs one vocabulary for both sides, but the source "
                f"has {source_vocabulary_size} tokens and the target {target_vocabulary_size}."
            )
        policy = keras.dtype_policies.get(dtype or keras.config.dtype_policy())
        directions = 2 if bidirectional else 1
        state_units = decoder_units or units * (directions if bridge == "concat" else 1)
        both_sides = {
            "cell": cell,
            "use_cudnn": use_cudnn,
            "layer_norm": layer_norm,
            "residual": residual,
            "dropout": dropout,
            "embedding_dropout": embedding_dropout,
            "layer_dropout": layer_dropout,
            "token_dropout": token_dropout,
            "recurrent_dropout": recurrent_dropout,
            "variational_dropout": variational_dropout,
            "dtype": policy,
        }

        # === Layers ===
        target_embedding = make_embedding(
            target_vocabulary_size, embedding_dim, policy, name="target_embedding"
        )
        encoder = Encoder(
            source_vocabulary_size,
            units,
            embedding_dim,
            num_layers=encoder_layers or num_layers,
            bidirectional=bidirectional,
            embedding=target_embedding if share_embeddings else None,
            pad_id=pad_id,
            memory_dropout=memory_dropout,
            lexical_memory=lexical_model,
            name="encoder",
            **both_sides,
        )
        bridge_layer = Bridge(
            state_units,
            bridge,
            directions,
            decoder_layers or num_layers,
            dtype=policy,
            name="bridge",
        )
        decoder = Decoder(
            target_vocabulary_size,
            state_units,
            embedding_dim,
            num_layers=decoder_layers or num_layers,
            attention=attention,
            first_layer_attention=first_layer_attention,
            output_dim=embedding_dim if tie_embeddings or lexical_model else None,
            embedding=target_embedding,
            attention_heads=attention_heads,
            input_feeding=input_feeding,
            lexical_model=lexical_model,
            hidden_dropout=hidden_dropout,
            attention_dropout=attention_dropout,
            projection_dropout=projection_dropout,
            name="decoder",
            **both_sides,
        )
        generator = Generator(
            target_vocabulary_size,
            embedding=target_embedding if tie_embeddings else None,
            fixed_norm=fixed_norm,
            dtype=policy,
            name="generator",
        )

        # === Functional model ===
        source_ids = keras.Input((None,), dtype="int32", name="source_ids")
        target_ids = keras.Input((None,), dtype="int32", name="target_ids")
        memory, state, mask = encoder(source_ids)
        state = bridge_layer(state)
        hidden, _, _ = decoder(target_ids, state, memory, mask)
        logits = generator(hidden, logits=True)
        super().__init__(
            inputs={"source_ids": source_ids, "target_ids": target_ids}, outputs=logits, **kwargs
        )

        self.dtype_policy = policy  # so that `compile` scales the loss under mixed_float16

        # === Config ===
        self.source_vocabulary_size = source_vocabulary_size
        self.target_vocabulary_size = target_vocabulary_size
        self.units = units
        self.embedding_dim = embedding_dim
        self.cell = cell
        self.num_layers = num_layers
        self.bidirectional = bidirectional
        self.attention = attention
        self.bridge = bridge
        self.decoder_units = decoder_units
        self.dropout = dropout
        self.tie_embeddings = tie_embeddings
        self.share_embeddings = share_embeddings
        self.pad_id = pad_id
        self.bos_id = bos_id
        self.eos_id = eos_id
        self.use_cudnn = use_cudnn
        self.encoder_layers = encoder_layers
        self.decoder_layers = decoder_layers
        self.first_layer_attention = first_layer_attention
        self.attention_heads = attention_heads
        self.input_feeding = input_feeding
        self.layer_norm = layer_norm
        self.residual = residual
        self.embedding_dropout = embedding_dropout
        self.layer_dropout = layer_dropout
        self.memory_dropout = memory_dropout
        self.hidden_dropout = hidden_dropout
        self.token_dropout = token_dropout
        self.attention_dropout = attention_dropout
        self.projection_dropout = projection_dropout
        self.recurrent_dropout = recurrent_dropout
        self.variational_dropout = variational_dropout
        self.lexical_model = lexical_model
        self.fixed_norm = fixed_norm
        self.policy = policy
        self.encoder = encoder
        self.bridge_layer = bridge_layer
        self.decoder = decoder
        self.generator = generator
        # XLA compiles anew for every shape of batch, and gained nothing on CPUs.
        self.supports_jit = keras.backend.backend() != "tensorflow"

    @classmethod
    def from_preset(cls, preset, source_vocabulary_size, target_vocabulary_size, **changes):
        """Builds a named architecture with fresh weights; see `models.presets.PRESETS`.

        Args:
            preset: str. `"tiny"`, `"small"`, `"base"`, `"luong2015"` or `"rnmt_plus"`.
            source_vocabulary_size, target_vocabulary_size: int.
            **changes: arguments of `Seq2Seq` that shall differ from the preset's.
        """
        arguments = {**preset_arguments(preset), **changes}
        return cls(source_vocabulary_size, target_vocabulary_size, **arguments)

    def encode(self, source_ids, cut_padding=False):
        """Runs encoder and bridge: ids [B, S] -> initial decoder state, memory, mask.

        The memory holds all that need not be computed at each step; see `Decoder.prepare` and
        `Generator.token_norms`.
        """
        if cut_padding:
            memory, state, mask = self._encode_without_padding(source_ids)
        else:
            memory, state, mask = self.encoder(source_ids)
        state, memory = self.decoder.prepare(self.bridge_layer(state), memory)
        return state, (memory, self.generator.token_norms()), mask

    def _encode_without_padding(self, source_ids):
        """The encoder reads one row [1, S] up to its EOS; its memory still has all S positions."""
        mask = ops.not_equal(source_ids, self.pad_id)  # [1, S]
        length = ops.sum(ops.cast(mask, "int32"))
        memory, state, _ = self.encoder(source_ids[:, :length], padded=False)
        positions = ops.arange(source_ids.shape[1], dtype="int32")
        # The last position again and again: what is masked may be anything but of another shape.
        return ops.take(memory, ops.minimum(positions, length - 1), axis=1), state, mask

    def decode_step(self, ids, state, memory, mask):
        """One step: ids [N] -> logits float32 [N, V], new state, attention [N, S or 0].

        Each of the B sources may have K rows beside each other (N = B K) in ids and state;
        memory and mask are those of `encode`, of B rows.
        """
        ids = ops.expand_dims(ids, axis=1)  # [N, 1]
        memory, norms = memory
        hidden, state, weights = self.decoder(ids, state, memory, mask)
        logits = self.generator(hidden, logits=True, norms=norms)
        return logits[:, 0], state, weights[:, 0]

    def decode(self, target_ids, state, memory, mask):
        """T steps: ids [B, T] -> logits float32 [B, T, V], attention [B, T, S or 0]."""
        memory, norms = memory
        hidden, _, weights = self.decoder(target_ids, state, memory, mask)
        return self.generator(hidden, logits=True, norms=norms), weights

    def copy(self, **changes):
        """Returns an uncompiled model with the same weights and the given arguments changed.

        `copy(use_cudnn=False)` is the twin that can be exported from a machine with a GPU.
        """
        twin = Seq2Seq.from_config({**self.get_config(), **changes})
        twin.set_weights(self.get_weights())
        return twin

    def get_config(self):
        return {
            "name": self.name,
            "trainable": self.trainable,
            "source_vocabulary_size": self.source_vocabulary_size,
            "target_vocabulary_size": self.target_vocabulary_size,
            "units": self.units,
            "embedding_dim": self.embedding_dim,
            "cell": self.cell,
            "num_layers": self.num_layers,
            "bidirectional": self.bidirectional,
            "attention": self.attention,
            "bridge": self.bridge,
            "decoder_units": self.decoder_units,
            "dropout": self.dropout,
            "tie_embeddings": self.tie_embeddings,
            "share_embeddings": self.share_embeddings,
            "pad_id": self.pad_id,
            "bos_id": self.bos_id,
            "eos_id": self.eos_id,
            "use_cudnn": self.use_cudnn,
            "encoder_layers": self.encoder_layers,
            "decoder_layers": self.decoder_layers,
            "first_layer_attention": self.first_layer_attention,
            "attention_heads": self.attention_heads,
            "input_feeding": self.input_feeding,
            "layer_norm": self.layer_norm,
            "residual": self.residual,
            "embedding_dropout": self.embedding_dropout,
            "layer_dropout": self.layer_dropout,
            "memory_dropout": self.memory_dropout,
            "hidden_dropout": self.hidden_dropout,
            "token_dropout": self.token_dropout,
            "attention_dropout": self.attention_dropout,
            "projection_dropout": self.projection_dropout,
            "recurrent_dropout": self.recurrent_dropout,
            "variational_dropout": self.variational_dropout,
            "lexical_model": self.lexical_model,
            "fixed_norm": self.fixed_norm,
            "dtype": keras.dtype_policies.serialize(self.policy),
        }

    @classmethod
    def from_config(cls, config):
        return cls(**config)
