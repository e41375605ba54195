"""Scores of translations against references, reports of errors, and pictures."""

from keras_seq2seq.evaluation.attention_plot import plot_attention as plot_attention
from keras_seq2seq.evaluation.corpus_scores import CorpusScores as CorpusScores
from keras_seq2seq.evaluation.corpus_scores import score_corpus as score_corpus
from keras_seq2seq.evaluation.corpus_scores import (
    score_lowercased_tokenised as score_lowercased_tokenised,
)
from keras_seq2seq.evaluation.curves_plot import plot_curves as plot_curves
from keras_seq2seq.evaluation.error_bucket import ErrorBucket as ErrorBucket
from keras_seq2seq.evaluation.error_plot import plot_error_report as plot_error_report
from keras_seq2seq.evaluation.error_report import ErrorReport as ErrorReport
from keras_seq2seq.evaluation.error_report import count_words as count_words
from keras_seq2seq.evaluation.error_report import make_error_report as make_error_report
from keras_seq2seq.evaluation.fonts import korean_font as korean_font
from keras_seq2seq.evaluation.moses_text import lowercased_tokenised as lowercased_tokenised
from keras_seq2seq.evaluation.paired_score import PairedScore as PairedScore
from keras_seq2seq.evaluation.paired_score import paired_bootstrap as paired_bootstrap
from keras_seq2seq.evaluation.run_curves import RunCurves as RunCurves
