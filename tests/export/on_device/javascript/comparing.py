"""Compares what the JavaScript client makes of texts with what the product's tokenizers make."""

from javascript import run

from keras_seq2seq.export.on_device.text_rules import text_rules
from keras_seq2seq.text.framing import encode_source_python


def compare(tokenizer, texts, rows, limit, directory):
    """Fails unless both give the same ids of all texts, and the same text of all rows of ids."""
    special = {"pad_id": 0, "unk_id": 1, "bos_id": 2, "eos_id": 3, "max_source_length": limit}
    rules = {**text_rules(tokenizer, tokenizer, limit), **special}
    found = run("tokenize_texts.mjs", directory, rules=rules, texts=texts, ids=rows)
    assert len(found["ids"]) == len(texts) and len(found["texts"]) == len(rows)
    for text, ids in zip(texts, found["ids"], strict=True):
        expected = encode_source_python(tokenizer, text, limit)
        assert ids == expected, f"{ascii(text[:200])} of {len(text)} characters"
    for row, text in zip(rows, found["texts"], strict=True):
        assert text == tokenizer.detokenize_python(row), row
