"""More laws of an update: fixed points, symmetry, descent, what hyperparameters do, shapes and types, conduct."""

from __future__ import annotations

import random
from dataclasses import replace
from math import prod
from typing import Any

import torch

from mlp_core.testing import bounds
from mlp_core.testing.conduct import default_dtype
from mlp_core.testing.failure import compare
from mlp_core.testing.law import Broken, Evidence, LawBook
from mlp_core.testing.rule_laws import SEVERAL, claimed, look, same, shown_on
from mlp_core.testing.rule_snippets import (
    AGAIN,
    DESCENDS,
    GLOBAL,
    LITERAL,
    MIRRORED,
    STRIDED,
    WIDE,
)
from mlp_core.testing.scenario import Scenario, state_tensors
from mlp_core.testing.variants import Changes, Outside, Wrongs

book = LawBook()

OBSERVED = 100  # bounds of rounding by which a hyperparameter must move something


@book.law(
    lambda subject: subject.scenarios(kinds=("zero",), decay=False, steps=SEVERAL),
    skip=claimed("fixed_point", "a zero gradient from a fresh state moves nothing"),
)
def stays_put_under_zero_gradients(subject: Any, scenario: Scenario) -> Evidence:
    """Zero gradients from a fresh state, every decay off: a fixed point."""
    start = [p.detach().clone() for p in scenario.fresh()]
    params, _ = subject.finished(scenario)
    return compare(scenario.names(), params, start, [0.0] * len(start), what="after zero gradients: ", closing=LITERAL)


@book.law(
    lambda subject: subject.scenarios(steps=SEVERAL),
    skip=claimed("odd", "negating parameters and gradients negates the step"),
)
def negates_with_its_arguments(subject: Any, scenario: Scenario) -> Evidence:
    """Negating all parameters and gradients negates the result."""
    params, _ = subject.finished(scenario)
    mirrored = scenario.mapped(lambda t: -t)
    negated, _ = subject.finished(mirrored)
    expected = [-p.detach() for p in params]
    with shown_on(mirrored):
        return subject.agree(scenario, scenario.names(), negated, expected, what="negated: ", closing=MIRRORED)


@book.law(
    lambda subject: subject.scenarios_with_changes(),
    skip=lambda subject: None if subject.movable else subject.unmoved,
    cases=lambda subject: subject.movable,
    narrowed=lambda drawn, seen: drawn.besides(seen),
)
def shows_every_hyperparameter(subject: Any, drawn: Changes) -> Evidence:
    """Moving a hyperparameter, each in its turn, moves a parameter or its state by 100 roundings at least."""
    seen, entries = set(), 0
    for field, before, after in drawn.pairs:
        a, b = look(before, *subject.finished(before)), look(after, *subject.finished(after))
        entries += len(a)
        if any(_moved(a[name], b[name], before.dtype) for name in a.keys() & b.keys()):
            seen.add(field)
    return Evidence(entries=entries, seen=frozenset(seen), counted=bool(seen) or not drawn.pairs)


def _moved(a: torch.Tensor, b: torch.Tensor, dtype: torch.dtype) -> bool:
    a, b = a.double(), b.double()
    noise = OBSERVED * bounds.unit_roundoff(dtype) * torch.maximum(a.abs(), b.abs())
    return bool(((a - b).abs() > noise).any())


@book.law(
    lambda subject: subject.scenarios(decay=False, groups=(1, 1), steps=(2, 4), schedule=False),
    skip=lambda subject: (
        claimed("descends", "small enough steps decrease a convex function")(subject)
        or (None if subject.has_lr else "it has no lr to be made smaller")
    ),
)
def descends_with_a_small_enough_step(subject: Any, scenario: Scenario) -> Evidence:
    """On a convex quadratic some lr / 2^k decreases the function in a few steps (increases, if it maximizes)."""
    hyper = scenario.groups[0]
    if not hyper.get("lr") or not sum(p.numel() for p in scenario.parameters[0]):
        return Evidence(counted=False)
    sign = -1.0 if hyper.get("maximize") else 1.0
    seen = []
    for k in range(0, 40, 3):
        params = replace(scenario, dtype=torch.float64).fresh()
        if not any(p.ne(1).any() for p in params):
            return Evidence(counted=False)  # at the minimum already
        trial = scenario.with_hyper(lr=hyper["lr"] / 2**k)
        optimizer = subject.optimizer(trial, params)
        values = []
        for _ in range(len(scenario.gradients) + 1):
            values.append(sum(float(((p.detach() - 1) ** 2).sum()) for p in params))  # sum (p - 1)^2
            for p in params:
                p.grad = sign * 2 * (p.detach() - 1)
            subject.step(trial, optimizer, params)
        if values[-1] < values[0]:
            return Evidence(entries=1)
        seen.append(values[-1] - values[0])
    raise Broken(
        "sum (p - 1)^2 after a few steps, at every lr / 2^k",
        f"grown by {min(seen):.3g} or more",
        "smaller",
        closing=DESCENDS,
    )


@book.law(lambda subject: subject.scenarios(steps=(2, 5), dtypes=(*subject.dtypes, torch.bfloat16)))
def keeps_dtype_and_device(subject: Any, scenario: Scenario) -> Evidence:
    """Parameters and their state keep dtype and device (step counters and single numbers excepted; the state of an
    optimizer that is not a rule may be kept more exactly than the parameter), whatever the default dtype is."""
    plain = scenario.fresh()
    optimizer = subject.optimizer(scenario, plain)
    for step in subject.run(scenario, optimizer, plain):
        _kept(subject, scenario, optimizer, plain, f"step {step + 1}: ", f"run(mine, stop={step + 1})")
    with default_dtype(torch.float64):
        params, under = subject.finished(scenario)
        other = look(scenario, params, under)
    if not subject.exact:  # a number of its own may be kept in the default dtype
        return _kept(subject, scenario, under, params, "under default dtype float64: ", "run(mine)")
    return same(other, look(scenario, plain, optimizer), "under default dtype float64: ", WIDE)


