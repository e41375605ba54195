"""Other pieces for the same words: subword regularisation of SentencePiece models."""

import itertools
import math
import random
import re
from bisect import bisect
from collections.abc import Iterable

from sentencepiece import sentencepiece_model_pb2 as protos

from keras_seq2seq.text.sentencepiece.sentencepiece_tokenizer import SentencePieceTokenizer
from keras_seq2seq.text.special_tokens import PAD, UNK
from keras_seq2seq.text.tokenizer import Tokenizer

_SPACE = "\u2581"
_UNKNOWN_PENALTY = 10.0  # SentencePiece scores an unknown character so much below the worst piece
_Lattice = list[tuple[list[float], list[tuple[int, tuple[int, ...]]]]]
_LONGEST_KEPT = 32  # characters of a word whose segmentations are remembered
_ModelType = protos.TrainerSpec.ModelType  # pyright: ignore[reportAttributeAccessIssue]
_Model = protos.ModelProto  # pyright: ignore[reportAttributeAccessIssue]


class SubwordSampler:
    """Draws a segmentation of each text instead of the best one, for training.

    With a unigram model, P(segmentation) is proportional to the product of its pieces'
    probabilities to the power of `alpha`, over all segmentations. With a BPE model, each merge
    is left out with probability `alpha` whenever it could be done (BPE-dropout).

    The same seed gives the same pieces on every machine. The sentencepiece package does not
    promise that, as it salts its generator anew in each process: hence this class.

    Args:
        tokenizer: `SentencePieceTokenizer`.
        alpha: float above 0. Unigram: 0.1 to 0.5 is usual, and the smaller the more varied. BPE:
            at most 1; 0.1 is usual, and the larger the more varied.

    Raises:
        ValueError: for another tokenizer or alpha, or a model with symbols defined by its user.

    Example:

    >>> lines = ["a cat sat on a mat", "a rat sat on a cat"]
    >>> tokenizer = SentencePieceTokenizer.learn(lines, vocabulary_size=20)
    >>> sampler = SubwordSampler(tokenizer, alpha=0.2)
    >>> tokenizer.detokenize_python(sampler.sample(lines, seed="epoch 1")[0])
    'a cat sat on a mat'

    References: [Kudo, 2018](https://arxiv.org/abs/1804.10959), section 3;
    [Provilkov et al., 2020](https://arxiv.org/abs/1910.13267), algorithm 1.
    """

    def __init__(self, tokenizer: Tokenizer, alpha: float):
        if not isinstance(tokenizer, SentencePieceTokenizer):
            raise ValueError(
                "Subword regularisation needs a SentencePieceTokenizer: only its words have more "
                f"than one segmentation. Received a {type(tokenizer).__name__}."
            )
        model, kinds = _Model.FromString(tokenizer.proto or b""), _Model.SentencePiece
        if {piece.type for piece in model.pieces} & {kinds.USER_DEFINED, kinds.UNUSED}:
            raise ValueError(
                "Subword regularisation knows no user-defined or unused symbols, but the "
                "SentencePiece model has some. Train it without them, or switch sampling off."
            )
        self.is_bpe = model.trainer_spec.model_type == _ModelType.BPE
        if not self.is_bpe and model.trainer_spec.model_type != _ModelType.UNIGRAM:
            raise ValueError("Subword regularisation needs a unigram or BPE model.")
        if not 0 < alpha or (self.is_bpe and alpha > 1):
            limit = " and at most 1" if self.is_bpe else ""
            raise ValueError(f"`alpha` must be above 0{limit}. Received: {alpha}.")
        self.tokenizer = tokenizer
        self.alpha = alpha
        self._scores, self._ids, self._bytes = {}, {}, {}
        for i, piece in enumerate(model.pieces):
            if piece.type == kinds.NORMAL:
                self._scores[piece.piece], self._ids[piece.piece] = piece.score, (i,)
            elif piece.type == kinds.BYTE:
                self._bytes[int(piece.piece[1:-1], 16)] = i
        self._longest = max(map(len, self._scores), default=1)
        self._unknown_score = min(self._scores.values(), default=0.0) - _UNKNOWN_PENALTY
        # No piece goes on beyond a space unless the model was made so: words are independent.
        across = any(_SPACE in piece[1:] for piece in self._scores)
        self._word = re.compile(".+" if across else f"{_SPACE}?[^{_SPACE}]+|{_SPACE}", re.DOTALL)
        self._lattices = {}

    def sample(self, texts: Iterable[str], seed: int | str) -> list[list[int]]:
        """Draws ids of each text, in turn; the draws depend on the seed and the texts alone."""
        rng = random.Random(seed)
        draw = self._draw_bpe if self.is_bpe else self._draw_unigram
        lines = map(self.tokenizer.read_python, texts)
        rows = []
        for line in self.tokenizer.processor.normalize(list(lines)):
            row = [i for word in self._word.findall(line) for i in draw(word, rng)]
            if not self._bytes:  # SentencePiece writes neighbouring unknown characters as one
                row = [i for i, last in zip(row, [PAD, *row], strict=False) if {i, last} != {UNK}]
            rows.append(row)
        return rows

    def _piece_ids(self, piece: str) -> tuple[int, ...]:
        """The id of a piece; UNK, or the bytes, of a character that is none."""
        if piece in self._ids or not self._bytes:
            return self._ids.get(piece, (UNK,))
        return tuple(self._bytes[byte] for byte in piece.encode("utf-8"))

    def _draw_unigram(self, word: str, rng: random.Random) -> list[int]:
        lattice = self._lattices.get(word) or self._make_lattice(word)
        if len(word) <= _LONGEST_KEPT:
            self._lattices[word] = lattice
        end, pieces = len(word), []
        while end:  # from the end, each piece given the probability of all that may precede it
            cumulative, edges = lattice[end]
            choice = bisect(cumulative, rng.random()) if len(edges) > 1 else 0
            end, ids = edges[min(choice, len(edges) - 1)]
            pieces.append(ids)
        return [i for ids in reversed(pieces) for i in ids]

    def _make_lattice(self, word: str) -> _Lattice:
        """For each end of a piece: cumulative probabilities, and (start, ids) of the pieces."""
        total = [0.0]  # log of the weight of all segmentations up to each character
        lattice: _Lattice = [([], [])]
        for end in range(1, len(word) + 1):
            weights, edges = [], []
            for start in range(max(0, end - self._longest), end):
                piece = word[start:end]
                unknown = self._unknown_score if len(piece) == 1 else None
                score = self._scores.get(piece, unknown)
                if score is not None:
                    weights.append(total[start] + self.alpha * score)
                    edges.append((start, self._piece_ids(piece)))
            highest = max(weights)
            weights = [math.exp(weight - highest) for weight in weights]
            whole = sum(weights)
            total.append(highest + math.log(whole))
            lattice.append((list(itertools.accumulate(w / whole for w in weights)), edges))
        return lattice

    def _draw_bpe(self, word: str, rng: random.Random) -> list[int]:
        pieces = list(word)
        while True:
            best, place = -math.inf, None
            for i, pair in enumerate(itertools.pairwise(pieces)):
                score = self._scores.get("".join(pair))
                if score is not None and rng.random() >= self.alpha and score > best:
                    best, place = score, i
            if place is None:
                return [i for piece in pieces for i in self._piece_ids(piece)]
            pieces[place : place + 2] = [pieces[place] + pieces[place + 1]]
