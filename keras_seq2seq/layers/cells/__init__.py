"""Recurrent cells: everything that runs over time, as whole sequences and step by step.

A new cell is one file here and one line below; one from outside is registered by
`@CELLS.register("name")`. Both are then valid wherever a cell is named.
"""

from keras_seq2seq.specs.registry import Registry

CELLS = Registry(
    "cell",
    lstm="keras_seq2seq.layers.cells.lstm.LSTM",
    gru="keras_seq2seq.layers.cells.gru.GRU",
    ssru="keras_seq2seq.layers.cells.ssru.SSRU",
)
