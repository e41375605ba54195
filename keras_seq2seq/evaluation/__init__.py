"""Scores of translations against references, and pictures of attention."""

from keras_seq2seq.evaluation.attention_plot import korean_font as korean_font
from keras_seq2seq.evaluation.attention_plot import plot_attention as plot_attention
from keras_seq2seq.evaluation.corpus_scores import CorpusScores as CorpusScores
from keras_seq2seq.evaluation.corpus_scores import score_corpus as score_corpus
