"""Random models small enough to look at every sequence there is, and the looking."""

import itertools

import numpy as np
from keras import ops

EOS, PAD, BOS = 3, 0, 2
VOCABULARY, STEPS, SOURCE = 5, 4, 3  # V, T, S
MEMORY = 3  # what came before bears on what comes by its sum modulo this


class RandomModels:
    """B models whose logits depend on all tokens so far: tables [B, 3, T, V, V]."""

    def __init__(self, count, seed=0, scale=2.0):
        random = np.random.default_rng(seed)
        shape = (count, MEMORY, STEPS, VOCABULARY)
        self.logits = random.normal(0, scale, (*shape, VOCABULARY)).astype("float32")
        weights = random.exponential(1.0, (*shape, SOURCE)).astype("float32")
        self.weights = weights / weights.sum(-1, keepdims=True)
        self.count = count

    def start(self):
        """State and first ids: example, sum of the tokens, position; BOS."""
        zeros = ops.zeros((self.count,), "int32")
        return [ops.arange(self.count, dtype="int32"), zeros, zeros], zeros + BOS

    def step(self, ids, state):
        example, total, position = state
        index = ((example * MEMORY + total % MEMORY) * STEPS + position) * VOCABULARY + ids
        logits = ops.take(ops.convert_to_tensor(self.logits.reshape(-1, VOCABULARY)), index, axis=0)
        weights = ops.take(ops.convert_to_tensor(self.weights.reshape(-1, SOURCE)), index, axis=0)
        # The sum must be of the tokens chosen: `ids` of the next call.
        return logits, [example, total + ids + 1, ops.minimum(position + 1, STEPS - 1)], weights

    def best(self, example, count=1, **options):
        """The best sequences of one example by looking at all: list of (ranking, score, ids)."""
        found = []
        limit = min(options.get("max_length", STEPS), STEPS)
        words = [token for token in range(VOCABULARY) if token != EOS]
        for length in range(limit + 1):
            for body in itertools.product(words, repeat=length):
                ids = [*body, EOS] if length < limit else list(body)
                found.append(self._judge(example, ids, **options))
        found = [one for one in found if one is not None]
        return sorted(found, key=lambda one: -one[0])[:count]

    def _judge(
        self,
        example,
        ids,
        length_penalty=0.0,
        kind="wu",
        coverage_penalty=0.0,
        repetition_penalty=1.0,
        no_repeat_ngram=0,
        min_length=0,
        banned=(),
        **_,
    ):
        total, last, score, ranking = 0, BOS, 0.0, 0.0
        coverage = np.zeros(SOURCE)
        for position, token in enumerate(ids):
            logits = self.logits[example, total % MEMORY, position, last].astype("float64")
            coverage += self.weights[example, total % MEMORY, position, last]
            gain = logits[token] - np.log(np.exp(logits).sum())
            before = ids[:position]
            if token == EOS and position < min_length:
                return None
            if token in banned:
                return None
            n = no_repeat_ngram
            if n and tuple(ids[position - n + 1 : position + 1]) in {
                tuple(before[i : i + n]) for i in range(position - n + 1)
            }:
                return None
            score += gain
            ranking += gain * (repetition_penalty if token in before else 1.0)
            total, last = total + last + 1, token
        length = len(ids)
        base = (5 + length) / 6 if kind == "wu" else length
        ranking /= base**length_penalty
        ranking += coverage_penalty * np.log(np.clip(coverage, 1e-6, 1)).sum()
        return ranking, score, ids
