"""More laws of an update: fixed points, symmetry, descent, what hyperparameters do, conduct."""

from __future__ import annotations

import random
from dataclasses import replace
from math import prod
from typing import Any

import torch

from mlp_core.testing.bounds import rounding
from mlp_core.testing.law import Broken, Evidence, LawBook
from mlp_core.testing.rule_laws import SEVERAL, claimed, look, same, shown_on
from mlp_core.testing.rule_snippets import (
    AGAIN,
    DESCENDS,
    GLOBAL,
    LITERAL,
    MIRRORED,
)
from mlp_core.testing.scenario import Scenario
from mlp_core.testing.variants import Changes, Outside, Wrongs

book = LawBook()

OBSERVED = 100  # bounds of rounding by which a hyperparameter must move something


@book.law(
    lambda subject: subject.scenarios(kinds=("zero",), decay=False, steps=SEVERAL),
    skip=claimed("fixed_point", "a zero gradient from a fresh state moves nothing"),
    beside="all that asks it of an optimizer without a reference",
)
def stays_put_under_zero_gradients(subject: Any, scenario: Scenario) -> Evidence:
    """Zero gradients from a fresh state, every decay off: a fixed point.

    Nothing has been learnt, so nothing may move: what does is a drift that adds up over every step of training.
    """
    start = [p.detach().clone() for p in scenario.fresh()]
    params, _ = subject.finished(scenario)
    after, what = [p.detach() for p in params], "after zero gradients: "
    return subject.agree(scenario, scenario.names(), after, start, what=what, closing=LITERAL)


@book.law(
    lambda subject: subject.scenarios(steps=SEVERAL),
    skip=claimed("odd", "negating parameters and gradients negates the step"),
    beside="all that asks it of an optimizer without a reference",
)
def negates_with_its_arguments(subject: Any, scenario: Scenario) -> Evidence:
    """Negating all parameters and gradients negates the result.

    Turning the sign of every weight and gradient gives the mirror image of the same problem. A rule that leans to one
    side has a bias that no single step shows.
    """
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
    beside="all that asks it of an optimizer without a reference",
)
def shows_every_hyperparameter(subject: Any, drawn: Changes) -> Evidence:
    """Moving a hyperparameter, each in its turn, moves a parameter or its state by 100 roundings at least.

    An option that is accepted and ignored is worse than one that is refused: a search over it compares noise.
    """
    seen, entries = set(), 0
    for field, before, after in drawn.pairs:
        a, b = look(before, *subject.finished(before)), look(after, *subject.finished(after))
        entries += len(a)
        if any(_moved(a[name], b[name], before.dtype) for name in a.keys() & b.keys()):
            seen.add(field)
    return Evidence(entries=entries, seen=frozenset(seen), counted=bool(seen) or not drawn.pairs)


def _moved(a: torch.Tensor, b: torch.Tensor, dtype: torch.dtype) -> bool:
    a, b, u = a.double(), b.double(), rounding.unit_roundoff(dtype)
    noise = min(OBSERVED * u, u**0.5) * torch.maximum(a.abs(), b.abs())  # in 16 bits 100 roundings are too many
    return bool(((a - b).abs() > noise).any())


@book.law(
    lambda subject: subject.scenarios(decay=False, groups=(1, 1), steps=(2, 4), schedule=False),
    skip=lambda subject: (
        claimed("descends", "small enough steps decrease a convex function")(subject)
        or (None if subject.has_lr else "it has no lr to be made smaller")
    ),
    beside="all that asks it of an optimizer without a reference: whether it goes downhill",
)
def descends_with_a_small_enough_step(subject: Any, scenario: Scenario) -> Evidence:
    """On a convex quadratic some lr / 2^k decreases the function in a few steps (increases, if it maximizes).

    The least an optimizer owes anybody is the direction. It is asked with steps small enough that only a wrong one can
    fail.
    """
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


@book.law(
    lambda subject: subject.wrongs,
    skip=lambda subject: claimed("validates", "it refuses hyperparameters outside their domains")(subject)
    or (None if subject.wrongs is not None else "no hyperparameters were given whose domain is known"),
)  # fmt: skip
def refuses_values_outside_their_domain(subject: Any, wrongs: Wrongs) -> Evidence:
    """A hyperparameter outside its domain, each in its turn, is refused by an error that names it.

    A negative rate, a beta of 1, NaN: they train without an error, to nothing. Refused by name at construction they
    cost a second.
    """
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
    """The same run gives the same bits, and leaves default dtype, thread count and random state alone.

    An optimizer that consumes random numbers shifts every later dropout and shuffle; one that depends on the time of
    its calls cannot be reproduced.
    """
    state = (torch.get_default_dtype(), torch.get_num_threads(), random.getstate())
    numbers = torch.get_rng_state()
    first = look(scenario, *subject.finished(scenario))
    if state != (torch.get_default_dtype(), torch.get_num_threads(), random.getstate()):
        raise Broken("default dtype, thread count or Python's random state", "changed", "untouched", closing=GLOBAL)
    if not torch.equal(numbers, torch.get_rng_state()):
        raise Broken("torch's random state", "changed", "untouched", closing=GLOBAL)
    return same(look(scenario, *subject.finished(scenario)), first, "run again: ", AGAIN)
