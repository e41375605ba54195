"""SentencePiece: pieces of words, learnt from a corpus, and other pieces for the same words."""
