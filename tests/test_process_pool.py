"""Processes that share work: what comes back is in order, and whatever breaks is told."""

import functools
import os

import pytest

from keras_seq2seq.process_pool import ProcessPool

NUMBERS = [str(n) for n in range(20)]


def until_broken(items):
    yield from items
    raise ValueError("line 21 is broken")


def taken(pool, items, found):
    with pool:
        for result in pool.map(items):
            found.append(result)
    return found


@pytest.mark.parametrize("count", [0, 3])
def test_results_come_in_order_and_errors_after_them(count):
    assert taken(ProcessPool(count, functools.partial, int), NUMBERS, []) == [*range(20)]
    found = []
    with pytest.raises(ValueError, match="line 21 is broken"):
        taken(ProcessPool(count, functools.partial, int), until_broken(NUMBERS), found)
    assert found == [*range(20)]
    with pytest.raises(ValueError, match="'x'"):
        taken(ProcessPool(count, functools.partial, int), [*NUMBERS, "x", *NUMBERS], found)
    assert found == [*range(20), *range(20)]


def test_what_cannot_be_made_is_told():
    with pytest.raises(ValueError, match="'x'"):
        taken(ProcessPool(1, int, "x"), NUMBERS, [])


def test_a_process_that_ends_is_told_and_none_is_left():
    pool = ProcessPool(2, functools.partial, os._exit)
    with pytest.raises(ChildProcessError, match="ended with code 3 before it had answered"):
        taken(pool, [3, 3], [])
    assert all(process.returncode is not None for process in pool._processes)


def test_what_it_said_is_told_without_the_notes_of_tensorflow():
    said = "WARNING: All log messages before x\nI0000 00:00:1.2 a.cc:1] a note\nnot enough\n"
    program = f"import os; os.write(2, {said.encode()!r}); os._exit(3)"
    with pytest.raises(ChildProcessError, match="memory may have been short. not enough$"):
        taken(ProcessPool(1, functools.partial, exec), [program], [])


def test_threads_of_each():
    pool = ProcessPool(1, functools.partial, os.getenv, threads=3)
    assert taken(pool, ["TF_NUM_INTRAOP_THREADS"], []) == ["3"]
