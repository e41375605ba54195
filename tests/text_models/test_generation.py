"""Searches over strings: options, details, long and odd input, scores."""

import json

import keras
import numpy as np
import pytest
from contracts import check_config_is_complete
from learnt_pairs import PAIRS

from keras_seq2seq import SearchOptions, Seq2Seq, SequenceCrossentropy, TextSeq2Seq, export
from keras_seq2seq.decoding.generation import Generation
from keras_seq2seq.models.average_weights import average_weights
from keras_seq2seq.models.ensemble import Ensemble
from keras_seq2seq.text import ByteTokenizer, CharacterTokenizer, SentencePieceTokenizer

SOURCES = [source for source, _ in PAIRS]
TARGETS = [target for _, target in PAIRS]
TEXTS = [*SOURCES, "", "없는 말", " \t ", "저는 책이 있어요.", "우유가 학생이에요."]
BEAM = {"beam_size": 4, "num_return": 3, "length_penalty": 0.8}


@pytest.fixture(scope="module")
def unsure(trained):
    """The trained model with noise on its weights: more than one answer is probable."""
    model = trained.copy()
    random = np.random.default_rng(1)
    weights = [w + random.normal(0, 0.2, w.shape) for w in model.seq2seq.get_weights()]
    model.seq2seq.set_weights(weights)
    return model


# === Searches ===


@pytest.mark.parametrize(
    "options",
    [
        BEAM,
        {"beam_size": 3, "coverage_penalty": 0.3, "no_repeat_ngram": 2},
        {"sampling": True, "seed": 3, "num_return": 2, "top_k": 9, "top_p": 0.9},
        {"repetition_penalty": 1.3, "min_length": 2, "max_length_ratio": 2.0},
    ],
    ids=["beam", "coverage", "sampling", "greedy"],
)
def test_batches_order_and_padding_change_nothing(unsure, options):
    expected, scores = unsure.generate(TEXTS, return_scores=True, **options)
    order = np.random.default_rng(0).permutation(len(TEXTS))
    for batch_size in (1, 3):
        outputs, other = unsure.generate(
            [TEXTS[i] for i in order], batch_size, return_scores=True, **options
        )
        assert outputs == [expected[i] for i in order]
        for place, i in enumerate(order):
            np.testing.assert_allclose(other[place], scores[i], atol=1e-4)
    search = unsure._search(TEXTS, 32, _options(unsure, options), "truncate", None)[0].ids
    wide = np.pad(search, ((0, 0), (0, 50)))
    options = _options(unsure, options).for_batch(len(TEXTS))
    plain, padded = (unsure.seq2seq.generate(ids, 20, options) for ids in (search, wide))
    np.testing.assert_array_equal(plain.ids, padded.ids)
    np.testing.assert_allclose(plain.ranking, padded.ranking, atol=1e-4)


def _options(model, options):
    from keras_seq2seq.text_models.text_generation import make_options

    return make_options(dict(options), None, (), model.target_tokenizer, model.max_target_length)


def test_beam_search_finds_what_is_more_probable_on_the_whole(unsure):
    _, greedy = unsure.generate(SOURCES, return_scores=True)
    _, one = unsure.generate(SOURCES, return_scores=True, beam_size=1)
    _, beam = unsure.generate(SOURCES, return_scores=True, beam_size=8, length_penalty=0.0)
    np.testing.assert_array_equal(greedy, one)
    assert beam.sum() > greedy.sum() + 0.1  # one sentence may lose: greedy's path was pruned


def test_the_length_penalty_is_the_same_for_strings_and_ids(unsure):
    expected = unsure.generate(TEXTS, beam_size=4, length_penalty=1.0)
    assert unsure.generate(TEXTS, beam_size=4) == expected
    assert unsure.generate(TEXTS, beam_size=4, length_penalty=0.0) != expected
    ids = unsure._search(TEXTS, 32, SearchOptions(), "truncate", None)[0].ids
    found = unsure.seq2seq.generate(ids, unsure.max_target_length, SearchOptions(beam_size=4))
    assert unsure.decode_targets(found.ids) == expected


def test_n_best_lists_are_sorted_and_differ(unsure):
    outputs, scores = unsure.generate(
        TEXTS, return_scores=True, beam_size=5, num_return=5, length_penalty=0.0
    )
    for texts, values in zip(outputs, scores, strict=True):
        assert len(texts) == len(values)
        assert (np.diff(values) <= 1e-6).all()
    assert outputs[len(SOURCES)] == [""]  # an empty line has one result
    assert len(unsure.generate(SOURCES[0], beam_size=5, num_return=5)) == 5


