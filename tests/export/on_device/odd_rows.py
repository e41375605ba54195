"""Rows of any int32 for `.tflite` files, and damaged copies of one, which every client is given."""

import hashlib
import json
import random

import numpy as np

from keras_seq2seq.specs.seal import sealed

LEAST, MOST = -(2**31), 2**31 - 1
PAD, UNK, BOS, EOS = range(4)


def odd_ids(size, dice):
    """An id of a vocabulary, near its ends, special, or anything that int32 holds."""
    kind = dice.random()
    if kind < 0.5:
        return dice.randrange(4, size)
    if kind < 0.65:
        return dice.choice([-2, -1, size - 1, size, size + 1, 2 * size, -size, LEAST, MOST])
    if kind < 0.75:
        return dice.choice([UNK, BOS])
    if kind < 0.85:
        return dice.choice([2**k for k in range(31)]) * dice.choice([1, -1]) + dice.choice([0, 1])
    return dice.randint(LEAST, MOST)


def odd_rows(count, length, size, seed=0):
    """Sources of `length` ids: int32 [count, length]."""
    dice = random.Random(seed)
    rows = [[fill] * length for fill in (PAD, UNK, BOS, EOS, -1, size - 1, size, LEAST, MOST)]
    while len(rows) < count:
        row = [odd_ids(size, dice) for _ in range(length)]
        end = dice.randrange(length)
        kind = dice.randrange(6)
        if kind < 2:  # as clients frame it
            row[end:] = [EOS, *[PAD] * (length - end - 1)]
        elif kind == 2:  # PAD, and no EOS
            row[end:] = [PAD] * (length - end)
        elif kind == 3:  # something behind the end
            row[end] = dice.choice([EOS, PAD])
        elif kind == 4:
            row[0] = dice.choice([EOS, PAD])
        rows.append(row)
    return np.array(rows, "int32")


def as_framed(row, size):
    """What a source of any ids stands for: UNK for what is none, EOS at the first end, then PAD."""
    known = [i if 0 <= i < size else UNK for i in row.tolist()]
    ends = [place for place, i in enumerate(known) if i in (EOS, PAD)]
    end = ends[0] if ends else len(known) - 1
    return [*known[:end], EOS, *[PAD] * (len(known) - end - 1)]


def odd_steps(count, length, size, target_size, seed=1):
    """Sources, each with ids that are fed to `decode_step` one after the other."""
    dice = random.Random(seed)
    rows = odd_rows(count, length, size, seed).tolist()
    return [[row, [odd_ids(target_size, dice) for _ in range(4)]] for row in rows]


# === Files ===


def damaged_pairs(content, manifest, other, count, seed=0):
    """`count` times (what was done, file, manifest), of which no client may take any.

    Args:
        content, manifest: bytes of a `.tflite` file and of its manifest.
        other: the same two of another model.
    """
    dice = random.Random(seed)
    facts = json.loads(manifest)
    pairs = [
        ("another model", other[0], manifest),
        ("another manifest", content, other[1]),
        ("no bytes", b"", manifest),
        ("a manifest of no bytes", content, b""),
        ("exchanged", manifest, content),
        ("bytes behind the end", content + b"\0", manifest),
        ("a manifest in UTF-16", content, manifest.decode().encode("utf-16")[:-1]),
        ("a manifest cut in a character", content, manifest[:-2] + b"\xe2\x80"),
        *((f"manifest {text}", content, text) for text in (b"[]", b"3", b"null", b'"x"', b"{}")),
        (
            "nested too deeply",
            content,
            manifest[:-1] + b', "x": ' + b"[" * 9999 + b"]" * 9999 + b"}",
        ),
        ("no seal", content, _json({k: v for k, v in facts.items() if k != "seal"})),
        ("another seal", content, _json(facts | {"seal": "0" * 64})),
        ("another SHA-256", content, _json(facts | {"sha256": "0" * 64})),
        ("SHA-256 in a new seal", content, _sealed(facts | {"sha256": "f" * 64})),
        ("format 2 in a new seal", content, _sealed(facts | {"format": 2})),
    ]
    for key in sorted(facts.keys() - {"seal", "format", "sha256"}):
        without = {name: value for name, value in facts.items() if name != key}
        pairs.append((f"no {key}", content, _json(without)))
        pairs.append((f"{key} doubled", content, _json(facts | {key: _doubled(facts[key])})))
    for number in range(len(pairs), count):
        if number % 3 == 2:
            changed = damaged(manifest, number // 3, dice)
            while _same(changed, facts):  # white space, say
                changed = damaged(manifest, number // 3, dice)
            pairs.append((f"a manifest damaged, {number}", content, changed))
        else:
            changed = damaged(content, number // 3, dice)
            while changed == content:
                changed = damaged(content, number // 3, dice)
            pairs.append((f"a file damaged, {number}", changed, manifest))
    return pairs[:count]


def resealed(content, manifest):
    """A manifest that says of a damaged file that it is the right one."""
    facts = json.loads(manifest) | {"sha256": hashlib.sha256(content).hexdigest()}
    return _sealed(facts)


def damaged(content, number, dice):
    """Bytes flipped, cut, zeroed, or blocks of them exchanged or left out, by `number`."""
    size, changed = len(content), bytearray(content)
    at, other, run = dice.randrange(size), dice.randrange(size), dice.randrange(1, 4097)
    if number % 5 == 0:
        for _ in range(dice.choice([1, 1, 3, 100])):
            changed[dice.randrange(size)] ^= dice.randrange(1, 256)
    elif number % 5 == 1:
        del changed[at:]
    elif number % 5 == 2:
        block = changed[at : at + run]
        changed[at : at + run] = bytes(len(block))
    elif number % 5 == 3:
        first, second = sorted([at, other])
        run = min(run, second - first, size - second)
        one, two = changed[first : first + run], changed[second : second + run]
        changed[first : first + run], changed[second : second + run] = two, one
    else:
        del changed[at : at + run]
    return bytes(changed)


def _same(text, facts):
    try:
        return json.loads(text) == facts
    except (ValueError, RecursionError):
        return False


def _json(facts):
    return json.dumps(facts, ensure_ascii=False).encode()


def _sealed(facts):
    return _json(sealed({name: value for name, value in facts.items() if name != "seal"}))


def _doubled(value):
    if isinstance(value, dict):
        return {**value, "more": 1}
    return value + value if isinstance(value, (int, str, list)) and value else [value, 1]
