"""What training aims at: loss, metrics, learning rate, optimizer (keras.ops only)."""

from keras_seq2seq.objective.perplexity import Perplexity as Perplexity
from keras_seq2seq.objective.recoverable_optimizer import recoverable as recoverable
from keras_seq2seq.objective.sequence_crossentropy import (
    SequenceCrossentropy as SequenceCrossentropy,
)
from keras_seq2seq.objective.token_accuracy import TokenAccuracy as TokenAccuracy
from keras_seq2seq.objective.warmup_schedule import WarmupSchedule as WarmupSchedule