def test_options_may_differ_from_text_to_text(unsure):
    limits = [1 + i % 6 for i in range(len(TEXTS))]
    details = unsure.generate(TEXTS, max_length=limits, return_details=True, beam_size=2)
    assert all(len(d.tokens) <= limit for d, limit in zip(details, limits, strict=True))
    alone = unsure.generate(TEXTS[3], max_length=limits[3], beam_size=2)
    assert details[3].text == alone


def test_a_sample_is_repeatable_and_seeds_differ(unsure):
    first = unsure.generate(SOURCES, sampling=True, seed=1, temperature=1.5)
    assert first == unsure.generate(SOURCES, sampling=True, seed=1, temperature=1.5)
    assert first != unsure.generate(SOURCES, sampling=True, seed=2, temperature=1.5)
    assert unsure.generate(SOURCES[2], sampling=True, seed=1, temperature=1.5) == first[2]


def test_prefix_and_banned_words(trained):
    assert all(
        text.startswith("There") for text in trained.generate(SOURCES, prefix="There", beam_size=2)
    )
    prefixes = [target.split()[0] for target in TARGETS]
    assert trained.generate(SOURCES, prefix=prefixes) == TARGETS
    assert trained.generate(SOURCES, prefix="") == TARGETS
    for prefix in ("There", "There is", "T"):  # of other widths, in the same graph
        assert trained.generate(SOURCES[0], prefix=prefix).startswith(prefix)
    outputs = trained.generate(SOURCES, banned=["student", "milk"], beam_size=3)
    assert not any("student" in text or "milk" in text for text in outputs)
    assert outputs[:4] == TARGETS[:4]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"beam_sise": 4}, "no option 'beam_sise'. Did you mean 'beam_size'"),
        ({"max_length": 21}, "max_target_length of 20"),
        ({"beam_size": 4, "min_length": [1, 2]}, "one for each of 13 examples"),
        ({"long_sources": "cut"}, "choose one of error, truncate, split"),
        ({"beam_size": 2, "num_return": 2, "long_sources": "split"}, "do not go together"),
        ({"temperature": 2.0}, "has no effect on greedy search"),
    ],
)
def test_wrong_options_are_refused(trained, options, message):
    with pytest.raises(ValueError, match=message):
        trained.generate(TEXTS, **options)


# === Details ===


def test_details_agree_with_each_other(unsure):
    details, scores = unsure.generate(TEXTS, return_details=True, return_scores=True, beam_size=3)
    texts = unsure.generate(TEXTS, beam_size=3)
    for one, text, score, source in zip(details, texts, scores, TEXTS, strict=True):
        assert isinstance(one, Generation)
        assert one.text == text
        np.testing.assert_allclose([one.score, sum(one.token_scores)], score, atol=1e-4)
        assert one.attention.shape == (len(one.tokens), len(one.source_tokens))
        np.testing.assert_allclose(one.attention.sum(axis=1), 1, atol=1e-4)
        assert len(one.token_scores) == len(one.tokens)
        assert len(one.source_spans) == len(one.source_tokens)
        words = "".join(source[start:end] for start, end in one.source_spans)
        assert words.split() == source.split()
        assert one.hit_max_length == (bool(one.tokens) and one.tokens[-1] != "</s>")
        assert not one.truncated_source
    assert details[0].unknown_source_tokens == 0
    assert not details[len(SOURCES)].tokens  # an empty line
    assert json.loads(json.dumps(details[3].to_dict()))["tokens"] == details[3].tokens


def test_details_of_samples_and_n_best_lists(unsure):
    details = unsure.generate(SOURCES[:3], return_details=True, **BEAM)
    texts, scores = unsure.generate(SOURCES[:3], return_scores=True, **BEAM)
    assert [[one.text for one in row] for row in details] == texts
    for row, values in zip(details, scores, strict=True):
        np.testing.assert_allclose([one.score for one in row], values, atol=1e-4)


def test_flags_of_what_was_cut(trained):
    short = trained.generate(SOURCES[4], return_details=True, max_length=2)
    assert short.hit_max_length and len(short.tokens) == 2
    long = trained.generate("저는 학생이에요. " * 20, return_details=True)
    assert long.truncated_source
    assert len(long.source_tokens) == trained.max_source_length
    assert long.source_spans[-1] == (200, 200)


def test_unknown_tokens_are_counted(trained):
    found = trained.generate("쀍쀍 있어요.", return_details=True)
    assert found.unknown_source_tokens == 1
    assert trained.generate(SOURCES[0], return_details=True).unknown_source_tokens == 0


