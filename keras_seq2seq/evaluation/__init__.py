"""Scores of translations against references."""

from keras_seq2seq.evaluation.corpus_scores import CorpusScores as CorpusScores
from keras_seq2seq.evaluation.corpus_scores import score_corpus as score_corpus