def _kept(subject: Any, scenario: Scenario, optimizer: Any, params: Any, what: str, run: str) -> Evidence:
    seen = 0
    for name, p in zip(scenario.names(), params, strict=True):
        state = {f"{key} of {name}": value for key, value in state_tensors(optimizer, p).items()}
        for key, value in {name: p.detach(), **state}.items():
            if key != name and not (value.ndim and value.is_floating_point()):
                continue
            finer = key != name and not subject.exact and value.dtype.itemsize >= p.dtype.itemsize
            seen += 1
            if not (value.dtype == scenario.dtype or finer) or value.device != p.device:
                lines = "torch.set_default_dtype(torch.float64)\n" if "default" in what else ""
                kept = f'look(params, optimizer, "{key}").dtype == {scenario.dtype}'
                raise Broken(
                    f"{what}{key}", f"{value.dtype} on {value.device}", f"{scenario.dtype} on {p.device}",
                    closing=f"{lines}*_, (params, optimizer) = {run}\nassert {kept}",
                )  # fmt: skip
    return Evidence(entries=seen)


@book.law(lambda subject: subject.scenarios(steps=(2, 4)))
def takes_every_shape_and_stride(subject: Any, scenario: Scenario) -> Evidence:
    """Parameters without dimension, empty, of odd sizes, and views with strides move as contiguous ones do."""
    expected, _ = subject.finished(scenario)
    wide = [_widened(p.detach()) for p in scenario.fresh()]
    params = [_inside(w).requires_grad_() for w in wide]
    optimizer = subject.optimizer(scenario, params)
    for _ in subject.run(scenario, optimizer, params):
        pass
    for name, w in zip(scenario.names(), wide, strict=True):
        beside = torch.ones_like(w)
        _inside(beside).zero_()
        if not w[beside.bool()].isnan().all():
            raise Broken(f"the memory beside {name}", "written to", "untouched", closing=STRIDED)
    got, contiguous = [p.detach() for p in params], [p.detach() for p in expected]
    return subject.agree(scenario, scenario.names(), got, contiguous, what="strided: ", closing=STRIDED)


def _widened(p: torch.Tensor) -> torch.Tensor:
    """Memory that holds p, with NaN after every number and at the end of every row: no view of it is flat."""
    room = (*p.shape[:-1], p.shape[-1] + 1, 2) if p.ndim else (2,)
    wide = torch.full(room, float("nan"), dtype=p.dtype)
    _inside(wide).copy_(p)
    return wide


def _inside(wide: torch.Tensor) -> torch.Tensor:
    return wide[..., :-1, 0] if wide.ndim > 1 else wide[0]


@book.law(
    lambda subject: subject.wrongs,
    skip=lambda subject: claimed("validates", "it refuses hyperparameters outside their domains")(subject)
    or (None if subject.wrongs is not None else "no hyperparameters were given whose domain is known"),
)  # fmt: skip
def refuses_values_outside_their_domain(subject: Any, wrongs: Wrongs) -> Evidence:
    """A hyperparameter outside its domain, each in its turn, is refused by an error that names it."""
    for wrong in wrongs.each:
        with shown_on(wrong):
            _refused(subject, wrong)
    return Evidence(entries=len(wrongs.each))


def _refused(subject: Any, wrong: Outside) -> None:
    shape = next(shape for shape in subject.shapes if prod(shape))
    p = torch.zeros(shape).requires_grad_()
    for how, params, hyper in (
        ("handed to the constructor", [p], wrong.all),
        ("in a group", [{"params": [p], **wrong.all}], wrong.good),
    ):
        where, closing = f"{wrong.describe()} {how}", wrong.closing(how, shape, subject.exact)
        try:
            subject.make(params, **hyper)
        except (ValueError, TypeError) as error:
            if subject.exact and wrong.field not in str(error):  # others say "Invalid learning rate"
                raise Broken(where, error, f"an error that names {wrong.field}", closing=closing) from error
        except Exception as error:
            got = f"{type(error).__name__}: {error}"
            raise Broken(where, got, "a ValueError that names it", closing=closing) from error
        else:
            raise Broken(where, "accepted", "an error that names it", closing=closing)


@book.law(lambda subject: subject.scenarios(steps=SEVERAL))
def repeats_and_touches_nothing_else(subject: Any, scenario: Scenario) -> Evidence:
    """The same run gives the same bits, and leaves default dtype, thread count and random state alone."""
    state = (torch.get_default_dtype(), torch.get_num_threads(), random.getstate())
    numbers = torch.get_rng_state()
    first = look(scenario, *subject.finished(scenario))
    if state != (torch.get_default_dtype(), torch.get_num_threads(), random.getstate()):
        raise Broken("default dtype, thread count or Python's random state", "changed", "untouched", closing=GLOBAL)
    if not torch.equal(numbers, torch.get_rng_state()):
        raise Broken("torch's random state", "changed", "untouched", closing=GLOBAL)
    return same(look(scenario, *subject.finished(scenario)), first, "run again: ", AGAIN)