def test_unknown_target_tokens_are_replaced_by_what_was_attended_to(tmp_path):
    """A model that learns to copy characters, and whose target side lacks some."""
    alphabet = "abcdefgh"
    random = np.random.default_rng(0)
    lines = ["".join(random.choice(list(alphabet), random.integers(2, 5))) for _ in range(400)]
    source = CharacterTokenizer.learn(lines, 20)
    target = CharacterTokenizer.learn([line.replace("a", "") or "b" for line in lines], 20)
    model = TextSeq2Seq(
        Seq2Seq.from_options(
            source.vocabulary_size,
            target.vocabulary_size,
            units=24,
            embedding_dim=24,
            attention="general",
            bridge="zero",  # so that all must come by attention
        ),
        source,
        target,
    )
    model.compile(keras.optimizers.Adam(0.01), SequenceCrossentropy())
    model.fit(lines, lines, epochs=40, batch_size=100, verbose=0)
    words = [line for line in lines if line.count("a") == 1][:20]
    plain = model.generate(words)
    replaced = model.generate(words, replace_unknown=True)
    right = sum(a == b for a, b in zip(replaced, words, strict=True))
    assert sum("\ufffd" in text for text in plain) >= 15
    assert not any("\ufffd" in text for text in replaced)
    assert right >= 15
    detail = model.generate(words[0], replace_unknown=True, return_details=True)
    assert detail.unknown_target_tokens == 1 and detail.text == replaced[0]
    served = export.saved_model(model, tmp_path, sample=words, replace_unknown=True)
    assert export.open_artefact(served).generate(words).texts == replaced


# === Long and odd input ===


def test_long_sources_may_be_refused(trained):
    with pytest.raises(ValueError, match="Source 2 has .* more than the 24"):
        trained.generate(["안녕하세요.", "저는 학생이에요. " * 20], long_sources="error")
    assert trained.generate(SOURCES, long_sources="error") == TARGETS


def test_long_sources_may_be_split_into_sentences(trained):
    long = " ".join(SOURCES)
    assert trained.generate(long, long_sources="split") == " ".join(TARGETS)
    texts = [SOURCES[1], long, "", SOURCES[2]]
    outputs, scores = trained.generate(texts, long_sources="split", return_scores=True)
    assert outputs == [TARGETS[1], " ".join(TARGETS), "", TARGETS[2]]
    assert scores.shape == (4,)


def test_details_of_split_sources_are_joined(trained):
    long = " ".join(SOURCES)
    found = trained.generate(long, long_sources="split", return_details=True)
    assert found.text == " ".join(TARGETS)
    assert found.attention.shape == (len(found.tokens), len(found.source_tokens))
    words = "".join(long[start:end] for start, end in found.source_spans)
    assert words.split() == "".join(w if w.strip() else " " for w in words).split()
    assert "".join(words.split()) == "".join(long.split())
    assert not found.truncated_source and found.tokens.count("</s>") >= 2


# === Scores ===


def test_scores_of_given_targets(trained):
    right = trained.score(SOURCES, TARGETS)
    wrong = trained.score(SOURCES, TARGETS[::-1])
    assert (right > wrong).all() and (right <= 0).all()
    _, generated = trained.generate(SOURCES, return_scores=True)
    np.testing.assert_allclose(right, generated, atol=1e-4)
    alone = [trained.score(s, t) for s, t in zip(SOURCES, TARGETS, strict=True)]
    np.testing.assert_allclose(right, alone, atol=1e-4)
    found = trained.score(SOURCES, TARGETS, batch_size=3, return_details=True)
    np.testing.assert_allclose([sum(one.token_scores) for one in found], right, atol=1e-4)
    assert [one.text for one in found] == TARGETS


def test_a_very_long_target_is_scored_whole(trained):
    long = "I drink milk. " * 100
    found = trained.score([SOURCES[0], SOURCES[1]], [long, "Hello."], return_details=True)
    assert len(found[0].tokens) > 300
    np.testing.assert_allclose(found[1].score, trained.score(SOURCES[1], "Hello."), atol=1e-4)


def test_a_target_without_bound_is_refused(trained):
    with pytest.raises(
        ValueError, match=r"score: target 2 has 4,096 tokens or more.*at most 20.*dri"
    ):
        trained.score(SOURCES[:2], ["Hello.", "drink" * 20_000])
    assert np.isfinite(trained.score(SOURCES[0], "drink" * 500))


def test_an_invisible_character_changes_nothing(trained):
    strange = ["\u00ad".join(text) + "\ufeff\0" for text in SOURCES]
    assert trained.generate(strange) == trained.generate(SOURCES) == TARGETS
    np.testing.assert_allclose(
        trained.score(strange, ["\u200b" + text for text in TARGETS]),
        trained.score(SOURCES, TARGETS),
        atol=1e-4,
    )
    unseen = ["\u200b", "\ufeff \u00ad", "\0" * 50, "\u200d", "\u200e\u200f"]
    for options in ({}, {"beam_size": 2}, {"long_sources": "split"}):
        assert trained.generate(unseen, **options) == [""] * len(unseen)
    details = trained.generate(strange[0], return_details=True)
    plain = trained.generate(SOURCES[0], return_details=True)
    for (start, end), (first, last) in zip(details.source_spans, plain.source_spans, strict=True):
        seen = strange[0][start:end].replace("\u00ad", "").replace("\ufeff", "").replace("\0", "")
        assert seen == SOURCES[0][first:last]


