import hashlib
import os
import random
import re
import subprocess
import sys
from collections import Counter

import pytest

from keras_seq2seq.phrasebook.grammar.lexicon import load_lexicon
from keras_seq2seq.phrasebook.grammar.patterns import sample_pair
from keras_seq2seq.phrasebook.grammar.predicates import MODES, allows, korean_predicate
from keras_seq2seq.phrasebook.grammar.sampler import Sampler
from keras_seq2seq.phrasebook.korean_morphology import final_consonant
from keras_seq2seq.phrasebook.phrasebook import HELD_OUT, MAX_WORDS, SPLITS, Phrasebook


@pytest.fixture(scope="module")
def phrasebook():
    return Phrasebook()


@pytest.fixture(scope="module")
def everything(phrasebook):
    return [pair for name in SPLITS for pair in phrasebook.split(name)]


def words_of(pairs):
    return Counter(word.strip(".,?") for pair in pairs for side in pair for word in side.split())


def digest(pairs):
    return hashlib.sha256("\n".join("\t".join(pair) for pair in pairs).encode()).hexdigest()


def digest_elsewhere(hash_seed):
    """Another process that prints the digest of a small corpus."""
    program = (
        "import hashlib; from keras_seq2seq.phrasebook.phrasebook import Phrasebook, SPLITS\n"
        "book = Phrasebook(3, 5000)\n"
        "pairs = [pair for name in SPLITS for pair in book.split(name)]\n"
        "text = '\\n'.join('\\t'.join(pair) for pair in pairs)\n"
        "print(hashlib.sha256(text.encode()).hexdigest())"
    )
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    command = [sys.executable, "-c", program]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)


def test_same_pairs_in_every_process():
    others = [digest_elsewhere(hash_seed) for hash_seed in ("0", "12345")]
    random.seed(99)  # the global generator has no say
    book = Phrasebook(3, 5000)
    here = digest([pair for name in SPLITS for pair in book.split(name)])
    for process in others:
        output, _ = process.communicate()
        assert process.returncode == 0
        assert output.split()[-1] == here


def test_seed_and_size_decide(phrasebook):
    small = Phrasebook(1, 5000)
    assert sum(len(small.split(name)) for name in SPLITS) == 5000
    assert set(small.split("train")) != set(Phrasebook(2, 5000).split("train"))


def test_counts(phrasebook, everything):
    assert len(set(everything)) == len(everything) == 24000 >= 20000
    assert len(phrasebook.split("valid")) == len(phrasebook.split("test")) == HELD_OUT


def test_generation_is_cheap():
    """Work that a clock cannot tell on a busy machine: sentences thrown away, and calls."""
    seen = Counter()

    def count(frame, event, _):
        seen[event] += 1
        seen["sentences"] += event == "call" and frame.f_code is sample_pair.__code__

    Phrasebook(7, 5000)  # fills what is read and computed once
    before = sys.getprofile()
    sys.setprofile(count)
    Phrasebook(7, 5000)
    sys.setprofile(before)
    assert seen["sentences"] < 1.1 * 5000
    assert seen["call"] + seen["c_call"] < 300 * 5000


def test_words_of_the_lexicon_are_used(everything):
    lexicon = load_lexicon()
    korean = " ".join(source for source, _ in everything)
    english = " ".join(target for _, target in everything).lower()
    nouns = {noun.korean for noun in (*lexicon.nouns, *lexicon.people, *lexicon.places)}
    unused = {noun for noun in nouns if noun not in korean}
    assert not unused
    assert len({noun.korean for noun in lexicon.nouns}) >= 200
    for entry in (*lexicon.nouns, *lexicon.people):
        assert entry.english.lower() in english or entry.plural in english
    verbs = set()
    modes = {mode for mode in MODES if mode.weight}
    eojeols = set(korean.replace(".", " ").replace("?", " ").split())
    for verb in lexicon.verbs:
        forms = {
            korean_predicate(verb, mode, style).split()[-1 if mode.chain == "plain" else 0]
            for mode in modes
            for style in ("polite", "formal")
            if allows(verb, mode) and not mode.negation
        }
        if forms & eojeols:
            verbs.add(verb.korean)
    assert verbs == {verb.korean for verb in lexicon.verbs}
    assert len(verbs) >= 60


def test_one_translation_for_every_sentence(everything):
    translation = {}
    for source, target in everything:
        assert translation.setdefault(source, target) == target


def test_the_grammar_itself_is_a_function():
    """The raw stream, where `setdefault` cannot hide a second translation."""
    sampler, translation = Sampler(11), {}
    for _ in range(40000):
        source, target = sample_pair(sampler)
        assert translation.setdefault(source, target) == target, source


