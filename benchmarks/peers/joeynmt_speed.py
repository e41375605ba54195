"""JoeyNMT: its recurrent encoder and decoder with Luong attention.

    python joeynmt_speed.py train --source train.en --target train.de --model pieces.model
    python joeynmt_speed.py decode --source test.en --model pieces.model --beam 4

Training is `TrainManager`'s step, with its clipping, optimizer and statistics. Input feeding is
switched off, as in our network; the decoder goes through the target step by step all the same.
JoeyNMT's attention has a matrix of its own and its decoder starts from a projection.
"""

import logging
import tempfile
from pathlib import Path

import numpy as np
import torch
from common import BOS, EOS, PAD, UNK, expect, run
from joeynmt.batch import Batch
from joeynmt.config import parse_global_args
from joeynmt.model import build_model
from joeynmt.search import search
from joeynmt.training import TrainManager
from joeynmt.vocabulary import Vocabulary

CPU = torch.device("cpu")


def configured(options, directory):
    """JoeyNMT's configuration, checked by itself."""

    def side(width, **more):
        embeddings = {"embedding_dim": options.embed}
        return {
            "type": "recurrent",
            "rnn_type": "lstm",
            "embeddings": embeddings,
            "hidden_size": width,
            **more,
        }

    decoder = {"attention": "luong", "init_hidden": "bridge", "input_feeding": False}
    symbols = {"pad_id": PAD, "unk_id": UNK, "bos_id": BOS, "eos_id": EOS}
    return parse_global_args(
        {
            "name": "speed",
            "model_dir": directory,
            "use_cuda": False,
            "data": {"special_symbols": symbols},
            "training": {
                "batch_size": options.batch,
                "optimizer": "adam",
                "learning_rate": 1e-3,
                "clip_grad_norm": 1.0,
                "label_smoothing": 0.1,
                "normalization": "tokens",
                "scheduling": "exponential",  # one is asked for; it acts at the end of an epoch
            },
            "testing": {},
            "model": {
                "encoder": side(options.units // 2, bidirectional=True),
                "decoder": side(options.units, **decoder),
            },
        }
    )


def build(options, size, directory):
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    logging.disable(logging.WARNING)
    config = configured(options, directory)
    vocabulary = special_first(config.data["special_symbols"], size)
    model = build_model(config.model, src_vocab=vocabulary, trg_vocab=vocabulary)
    model.loss_function = config.train.loss, config.train.label_smoothing
    return model, config


def special_first(symbols, size):
    """A vocabulary with the ids of the SentencePiece model: PAD, UNK, BOS, EOS, pieces."""

    class Pieces(Vocabulary):
        def add_tokens(self, tokens):
            names = [symbols.pad_token, symbols.unk_token, symbols.bos_token, symbols.eos_token]
            self._itos = [*names, *map(str, range(len(names), size))]
            self._stoi = {token: number for number, token in enumerate(self._itos)}

    return Pieces([], symbols)


def made_batch(source, target=None):
    def tensor(ids):
        return None if ids is None else torch.from_numpy(ids.astype("int64"))

    return Batch(
        src=tensor(source),
        src_length=tensor((source != PAD).sum(1)),
        src_prompt_mask=None,
        trg=tensor(target),
        trg_prompt_mask=None,
        indices=torch.arange(len(source)),
        device=CPU,
        pad_index=PAD,
        eos_index=EOS,
        is_train=target is not None,
    )


def trainer(options, size):
    directory = tempfile.TemporaryDirectory()
    model, config = build(options, size, directory.name)
    manager = TrainManager(
        rank=0,
        model=model,
        model_dir=Path(directory.name),
        device=CPU,
        autocast=config.autocast,
        train_args=config.train,
        dev_args=config.test,
    )

    def train(source, target, _keep=directory):
        manager._train_step(made_batch(source, target))
        manager.clip_grad_fun(parameters=model.parameters())
        manager.optimizer.step()
        model.zero_grad()

    return train


def decoder(options, size):
    with tempfile.TemporaryDirectory() as directory:
        model, _ = build(options, size, directory)
    model.eval()

    def decode(source):
        batch = made_batch(source)
        batch.sort_by_src_length()
        length = options.length
        ids, _, _ = search(
            model=model,
            batch=batch,
            max_output_length=length,
            min_output_length=length,
            beam_size=options.beam,
            beam_alpha=-1,
        )
        expect(np.shape(ids)[1], length, "tokens of a translation")

    return decode


if __name__ == "__main__":
    run(__doc__, trainer, decoder)
