import doctest
import importlib

import pytest

MODULES = [
    "normalization",
    "letter_case",
    "byte_tokenizer",
    "character_tokenizer",
    "sentencepiece_tokenizer",
    "tokenizer_state",
]


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name):
    results = doctest.testmod(importlib.import_module(f"keras_seq2seq.text.{name}"))
    assert results.attempted and not results.failed
