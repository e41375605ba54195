"""Yoyodyne: `SoftAttentionLSTMModel` with its LSTM encoder.

    python yoyodyne_speed.py train --source train.en --target train.de --model pieces.model
    python yoyodyne_speed.py decode --source test.en --model pieces.model --beam 4

A training step is the model's own `training_step` with Adam and clipping, without Lightning's loop.
It has one matrix of embeddings for both sides and puts attention into its LSTM, both always; it
decodes token by token in training as well. EOS gets a score that is never chosen, so that every
search takes exactly `--length` steps.
"""

import logging
import warnings

import lightning
import torch
from common import BOS, EOS, PAD, expect, run
from yoyodyne import data, models, special
from yoyodyne.models.modules import LSTMEncoder

expect((special.PAD_IDX, special.START_IDX, special.END_IDX), (PAD, BOS, EOS), "special ids")


def build(options, size):
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    encoder = LSTMEncoder(
        embedding_size=options.embed, hidden_size=options.units // 2, layers=1, dropout=0.0
    )
    return models.SoftAttentionLSTMModel(
        source_encoder=encoder,
        embedding_size=options.embed,
        decoder_hidden_size=options.units,
        decoder_layers=1,
        decoder_dropout=0.0,
        label_smoothing=0.1,
        compute_accuracy=False,
        beam_width=options.beam,
        max_target_length=options.length,
        vocab_size=size,
        target_vocab_size=size,
    )


def tensor(ids):
    return data.PaddedTensor.from_tensor(torch.from_numpy(ids.astype("int64")))


def trainer(options, size):
    model = build(options, size).train()
    model.log = lambda *_, **__: None  # Lightning's, which wants its loop
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)

    def train(source, target):
        batch = data.Batch(tensor(source), target=tensor(target[:, 1:]))  # it puts BOS itself
        optimizer.zero_grad()
        model.training_step(batch, 0).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()

    return train


def decoder(options, size):
    model = build(options, size).eval()
    model.trainer = lightning.Trainer(accelerator="cpu", logger=False, enable_checkpointing=False)
    with torch.no_grad():
        model.classifier.bias[EOS] = -1e9

    @torch.inference_mode()
    def decode(source):
        found = model(data.Batch(tensor(source)))
        ids = found[0] if options.beam > 1 else found  # [B, K, T] or logits [B, V, T]
        expect(ids.shape[-1], options.length, "tokens of a translation")

    return decode


if __name__ == "__main__":
    run(__doc__, trainer, decoder)
