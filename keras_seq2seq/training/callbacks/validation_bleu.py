"""BLEU of validation sentences after every epoch."""

import random

import keras

from keras_seq2seq.data.sentence_pairs import SentencePairs
from keras_seq2seq.evaluation.corpus_scores import score_corpus
from keras_seq2seq.specs.known_names import KnownNames
from keras_seq2seq.training.messages import Logs


class ValidationBleu(KnownNames, keras.callbacks.Callback):
    """Translates validation sources and adds `val_bleu`, 0 to 100, to the figures of an epoch.

    They are translated by `TextSeq2Seq.generate`: greedily, compiled once for the whole run, in
    batches of like length. It is cased sacreBLEU, which is fair between epochs; for a figure to
    publish translate the whole set with a beam. It stands behind what averages weights and
    before whatever looks at `val_bleu`.

    Args:
        pairs: The validation pairs.
        sentences: So many are translated, always the same, chosen by chance; or all there are.
        batch_size: Sentences at once.
        seed: Chooses the sentences.

    Example:

    ```python
    bleu = ValidationBleu(valid_pairs, sentences=500)
    model.fit(dataset, callbacks=[bleu, keras.callbacks.CSVLogger("metrics.csv")])
    ```
    """

    def __init__(
        self, pairs: SentencePairs, sentences: int = 500, batch_size: int = 64, seed: int = 0
    ):
        super().__init__()
        chosen = list(range(len(pairs)))
        if sentences < len(chosen):
            chosen = sorted(random.Random(seed).sample(chosen, sentences))
        self.sources = [pairs.sources[i] for i in chosen]
        self.references = [pairs.targets[i] for i in chosen]
        self.batch_size = batch_size

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        translations = self.model.generate(self.sources, batch_size=self.batch_size)
        if logs is not None:
            logs["val_bleu"] = score_corpus(translations, self.references).bleu