def test_splits_are_disjoint(phrasebook):
    sides = {
        name: [set(side) for side in zip(*phrasebook.split(name), strict=True)] for name in SPLITS
    }
    for held_out, others in (("valid", ("train", "test")), ("test", ("train", "valid"))):
        for other in others:
            assert not sides[held_out][0] & sides[other][0]
            assert not sides[held_out][1] & sides[other][1]


def test_held_out_sentences_consist_of_known_words(phrasebook):
    known = words_of(phrasebook.split("train"))
    for name in ("valid", "test"):
        for word in words_of(phrasebook.split(name)):
            assert known[word] >= 3, word


def test_form_of_sentences(everything):
    for source, target in everything:
        assert max(len(source.split()), len(target.split())) <= MAX_WORDS
        assert source[-1] == target[-1] and source[-1] in ".?"
        assert target[0].isupper() and not re.search(r"  |^ | $", source + target)
        assert re.fullmatch(r"[가-힣 ]+[.?]", source), source
        assert re.fullmatch(r"[A-Za-z' ,]+[.?]", target), target


def test_particles_agree_with_the_final_consonant(everything):
    """No noun of the lexicon ever carries the particle of the other shape."""
    lexicon = load_lexicon()
    nouns = {entry.korean for entry in (*lexicon.nouns, *lexicon.people, *lexicon.places)}
    nouns -= {"나", "저"}
    wrong = {
        noun + particle
        for noun in nouns
        for particle in (("는", "가", "를", "와") if final_consonant(noun) else ("은", "을", "과"))
        if noun + particle not in nouns
    }
    eojeols = {word.strip(".?") for source, _ in everything for word in source.split()}
    assert not eojeols & wrong


def test_articles(everything):
    for _, target in everything:
        for article, word in re.findall(r"\b([Aa]n?) (\w+)", target):
            # "a uniform" apart, the lexicon has no word whose sound differs from its letter.
            vowel = word[0] in "aeiou" and not word.startswith("uni")
            assert (article.lower() == "an") == vowel or word == "lot", target


@pytest.mark.parametrize(
    ("korean", "english"),
    [
        (r"(^| )안 \w", r"n't |\bnot\b"),
        (r"(^| )못 ", r"can't|couldn't"),
        (r"지 않[아으았습]", r"\bnot\b"),
        (r"고 싶", r"\bwant(s|ed)? to\b"),
        (r" 수 있", r"\b(can|could)\b"),
        (r"(^| )누가 ", r"^Who "),
        (r"(^| )언제 ", r"^When "),
        (r"(^| )(뭘|무엇을) ", r"^What "),
        (r"(^| )어디\w* ", r"^Where "),
        (r"(^| )세 개", r"\bthree\b"),
        (r"(^| )두 명", r"\btwo\b"),
        (r"(^| )월요일", r"\bMonday\b"),
        (r"(^| )매일 아침 ", r"\bevery morning\b"),
        (r"(^| )일곱 시에 ", r"\bat seven\b"),
        (r"(^| )일곱 시 반에 ", r"\bat half past seven\b"),
        (r"지 마(세요|십시오)\.$", r"^Please do not "),
        (r"\w(읍|합)시다\.$", r"^Let's "),
    ],
)
def test_english_follows_korean(everything, korean, english):
    hits = [pair for pair in everything if re.search(korean, pair[0])]
    assert len(hits) >= 15
    for source, target in hits:
        assert re.search(english, target, re.IGNORECASE), (source, target)


def test_only_the_honoured_take_kkeseo(everything):
    honoured = {person.korean for person in load_lexicon().people if person.honorific}
    subjects = {word for source, _ in everything for word in re.findall(r"(\w+)께서", source)}
    assert subjects == honoured


@pytest.mark.parametrize(
    ("name", "nearest"), [("trian", "train"), ("dev", "valid"), ("TEST", "test")]
)
def test_unknown_split(phrasebook, name, nearest):
    with pytest.raises(ValueError, match="train, valid, test") as error:
        phrasebook.split(name)
    if name != "dev":
        assert repr(nearest) in str(error.value)


@pytest.mark.parametrize(
    "arguments", [{"size": 100}, {"size": 10**9}, {"size": "many"}, {"seed": 1.5}, {"seed": True}]
)
def test_unusable_arguments(arguments):
    with pytest.raises(ValueError, match="of a Phrasebook is"):
        Phrasebook(**arguments)


def test_a_split_is_the_callers_own_list(phrasebook):
    phrasebook.split("test").clear()
    assert len(phrasebook.split("test")) == HELD_OUT
