"""Exports a model again and again, until somebody kills the process: `FILE.keras BASE`."""

import sys

from keras_seq2seq import export

model = export.open_artefact(sys.argv[1]).model
print("ready", flush=True)
while True:
    print(export.saved_model(model, sys.argv[2], ["ab"], beam_size=2), flush=True)
