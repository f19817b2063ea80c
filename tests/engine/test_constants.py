"""The same call draws the same examples and finds the same counterexample, whatever else is imported; and what we shut
off in Hypothesis for that, we shut off for ourselves alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.internal.conjecture import providers

from mlp_core.testing.engine import constants

CALLS = """
import importlib, json, sys
import torch
from hypothesis import HealthCheck, given, settings, strategies as st
from mlp_core.testing import subjects, verify
from mlp_core.testing.examples.sample import sample

drawn, late = [], []

def loss(params):
    return (params[0] ** 3).sum()

def right(params):
    drawn.append(params[0].tolist())
    for name in late:
        importlib.import_module(name)
    return [3 * params[0] ** 2]

def wrong(params):
    return [g * (1.0 if g.max() < 7000 else 1.5) for g in right(params)]

def tensors(several):
    floats, whole, word, code = several
    return [torch.tensor([*floats, whole, *map(ord, word), *code], dtype=torch.float64)],

inputs = st.tuples(
    st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=4), st.integers(-900, 900), st.text(max_size=9),
    st.binary(max_size=9),
).map(tensors)

def calls():
    for gradient in (right, wrong):
        drawn.clear()
        subject = subjects.gradient(loss, gradient, inputs)
        report = verify(subject, examples=30)
        broken = [[r.verdict, r.examples, r.counterexample, r.got, r.diagnosis] for r in report.results]
        yield [list(drawn), broken, repr(sample(inputs, 20))]
"""

HERE = """
def of_others():
    seen = set()
    @settings(max_examples=400, database=None, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(st.floats(-1e3, 1e3), st.integers(0, 3))
    def own(x, n):
        seen.add(x)
        if within and n == 3 and len(seen) < 20:
            verify(subjects.gradient(loss, right, inputs), examples=3)
    own()
    return sorted(seen)

within, got = False, {}
got["at first"] = [*calls()]
got["again"] = [*calls()]
import unused
got["beside a module with constants"] = [*calls()]
others = [of_others()]
verify(subjects.gradient(loss, right, inputs), examples=3)
others.append(of_others())
within = True
others.append(of_others())
late.append("also_unused")
got["one more loaded while examples are drawn"] = [*calls()]
import sqlite3, hypothesis.extra.numpy
got["beside others"] = [*calls()]
from hypothesis.internal.conjecture import providers
from mlp_core.testing.engine.constants import undisturbed
def known():
    return 12.5 in tuple(providers._get_local_constants().set_for_type("float"))
seen = [known()]
with undisturbed():
    seen.append(known())
print(json.dumps([got, others, seen]))
"""

UNDER_PYTEST = """
def test_it():
    import unused
    with open("got.json", "w") as file:
        json.dump([*calls()], file)
"""


def started(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    paths = [str(folder), *(p for p in sys.path if p)]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), **environment}
    done = subprocess.run(  # noqa: S603  (our own interpreter)
        [sys.executable, *arguments], capture_output=True, text=True, check=False, env=env, cwd=folder,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Modules that nobody needs, full of constants, in the working folder of the calls."""
    folder = tmp_path_factory.mktemp("local")
    for name, value in (("unused", 12.5), ("also_unused", 0.75)):
        (folder / f"{name}.py").write_text(f'X, Y, Z, B = {value}, 777, "a word", b"bytes"\n', encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def here(folder: Path) -> Any:
    """The answers of several calls in one process, and what other tests drew before, after and around them."""
    (folder / "called.py").write_text(CALLS + HERE, encoding="utf-8")  # a file: its lines at fault can be followed
    return json.loads(started(folder, "called.py").stdout)


@pytest.mark.parametrize("when", [
    "again", "beside a module with constants", "one more loaded while examples are drawn", "beside others",
])  # fmt: skip
def test_the_same_call_is_the_same_whatever_is_imported(here: Any, when: str) -> None:
    first = here[0]["at first"]
    assert [{verdict for verdict, *_ in results} for _, results, _ in first] == [{"PASS"}, {"PASS", "FAIL"}]
    assert here[0][when] == first


def test_the_same_call_is_the_same_in_another_process(folder: Path, here: Any) -> None:
    """Under pytest, where Hypothesis has a plugin, its profile for CI, another seed and other hashes."""
    (folder / "test_called.py").write_text(CALLS + UNDER_PYTEST, encoding="utf-8")
    options = "-q", "-p", "no:cacheprovider", "--hypothesis-seed=5"
    started(folder, "-m", "pytest", *options, "test_called.py", PYTHONHASHSEED="271828", CI="true")
    assert json.loads((folder / "got.json").read_text(encoding="utf-8")) == here[0]["at first"]


def test_what_others_draw_is_as_before(here: Any) -> None:
    before, after, around = here[1]
    assert before == after == around


def test_a_constant_that_nobody_uses_is_known_to_others_and_not_to_us(here: Any) -> None:
    """The reason for shutting it off: Hypothesis draws the numbers of a module that is only imported."""
    assert here[2] == [True, False]


def test_hypothesis_has_what_is_shut_off() -> None:
    """Fails where a new Hypothesis keeps its constants elsewhere: constants.py must learn where."""
    assert constants.shut_off() == ("_get_local_constants", "CONSTANTS_CACHE", "global_force_seed")


def test_without_what_is_shut_off_nothing_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, (module, _) in constants.REPLACED.items():
        monkeypatch.delattr(module, name)
    with constants.undisturbed():
        assert constants.shut_off() == ()


def test_other_threads_keep_their_constants() -> None:
    given_before = providers._get_local_constants
    inside, outside = threading.Event(), threading.Event()
    there: list[Any] = []

    def other() -> None:
        with constants.undisturbed():
            inside.set()
            outside.wait(10)
        there.append(providers._get_local_constants())

    thread = threading.Thread(target=other)
    thread.start()
    inside.wait(10)
    assert providers._get_local_constants() is given_before()
    with constants.undisturbed():
        assert len(providers._get_local_constants()) == 0
        outside.set()
        thread.join()
        assert len(providers._get_local_constants()) == 0  # the other's end is not ours
    assert providers._get_local_constants is given_before


def test_an_error_inside_ends_it() -> None:
    def now() -> list[Any]:
        return [getattr(module, name) for name, (module, _) in constants.REPLACED.items()]

    before = now()
    with pytest.raises(ZeroDivisionError), constants.undisturbed(), constants.undisturbed():
        raise ZeroDivisionError
    assert all(one is other for one, other in zip(now(), before, strict=True))


@settings(max_examples=20)
@given(st.floats(0, 1))
def test_a_cache_filled_outside_is_not_read_inside(x: float) -> None:
    key = ("float", (x,))
    providers.CONSTANTS_CACHE[key] = ((), (x,))
    with constants.undisturbed():
        assert key not in providers.CONSTANTS_CACHE
        providers.CONSTANTS_CACHE[key] = ((), ())
    assert providers.CONSTANTS_CACHE[key] == ((), (x,))


def interrupted_before_the_engine_begins() -> None:
    runner = None
    try:
        raise KeyboardInterrupt
    finally:
        assert runner is not None


def broken() -> None:
    raise AssertionError("own")


def test_an_interruption_that_hypothesis_hides_behind_an_assertion_gets_out() -> None:
    with constants.undisturbed(), pytest.raises(AssertionError):
        interrupted_before_the_engine_begins()
    with pytest.raises(KeyboardInterrupt), constants.undisturbed():
        interrupted_before_the_engine_begins()


def test_another_assertion_gets_out_as_it_is() -> None:
    with pytest.raises(AssertionError, match="own"), constants.undisturbed():
        broken()
