"""A functional rule changes no argument, and keeps everything in its state."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from torch import Tensor

from mlp_core.equality import same_bits
from mlp_core.testing.engine.compare import compare
from mlp_core.testing.engine.evidence import Broken, Evidence
from mlp_core.testing.engine.guards import foreign
from mlp_core.testing.engine.law import LawBook
from mlp_core.testing.examples.scenario import Scenario
from mlp_core.testing.laws.optimizers.shared import SEVERAL
from mlp_core.testing.subjects.functional import array_of, pair_of, tensor_of

CALLED = """\
from mlp_core.testing.laws.updates.conduct import called
from mlp_core.testing.subjects.functional import Form, pair_of
FORM
own = pair_of(RULE, hyper[0])
"""

ARGUMENTS = CALLED + "called(own, form, fresh(), gradients, check=True)"

AGAIN = (
    CALLED
    + """\
first, second = (called(own, form, fresh(), gradients) for _ in range(2))
assert all(torch.equal(p.nan_to_num(), q.nan_to_num()) for p, q in zip(first, second))"""
)

STATE = (
    CALLED
    + """\
first, second = called(own, form, fresh(), gradients), called(own, form, fresh(), gradients, again=True)
assert all(torch.equal(p.nan_to_num(), q.nan_to_num()) for p, q in zip(first, second))"""
)

book = LawBook()


def leaves(thing: Any) -> Iterator[Any]:
    """All arrays in a state of any structure."""
    if isinstance(thing, dict):
        for value in thing.values():
            yield from leaves(value)
    elif isinstance(thing, (list, tuple)):
        for value in thing:
            yield from leaves(value)
    elif isinstance(thing, Tensor) or hasattr(thing, "__array__"):
        yield thing
    elif hasattr(thing, "__dict__") and not isinstance(thing, type):
        yield from leaves(vars(thing))


def _copies(*things: Any) -> list[Tensor]:
    return [tensor_of(leaf) for thing in things for leaf in leaves(thing)]


def called(
    rule: Any, form: Any, params: Any, gradients: Any, *, check: bool = False, again: bool = False
) -> list[Tensor]:
    """The parameters after all steps of a pair of functions. check: raise AssertionError if it changes an argument;
    again: halfway, continue from a copy of the state, after a step with the original."""
    init, step = rule
    parts = [params] if form.listed else [[p] for p in params]
    ends: list[Tensor] = []
    for k, part in enumerate(parts):
        now: Any = [array_of(p, form.library) for p in part]
        state = init(now if form.listed else now[0])
        for index, row in enumerate(gradients):
            own = row if form.listed else row[k : k + 1]
            grads = [array_of(g.to(p.dtype), form.library) for g, p in zip(own, part, strict=True)]
            args = (grads, state, now) if form.listed else (grads[0], state, now[0])
            if again and index == len(gradients) // 2:
                kept = copy.deepcopy(state)
                step(*args)
                args = (args[0], kept, args[2])
            before = _copies(*args) if check else []
            found, state = step(*args)
            after = _copies(*args) if check else []
            assert len(before) == len(after), "the structure of its state changes"
            assert all(map(same_bits, before, after)), f"step {index + 1} changes an argument"
            results = [tensor_of(r) for r in (found if form.listed else [found])]
            old = [tensor_of(p) for p in now]
            new = [
                o + r.reshape(o.shape) if form.updates else r.reshape(o.shape)
                for o, r in zip(old, results, strict=True)
            ]
            now = [array_of(t.to(p.dtype), form.library) for t, p in zip(new, part, strict=True)]
        ends += [tensor_of(p) for p in now]
    return ends


def _run(subject: Any, scenario: Scenario, lines: str, **options: Any) -> list[Tensor]:
    rule = pair_of(subject.init, subject.following, scenario.groups[0])
    try:
        with foreign():
            return called(rule, subject.form, scenario.fresh(), scenario.gradients, **options)
    except Broken as broken:
        broken.closing = lines
        raise


def _lines(subject: Any, closing: str) -> str:
    names = [getattr(f, "__name__", "yours") if f is not None else "None" for f in (subject.init, subject.following)]
    form = subject.form
    made = f"form = Form({form.library!r}, {form.listed}, {form.updates})"
    return closing.replace("FORM", made).replace("RULE", ", ".join(names))


def _one(subject: Any) -> Any:
    return subject.scenarios(groups=(1, 1), steps=SEVERAL)


@book.law(_one)
def leaves_its_arguments_alone(subject: Any, scenario: Scenario) -> Evidence:
    """A step does not change the gradients, the state or the parameters that it is given; it returns new ones.

    A functional rule allows a user to return to an earlier state, or to step twice from one state. If the state is
    changed in place, the earlier one is lost.
    """
    lines = _lines(subject, ARGUMENTS)
    try:
        ends = _run(subject, scenario, lines, check=True)
    except Broken as broken:
        if isinstance(broken.__cause__, AssertionError):
            raise Broken("the arguments of a step", str(broken.__cause__), "unchanged", closing=lines) from broken
        raise
    return Evidence(entries=sum(p.numel() for p in ends))


@book.law(_one, beside="it says that a run differs from itself; the laws of equality only say that a number is wrong")
def repeats_from_the_same_start(subject: Any, scenario: Scenario) -> Evidence:
    """A second call with the same parameters and gradients gives the same bits.

    Anything that a rule keeps outside its state, such as a counter or a cache, flows from one run into the next.
    """
    lines = _lines(subject, AGAIN)
    first, second = (_run(subject, scenario, lines) for _ in range(2))
    return _same(scenario, second, first, "again: ", lines)


@book.law(_one)
def goes_on_from_a_copy_of_its_state(subject: Any, scenario: Scenario) -> Evidence:
    """A run that continues from a copy of a state, after a step with the original, ends where the uninterrupted run
    ends.

    A checkpoint is such a copy. If it does not contain everything that the rule keeps, a resumed run is another run.
    """
    lines = _lines(subject, STATE)
    first, second = _run(subject, scenario, lines), _run(subject, scenario, lines, again=True)
    return _same(scenario, second, first, "from a copy: ", lines)


def _same(scenario: Scenario, got: list[Tensor], expected: list[Tensor], what: str, lines: str) -> Evidence:
    """Compare the ends of two runs bit for bit; lines: the code that repeats them, in which braces are braces."""
    closing = lines.replace("{", "{{").replace("}", "}}")
    return compare(scenario.names(), got, expected, [0.0] * len(expected), what=what, closing=closing)
