"""Checks that every class of a kind must pass."""

import inspect
import json
import os

import keras
import numpy as np
import pytest


def check_config_is_complete(thing):
    """Every constructor argument, and every option of a spec, is a key of `get_config`.

    The copy has the same config. A round trip alone would not see an argument that both sides
    forget.
    """
    parameters = inspect.signature(type(thing).__init__).parameters.values()
    named = {
        p.name
        for p in parameters
        if p.name != "self" and p.kind is not inspect.Parameter.VAR_KEYWORD
    }
    config = thing.get_config()
    missing = named - set(config)
    if missing:
        raise AssertionError(f"{type(thing).__name__}.get_config lacks {sorted(missing)}")
    if "spec" in named and config["spec"] != thing.spec.to_dict():
        raise AssertionError(f"{type(thing).__name__}: {config['spec']} != {thing.spec.to_dict()}")
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(thing))
    if type(copy) is not type(thing) or copy.get_config() != config:
        raise AssertionError(f"{type(thing).__name__}: {copy.get_config()} != {config}")
    if "spec" in named and copy.spec != thing.spec:
        raise AssertionError(f"{type(thing).__name__}: {copy.spec} != {thing.spec}")
    json.dumps(config)


def few_at_first(count, cases):
    """Parameters of which the first `count` are in every run, and the others in slow ones."""
    marked = []
    for number, case in enumerate(cases):
        if not isinstance(case, type(pytest.param())):
            case = pytest.param(*(case if isinstance(case, tuple) else [case]))
        marks = [*case.marks, pytest.mark.slow] if number >= count else case.marks
        marked.append(case._replace(marks=marks))
    return marked


class Killed(BaseException):
    """A process that ends there and then, as far as a test can tell."""


def kill_before_rename(monkeypatch, number):
    """Makes `os.replace` raise `Killed` at its call `number`, from 0; returns what was renamed."""
    real, done = os.replace, []

    def replace(a, b):
        if len(done) == number:
            raise Killed
        done.append(b)
        real(a, b)

    monkeypatch.setattr(os, "replace", replace)
    return done


def random_ids(batch, length, vocabulary_size, seed=0):
    """int32 [B, T] of ordinary tokens."""
    return np.random.default_rng(seed).integers(4, vocabulary_size, (batch, length), "int32")


def sources(batch=6, length=7, vocabulary_size=40):
    """Rows of different length: EOS behind the last token, PAD after it."""
    ids = random_ids(batch, length, vocabulary_size)
    for row in range(batch):
        ids[row, row % length] = 3
        ids[row, row % length + 1 :] = 0
    return ids
