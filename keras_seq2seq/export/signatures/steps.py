"""Signatures of single steps, for clients that search or show tokens as they come."""

import keras
import tensorflow as tf

from keras_seq2seq.export.signatures.served_model import ServedModel
from keras_seq2seq.export.signatures.signature import Signature, named_tensors, specs
from keras_seq2seq.tensors import Tensor
from keras_seq2seq.text.special_tokens import EOS


def step_signatures(served: ServedModel) -> dict[str, Signature]:
    """Returns `encode`, of text [B], and `decode_step`, of ids int32 [B] and what `encode` gave.

    `encode` gives `state_0`, ..., which `decode_step` gives anew; `memory_0`, ..., which stays the
    same; and `finished`, bool [B], true of blank texts, whose translation is empty. `decode_step`
    begins with BOS (id 2) and gives `log_probs`, float32 [B, V]; of the most probable token
    `next_ids`, int32, `score`, float32, and `tokens`, string, each [B]; and `attention`, float32
    [B, S'].

    What `encode` gives is as wide as its own batch, and some of it has no batch axis: a server
    must not join such requests. Call them where batching is off.
    """
    structure = {}

    def encode(text: Tensor) -> dict[str, Tensor]:
        ids, _ = served.read(text)  # [B, S']
        state, memory = served.seq2seq.encode(ids)
        structure["state"], structure["memory"] = state, memory
        return {"finished": ids[:, 0] == EOS, **named_tensors(state=state, memory=memory)}

    text_only = specs([None], {"text": tf.string})
    given = tf.function(encode, input_signature=text_only, autograph=False)
    given = dict(given.get_concrete_function().structured_outputs)
    del given["finished"]
    names = list(given)

    def decode_step(ids: Tensor, *tensors: Tensor) -> dict[str, Tensor]:
        parts = dict(zip(names, tensors, strict=True))
        state, memory = (
            keras.tree.pack_sequence_as(
                structure[part], [v for name, v in parts.items() if name.startswith(part)]
            )
            for part in ("state", "memory")
        )
        ids = tf.ensure_shape(ids, [None])
        logits, state, attention = served.seq2seq.decode_step(ids, state, memory)
        log_probs = tf.nn.log_softmax(tf.cast(logits, "float32"))  # [B, V]
        score, chosen = tf.math.top_k(log_probs, 1)
        found = {
            "log_probs": log_probs,
            "next_ids": chosen[:, 0],
            "score": score[:, 0],
            "tokens": served.target_names(chosen)[:, 0],
            **named_tensors(state=state),
        }
        return found | ({} if served.seq2seq.attention is None else {"attention": attention})

    state_specs = [tf.TensorSpec(t.shape, t.dtype, name=name) for name, t in given.items()]
    ids_and_more = [*specs([None], {"ids": tf.int32}), *state_specs]
    return {"encode": (encode, text_only), "decode_step": (decode_step, ids_and_more)}
