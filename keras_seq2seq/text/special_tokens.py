"""The four special tokens, and the only place that knows their numbers."""

PAD = 0
UNK = 1
BOS = 2
EOS = 3

SPECIAL_TOKENS = ("<pad>", "<unk>", "<s>", "</s>")
