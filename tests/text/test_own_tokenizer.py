"""A tokenizer from outside of the package goes wherever those of the package go."""

import json

import keras
import pytest
from contracts import few_at_first
from hypothesis import given, settings
from hypothesis import strategies as st
from learnt_pairs import PAIRS
from tokenizer_samples import EXACT, LINES, TEXT
from word_tokenizer import WordTokenizer

from keras_seq2seq import Seq2Seq, SequenceCrossentropy, TextSeq2Seq, export
from keras_seq2seq.data import SentencePairs
from keras_seq2seq.specs.config_error import ConfigError
from keras_seq2seq.text import TOKENIZERS, Tokenizer, tokenizer_from_state
from keras_seq2seq.training.configuration.config import TextConfig
from keras_seq2seq.training.configuration.config_file import load_config
from keras_seq2seq.training.runs.build import learn_tokenizers

SOURCES, TARGETS = map(list, zip(*PAIRS, strict=True))
TEXTS = [*SOURCES, "", " \t", "모르는 말 hello 😀", "책 " * 100]


def make_model():
    config = TextConfig(tokenizer="words", vocabulary_size=60)
    source, target = learn_tokenizers(config, SentencePairs(SOURCES, TARGETS))
    sizes = source.vocabulary_size, target.vocabulary_size
    seq2seq = Seq2Seq.from_options(*sizes, units=8, embedding_dim=8)
    return TextSeq2Seq(seq2seq, source, target, max_source_length=16, max_target_length=8)


@pytest.fixture(scope="module")
def model():
    model = make_model()
    model.compile(keras.optimizers.Adam(0.05), SequenceCrossentropy())
    model.fit(SOURCES, TARGETS, epochs=30, verbose=0)
    assert len(set(model.generate(TEXTS))) > 2  # something to compare
    return model


def test_a_configuration_may_name_it(tmp_path):
    file = tmp_path / "words.toml"
    file.write_text('[text]\ntokenizer = "words"\n')
    assert load_config(file).text.tokenizer == "words"
    with pytest.raises(ConfigError, match="sentencepiece.*words.*Did you mean 'words'"):
        load_config(file, ["text.tokenizer=word"])


def test_it_is_learnt_by_its_name(model):
    assert TOKENIZERS["words"] is WordTokenizer and "words" in TOKENIZERS
    assert type(model.source_tokenizer) is type(model.target_tokenizer) is WordTokenizer
    assert set(model.source_tokenizer.vocabulary) <= {f" {w}" for s in SOURCES for w in s.split()}


def test_it_comes_back_from_json(model):
    state = json.loads(json.dumps(model.source_tokenizer.vocabulary_state()))
    again = tokenizer_from_state(state)
    assert type(again) is WordTokenizer
    assert again.tokenize(TEXTS).to_list() == model.source_tokenizer.tokenize(TEXTS).to_list()


@pytest.fixture(scope="module")
def loaded(model, tmp_path_factory):
    file = tmp_path_factory.mktemp("own") / "model.keras"
    model.save(file)
    return keras.saving.load_model(file)


@pytest.mark.parametrize("write", few_at_first(1, [export.tflite, export.saved_model]))
def test_every_artefact_does_what_the_model_does(write, model, loaded, tmp_path):
    assert type(loaded.target_tokenizer) is WordTokenizer
    assert loaded.generate(TEXTS) == model.generate(TEXTS)
    written = write(loaded, tmp_path / "model.tflite")
    assert export.open_artefact(written).generate(TEXTS).texts == model.generate(TEXTS)


@settings(max_examples=50, deadline=None)
@given(texts=st.lists(TEXT, min_size=1, max_size=8))
def test_graph_and_python_agree(texts):
    tokenizer = WordTokenizer.learn(LINES, 20, EXACT)
    ids = tokenizer.tokenize(texts)
    assert ids.to_list() == [tokenizer.tokenize_python(text) for text in texts]
    back = [tokenizer.detokenize_python(row) for row in ids.to_list()]
    assert [text.decode() for text in tokenizer.detokenize(ids).numpy()] == back
    pieces = tokenizer.tokenize_to_strings(texts)
    assert pieces.row_lengths().numpy().tolist() == ids.row_lengths().numpy().tolist()
    assert [len(tokenizer.spans_python(text)) for text in texts] == list(map(len, ids.to_list()))


def test_known_words_come_back_where_they_stood():
    tokenizer = WordTokenizer.learn(["a cat  sat", "a cat"], 100, EXACT)
    assert tokenizer.vocabulary == (" a", " cat", " ", " sat")
    for text in ("a cat", "", "sat  a cat"):
        assert tokenizer.detokenize_python(tokenizer.tokenize_python(text)) == text
    text = "a rat sat"
    assert [text[start:end] for start, end in tokenizer.spans_python(text)] == ["a", " rat", " sat"]
    assert tokenizer.detokenize_python(tokenizer.tokenize_python(text)) == "a\ufffd sat"


def test_what_is_missing_is_named():
    class Half(Tokenizer):
        def cut(self, text):
            return text

    with pytest.raises(TypeError, match="cut_python"):
        Half()
    with pytest.raises(ValueError, match="Item 1 of `vocabulary` must be one word, received ''"):
        WordTokenizer([" a", ""])
    with pytest.raises(ValueError, match="Unknown tokenizer class.*WordTokenizer"):
        tokenizer_from_state({**WordTokenizer([" a"]).vocabulary_state(), "class": "Words"})
