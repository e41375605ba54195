"""Whatever a request holds: an answer within bounds, and batch-mates that do not notice."""

import itertools
import math
import pathlib
import time

import numpy as np
import pytest
from learnt_pairs import PAIRS

from keras_seq2seq import export
from keras_seq2seq.decoding.search_options import OPTIONS

SIZE = 10_000_000  # bytes of a hostile text
HUGE = {  # what is said again and again, in UTF-8 or not
    name: (piece * (SIZE // len(piece) + 1))[:SIZE]
    for name, piece in {
        "one letter": b"a",
        "one capital": b"A",
        "unknown": "쀍".encode(),
        "Korean": "고양이가".encode(),
        "sentences": "저는 학생이에요. ".encode(),
        "emoji": "👩\u200d👧❤\ufe0f".encode(),
        "expands": "\ufdfa".encode(),
        "marks": "\u0301\u0323".encode(),
        "letters with marks": "e\u0301".encode(),
        "jamo": "\u1100\u1161\u11a8".encode(),
        "mostly invisible": "\u200b\u00ad\u200ba".encode(),
        "white space": b" \t",
        "nul": b"\0",
        "sigmas": "Σ".encode(),
        "continuation": b"\x80",
        "no byte of UTF-8": b"\xff",
        "surrogates": b"\xed\xa0\x80",
        "random bytes": np.random.default_rng(7).bytes(SIZE),
        "code points": "".join(map(chr, range(32, 0xD800))).encode(),
    }.items()
}
INPUTS = {
    "serving_default": ("text",),
    "beam": ("text",),
    "beam_options": ("text",),
    "sample": ("text",),
    "details": ("text",),
    "tokenize": ("text",),
    "score": ("source", "target"),
}
MATES = [source.encode() for source, _ in itertools.islice(itertools.cycle(PAIRS), 31)]
STATUS, PEAK = pathlib.Path("/proc/self/status"), pathlib.Path("/proc/self/clear_refs")


@pytest.fixture(scope="module")
def artefact(served):
    return export.open_artefact(served)


def ask(artefact, signature, texts, role="text", **options):
    """What a signature says to these texts in one of its inputs, with neutral options."""
    rows = {role: np.array(texts, object)}
    for name in artefact.signatures[signature][0]:
        if name in INPUTS[signature]:
            rows.setdefault(name, np.array([MATES[0]] * len(texts), object))
        else:
            values = options.get(name, [OPTIONS[name].neutral] * len(texts))
            rows[name] = np.array(values, OPTIONS[name].kind)
    return artefact.run(signature, **rows)


def same_rows(found, expected, rows):
    """Whether these rows are as expected: scores nearly, all else to the bit."""
    assert found.keys() == expected.keys()
    for name, values in found.items():
        if values.dtype == np.float32:
            np.testing.assert_allclose(values[rows], expected[name][rows], rtol=1e-5, atol=1e-4)
        else:
            np.testing.assert_array_equal(values[rows], expected[name][rows])


def memory(what):
    return int(STATUS.read_text().split(f"{what}:")[1].split()[0]) / 1024  # in MB


def cost(call):
    """The seconds of a call and the megabytes that it takes at its peak, at best, and its result.

    The first call makes graphs ready, and the machine has other things to do.
    """
    seconds, taken = [], []
    for _ in range(3):
        PEAK.write_text("5")  # from now on
        before, start, cpu = memory("VmRSS"), time.perf_counter(), time.process_time()
        result = call()
        seconds += [time.perf_counter() - start, time.process_time() - cpu]
        taken.append(memory("VmHWM") - before)
    return min(seconds), min(taken), result


@pytest.mark.slow
@pytest.mark.skipif(not PEAK.exists(), reason="peaks of memory are read from /proc, as on Linux")
@pytest.mark.parametrize("signature, role", [(s, r) for s, roles in INPUTS.items() for r in roles])
def test_ten_megabytes_take_a_second_and_no_mate_notices(artefact, signature, role):
    mates = MATES + MATES[:1]
    usual, _, expected = cost(lambda: ask(artefact, signature, mates, role))
    ask(artefact, signature, [HUGE["white space"]], role)  # which reads as far as any text does
    found = {}
    for name, text in HUGE.items():
        together = [*MATES[:15], text, *MATES[16:], MATES[0]]
        for texts, where in ([text], "alone"), (together, "among mates"):
            seconds, taken, found[where] = cost(
                lambda texts=texts: ask(artefact, signature, texts, role)
            )
            assert seconds < 1 + usual, f"{name}, {where}: {seconds:.2f} s"
            assert taken < 200, f"{name}, {where}: {taken:.0f} MB"
        same_rows(found["among mates"], expected, [i for i in range(32) if i != 15])
        for key, values in found["alone"].items():
            found["alone"][key] = np.repeat(values, 16, axis=0)
        same_rows({k: v[:16] for k, v in found["among mates"].items()}, found["alone"], [15])


# === Options ===

ODD = [0, -0.0, 1, -1, 1e-9, 0.5, 3, 1e9, 1e38, -1e38, math.inf, -math.inf, math.nan]
ODD_INTS = [0, 1, -1, 2, 7, 1000, 2**30, 2**31 - 1, -(2**31)]


def odd_options(names, count):
    """Values [count] for each option: each odd one with neutral others, then all kinds mixed."""
    odd = {name: ODD_INTS if OPTIONS[name].kind == "int32" else ODD for name in names}
    odd["seed"] = ODD_INTS[:-1]  # Keras takes what is below 2**31 either way
    neutral = {name: OPTIONS[name].neutral for name in names}
    rows = [{**neutral, name: value} for name in names for value in odd[name]]
    draw = np.random.default_rng(3)
    while len(rows) < count:
        rows.append({name: odd[name][draw.integers(len(odd[name]))] for name in names})
    return {
        name: np.array([row[name] for row in rows[:count]]).astype(OPTIONS[name].kind)
        for name in names
    }


def clamp(name, values, most_tokens):
    """What a request's values count as: see `decoding.searching.within_bounds`."""
    about = OPTIONS[name]
    if about.least is None:
        return values
    neutral = min(about.neutral, most_tokens) if name == "max_length" else about.neutral
    most = most_tokens if name == "max_length" else math.inf if about.most is None else about.most
    lowest = about.least if name == "temperature" else neutral
    found = [
        neutral if math.isnan(v) else lowest if v < about.least else min(v, most)
        for v in values.tolist()
    ]
    return np.array(found, about.kind)


@pytest.mark.parametrize("signature", ["beam_options", "sample"])
def test_odd_options_are_those_within_bounds(artefact, trained, signature):
    names = [name for name in artefact.signatures[signature][0] if name != "text"]
    count = 96
    options = odd_options(names, count)
    texts = [MATES[i % 4] for i in range(count)]
    found = ask(artefact, signature, texts, **options)
    assert all(np.isfinite(v).all() for v in found.values() if v.dtype == np.float32)

    fixed = {"sampling": True} if signature == "sample" else {"beam_size": 4, "num_return": 4}
    clamped = {
        name: clamp(name, values, trained.max_target_length) for name, values in options.items()
    }
    expected, scores = trained.generate(
        [text.decode() for text in texts], return_scores=True, **fixed, **clamped
    )
    for row, (results, wanted) in enumerate(zip(expected, scores, strict=True)):
        results = results if isinstance(results, list) else [results]
        texts_found = np.atleast_1d(found["text"][row])[: len(results)]
        assert [text.decode() for text in texts_found] == results
        theirs = np.atleast_1d(found["score"][row])[: len(results)]
        np.testing.assert_allclose(theirs, np.atleast_1d(wanted), rtol=1e-5, atol=1e-3)