def test_scores_want_a_target_for_each_source(trained):
    with pytest.raises(ValueError, match="2 sources and 1 targets"):
        trained.score(["a", "b"], ["c"])
    assert trained.score([], []).shape == (0,)


# === Ensembles and averages ===


def test_an_ensemble_of_equal_models_is_the_model(trained):
    both = TextSeq2Seq.ensemble([trained, trained.copy()])
    outputs, scores = both.generate(TEXTS, return_scores=True, beam_size=3)
    expected, expected_scores = trained.generate(TEXTS, return_scores=True, beam_size=3)
    assert outputs == expected
    np.testing.assert_allclose(scores, expected_scores, atol=1e-4)
    np.testing.assert_allclose(
        both.score(SOURCES, TARGETS), trained.score(SOURCES, TARGETS), atol=1e-4
    )


def test_an_ensemble_averages_probabilities(trained, unsure):
    both = TextSeq2Seq.ensemble([trained, unsure])
    details = [m.score(SOURCES, TARGETS, return_details=True) for m in (trained, unsure, both)]
    for first, second, mean in zip(*details, strict=True):
        p = (np.exp(first.token_scores) + np.exp(second.token_scores)) / 2
        np.testing.assert_allclose(np.exp(mean.token_scores), p, atol=1e-4)
        np.testing.assert_allclose(
            mean.attention, (first.attention + second.attention) / 2, atol=1e-4
        )


def test_an_ensemble_is_saved_and_loaded(trained, unsure, tmp_path):
    both = TextSeq2Seq.ensemble([trained, unsure])
    both.save(tmp_path / "both.keras")
    loaded = keras.saving.load_model(tmp_path / "both.keras")
    assert loaded.generate(TEXTS, beam_size=2) == both.generate(TEXTS, beam_size=2)
    check_config_is_complete(both.seq2seq)


def test_ensembles_of_other_vocabularies_are_refused(trained):
    other = SentencePieceTokenizer.learn([*SOURCES, "다른 말"], 60)
    model = TextSeq2Seq(
        Seq2Seq.from_options(
            other.vocabulary_size, trained.seq2seq.target_vocabulary_size, units=4, embedding_dim=4
        ),
        other,
        trained.target_tokenizer,
    )
    with pytest.raises(ValueError, match="source_tokenizer of model 2"):
        TextSeq2Seq.ensemble([trained, model])
    with pytest.raises(ValueError, match="at least one model"):
        Ensemble([])


def test_averaged_weights(trained, unsure):
    average = average_weights([trained, unsure])
    for mean, a, b in zip(*(m.get_weights() for m in (average, trained, unsure)), strict=True):
        np.testing.assert_allclose(mean, (a + b) / 2, atol=1e-6)
    assert average_weights([trained, trained]).generate(SOURCES) == TARGETS
    bytes_ = ByteTokenizer()
    small = TextSeq2Seq(Seq2Seq.from_options(260, 260, units=4, embedding_dim=4), bytes_, bytes_)
    with pytest.raises(ValueError, match="model 2 have other shapes"):
        average_weights([trained, small])


def test_averages_of_other_vocabularies_or_configurations_are_refused():
    """All shapes are the same."""
    one, other = (CharacterTokenizer.learn([text], 50) for text in ("abcdef", "abcdeg"))

    def model(source, limit=20, **options):
        size = source.vocabulary_size
        seq2seq = Seq2Seq.from_options(size, size, units=4, embedding_dim=4, **options)
        return TextSeq2Seq(seq2seq, source, one, max_target_length=limit)

    first = model(one)
    average_weights([first, model(one, dropout=0.1)])  # matters in training alone
    with pytest.raises(ValueError, match="source_tokenizer of model 3"):
        average_weights([first, first, model(other)])
    with pytest.raises(ValueError, match="max_target_length of model 2 differs"):
        average_weights([first, model(one, limit=21)])
    with pytest.raises(ValueError, match="residual of model 2 differs"):
        average_weights([first.seq2seq, model(one, residual=True).seq2seq])
    with pytest.raises(ValueError, match="model 2 is a Seq2Seq, model 1 a TextSeq2Seq"):
        average_weights([first, first.seq2seq])
