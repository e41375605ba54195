"""The kinds of attention and bridge by name; `@ATTENTIONS.register("name")` adds one."""

from keras_seq2seq.specs.registry import Registry

_ATTENTION = "keras_seq2seq.layers.attention.Attention"
_BRIDGE = "keras_seq2seq.layers.bridge.Bridge"

ATTENTIONS = Registry(
    "attention", **dict.fromkeys(("dot", "scaled_dot", "general", "additive"), _ATTENTION)
)
BRIDGES = Registry("bridge", **dict.fromkeys(("concat", "dense", "sum", "zero"), _BRIDGE))
