"""The subject of an update rule in a file: the way in which it can be called, and its reference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from mlp_core.base.errors import ArgumentError, Described
from mlp_core.testing import subjects
from mlp_core.testing.bounds.envelopes import envelopes, explained, within
from mlp_core.testing.engine.evidence import Broken
from mlp_core.testing.engine.source import LOADED
from mlp_core.testing.examples.sample import sample
from mlp_core.testing.examples.scenario import Make, Scenario
from mlp_core.testing.foreign.likes import Like, likes
from mlp_core.testing.foreign.named_rules import DEFAULTS, OFF, meant, named
from mlp_core.testing.subjects.functional import FAR, NEAR, array_of, functional, tensor_of
from mlp_core.testing.subjects.known_names import one_of
from mlp_core.testing.subjects.layered import OWNERS, PREFIX
from mlp_core.testing.subjects.reading import HOLDS, Reading, Said
from mlp_core.testing.subjects.updates import UpdateSubject
from mlp_core.testing.subjects.written import written

IN_PLACE = "leaves its arguments alone"
"""the law that does not hold of a rule that may work in place"""

SHOWN = 6
"""the number of scenarios on which a version of a rule must do what the code does"""

FORM = "update(parameters, gradients, ...) on dicts, lists or arrays of numpy or torch"


@dataclass(frozen=True)
class RuledSubject(UpdateSubject):
    """An update rule as a course writes it."""

    found: str = ""
    """how it was read"""


def subject(things: Sequence[Any], said: Said) -> RuledSubject:
    """The subject. Raises ArgumentError if the rule cannot be called in any known way."""
    theirs = things[0] if len(things) == 1 else tuple(things)
    rule = named(said.name, not said.keeps and len(said.hyper) < 2)
    if rule is not None and not rule.counts and said.reading.count:
        rule = None  # a version that nobody has named: with a bias correction, or with a falling rate
    names = meant(rule, list(said.hyper))
    off = () if rule is None or rule.with_on(said.switches).needs else OFF[:2]
    tried = {theirs_: _values(own, said.hyper[theirs_], off) for own, theirs_ in names.items()}
    left = {n: v for n, v in said.hyper.items() if n not in tried}
    if any(v is None for v in left.values()) and said.reading.kind != "config":
        rule, tried = None, tried | {n: (0.5, 0.25) for n, v in left.items() if v is None}
    rule = rule and rule.with_on(said.switches)
    hyper = {name: values[0] for name, values in tried.items()}
    reading = _called(theirs, said.reading, hyper)
    made = _subject(theirs, reading, tried, said.name)
    if rule is None:
        return made
    readings = [reading, replace(reading, first=1 - reading.first)] if reading.count else [reading]
    options = [(one, *like) for like in likes(rule, names, said.literals) for one in readings]
    scenarios = sample(made.scenarios(dtypes=(torch.float64,), groups=(1, 1)), SHOWN)
    seen = {one.first: runs(_make(theirs, one), scenarios) for one in readings}
    fitting = (option for option in options if fits(seen[option[0].first], option[1].make(), scenarios))
    unclear = said.others or any(left.values())
    found = next(fitting, None if unclear else options[0])
    if found is None:
        return made
    chosen, like, words = found
    return _subject(theirs, chosen, tried, said.name, like, words)


def _values(own: str, default: float | None, off: Sequence[str]) -> tuple[float, ...]:
    """The values of a hyperparameter. off: those that are tried as 0 too, as code may have a branch for that."""
    others = DEFAULTS[own] if own != "lr" or not default else (default, default / 2, 4 * default)
    return tuple(dict.fromkeys([*([default] if default else []), others[0], *([0.0] if own in off else []), *others]))


def _called(theirs: Any, reading: Reading, hyper: dict[str, float]) -> Reading:
    """The first way of calling it in which its parameters move, or at least nothing is raised."""
    still, why = list[Reading](), ""
    holds: tuple[str, ...] = (reading.holds,)
    if reading.kind in ("function", "class", "made") and len(reading.params) < 2:
        holds = HOLDS if reading.kind != "made" else HOLDS[1:]
    if reading.holds in PREFIX and reading.kind in (*OWNERS, "own arrays"):
        holds = tuple(PREFIX)
    libraries = ("torch", "numpy") if reading.kind == "objects" else ("numpy", "torch")
    for library in libraries:
        for one in holds:
            now = replace(reading, library=library, holds=one)
            try:
                if _moves(theirs, now, hyper):
                    return replace(now, updates=_updates(theirs, now, hyper)) if reading.begins else now
                still.append(now)
            except Exception as error:
                why = why or f"{type(error).__name__}: {error}"
    if still:
        return still[0]
    name = getattr(theirs[0] if isinstance(theirs, tuple) else theirs, "__name__", "it")
    raise ArgumentError("subject", Described(f"{name}, which raises {why}"), FORM)


def _moves(theirs: Any, reading: Reading, hyper: dict[str, float]) -> bool:
    before = [torch.full(shape, 2.0, dtype=torch.float64) for shape in ((2, 3), (3, 1), (5,))]
    params = [array_of(p, reading.library) for p in before]
    init, step = written(theirs, reading)
    state, moved = init(params, **hyper), False
    for _ in range(2):
        grads = [array_of(torch.full_like(p, 0.5), reading.library) for p in before]
        params, state = step(grads, state, params, **hyper)
        moved |= any(not torch.equal(tensor_of(p), b) for p, b in zip(params, before, strict=True))
    return moved


def _updates(theirs: Any, reading: Reading, hyper: dict[str, float]) -> str:
    """Whether it returns updates, which parameters far from their gradients show: "added" or "subtracted",
    "applied by a function" if the file has one, or "" if it returns parameters.
    """
    init, step = written(theirs, reading)
    params, grads = ([array_of(torch.full((2, 3), v).double(), reading.library)] for v in (FAR, NEAR))
    result = tensor_of(step(grads, init(params, **hyper), params, **hyper)[0][0])
    if bool((result - FAR).abs().amax() <= result.abs().amax()):
        return ""
    if isinstance(theirs, tuple) and len(theirs) > 2:
        return "applied by a function"
    return "subtracted" if bool((result > 0).all()) else "added"


def _make(theirs: Any, reading: Reading) -> Make:
    return functional(*written(theirs, reading), reading.library, True, False)


def _subject(
    theirs: Any, reading: Reading, tried: dict[str, tuple[float, ...]], name: str, like: Like | None = None,
    words: str = "",
) -> RuledSubject:  # fmt: skip
    init, step = written(theirs, reading)
    hyper = {n: one_of(list(values)) for n, values in tried.items()}
    own = subjects.update(init, step, like, hyper, library=reading.library, updates=False)
    one = theirs[0] if isinstance(theirs, tuple) else theirs
    lines = [
        "from mlp_core.testing.foreign.load import load",
        "from mlp_core.testing.subjects.functional import functional",
        "from mlp_core.testing.subjects.reading import Reading",
        "from mlp_core.testing.subjects.written import written",
        f"init, step = written(load({getattr(one, LOADED, name)!r}), {reading!r})",
        f"mine = functional(init, step, {reading.library!r}, True, False)", *(like.lines() if like is not None else []),
    ]  # fmt: skip
    values = {f: getattr(own, f) for f, spec in type(own).__dataclass_fields__.items() if spec.init}
    values |= {"name": name, "source": tuple(lines), "waived": frozenset({IN_PLACE})}
    return RuledSubject(**values, found=_words(reading, like, words))


def _words(reading: Reading, like: Like | None, words: str) -> str:
    """How it was read, in words."""
    several = {"prefixed": "on dicts (W1 and dW1)", "dict": "on dicts with the same keys", "list": "on lists"}
    how = several.get(reading.holds, "array by array") if reading.kind in ("function", "class", "made") else ""
    how = f"made by a function, {how}" if reading.kind == "made" else how
    if reading.kind == "pairs":
        how = "on pairs of " + " and ".join({"grads": "a gradient", "params": "a parameter"}[r] for r in reading.taken)
    how = {
        "config": "array by array, with a config", "objects": "on objects with data and grad",
        "own arrays": "on the arrays of its object",
    }.get(reading.kind, how)  # fmt: skip
    if reading.kind in OWNERS:
        how = "that takes one layer at a time" if reading.single else "that walks over layers"
    if len(reading.params) > 1:
        how = f"on {len(reading.params)} arrays"
    against = [] if like is None else [words_of(like, words)]
    count = [f"{reading.count} from {reading.first}"] if reading.count else []
    count += [f"its updates are {reading.updates}"] if reading.updates else []
    return "; ".join([f"read as an update rule {how}", *count, *against])


def words_of(like: Like, words: str) -> str:
    """The reference in words."""
    known = ", ".join(n if v is True else f"{n} {v:g}" for n, v in like.given.items())
    rule = next(c for c in like.rule.__mro__ if c.__module__.startswith("mlp_core.rules")).__name__
    return f"compared with {rule}{f' ({known})' if known else ''}{f', {words}' if words else ''}"


def runs(make: Make, scenarios: Sequence[Scenario]) -> list[list[list[Tensor]] | None]:
    """The parameters after every step of each scenario, and None for one in which it raises."""
    return [_run(make, scenario) for scenario in scenarios]


def _run(make: Make, scenario: Scenario) -> list[list[Tensor]] | None:
    """The parameters after every step; None if it raises."""
    params = scenario.fresh()
    try:
        steps = scenario.run(scenario.optimizer(make, params), params)
        return [[p.detach().double().clone() for p in params] for _ in steps]
    except Exception:
        return None


def fits(runs: Sequence[Any], reference: Make, scenarios: Sequence[Scenario]) -> bool:
    """Whether rounding explains all differences."""
    return all(got is not None and _fit(got, reference, one) for got, one in zip(runs, scenarios, strict=True))


def _fit(got: list[list[Tensor]], reference: Make, scenario: Scenario) -> bool:
    try:
        explained(envelopes(scenario, reference), lambda found: within(scenario, got, found))
    except Broken:
        return False
    return True
