"""The four special tokens, and the only place that knows their numbers."""

PAD, UNK, BOS, EOS = 0, 1, 2, 3

SPECIAL_TOKENS = ("<pad>", "<unk>", "<s>", "</s>")
