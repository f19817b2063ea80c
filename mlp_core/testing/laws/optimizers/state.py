"""The laws of an update: what an optimizer must satisfy, one law a function.

A subject offers `make(params, **hyperparameters)`, `reference` likewise (or None), `scenarios(...)` and its claims.
"""

from __future__ import annotations

import copy
import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import torch
from hypothesis import strategies as st
from torch import Tensor

from mlp_core.testing.failure import compare
from mlp_core.testing.law import Broken, Evidence, LawBook
from mlp_core.testing.rule_company_snippets import ADJACENT
from mlp_core.testing.rule_snippets import (
    GRADIENT,
    RESUMED,
    REUSED,
    ROLLED_BACK,
    TURNED,
    TWO,
)
from mlp_core.testing.scenario import Scenario, scaled, state_tensors

book = LawBook()

SEVERAL = (2, 6)
"""steps of the laws that hold an optimizer to itself; against a reference it takes up to twelve"""


def claimed(claim: str, meaning: str) -> Any:
    """A skip for subjects that do not claim what a law needs."""
    return lambda subject: None if claim in subject.claims else f"not claimed: add {claim!r} to the claims if {meaning}"


def look(scenario: Scenario, params: Sequence[Tensor], optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Every parameter and every tensor of state, copied, by name."""
    return {name: value.clone() for name, value in seen(scenario, params, optimizer).items()}


def seen(scenario: Scenario, params: Sequence[Tensor], optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """What `look` copies, as it stands."""
    found = {}
    for name, p in zip(scenario.names(), params, strict=True):
        found[name] = p.detach()
        found.update({f"{key} of {name}": value for key, value in state_tensors(optimizer, p).items()})
    return found


def same(got: dict[str, Tensor], expected: dict[str, Tensor], what: str, closing: str) -> Evidence:
    """Hold two looks to the same bits; a name that only one has is a difference."""
    if got.keys() != expected.keys():
        odd = sorted(got.keys() ^ expected.keys())[0]
        slot, _, p = odd.rpartition(" of ")
        there = f"def has(params, optimizer):\n    return optimizer.state[{p}].get({slot!r}) is not None\n"
        raise Broken(
            f"{what}{odd}", "there" if odd in got else "missing", "missing" if odd in got else "there",
            closing=there + _about(closing, "has({seen})", odd),
        )  # fmt: skip
    for name, value in got.items():
        if value.shape != expected[name].shape:
            raise Broken(
                f"{what}{name}", f"shape {tuple(value.shape)}", f"shape {tuple(expected[name].shape)}",
                closing=_about(closing, 'tuple(look({seen}, "{name}").shape)', name),
            )  # fmt: skip
        if value.dtype != expected[name].dtype:
            raise Broken(
                f"{what}{name}", value.dtype, expected[name].dtype,
                closing=_about(closing, 'look({seen}, "{name}").dtype', name),
            )  # fmt: skip
    return compare(list(got), list(got.values()), list(expected.values()), [0.0] * len(got), what=what, closing=closing)


LOOK = re.compile(r'look\((.*?), "\{name\}"\)\[\{index\}\]\.item\(\)')


def _about(closing: str, expression: str, name: str) -> str:
    """A closing about something else of a tensor than one of its numbers: its shape, or whether it is there at all."""
    other = LOOK.sub(lambda found: expression.replace("{seen}", found[1]), closing)
    return other.format(name=name, index=(), expected=None, bound=0.0)


def single_group(subject: Any) -> st.SearchStrategy[Scenario]:
    return subject.scenarios(groups=(1, 1), steps=SEVERAL)


@book.law(
    single_group,
    skip=claimed("coordinatewise", "it treats every coordinate alone"),
    beside="all that asks it of an optimizer without a reference",
)
def treats_every_coordinate_alone(subject: Any, scenario: Scenario) -> Evidence:
    """One long parameter, with its coordinates in another order, moves as its pieces do; so do pieces that lie side by
    side in one buffer, where an optimizer may step them at once.

    It is what allows a whole network to be stepped as one flat vector. An optimizer that looks at a norm, or across
    tensors that happen to lie side by side, gives other results for another layout in memory.
    """
    n = sum(p.numel() for p in scenario.parameters[0])
    if not n:
        return Evidence(counted=False)
    order = torch.arange(n - 1, -1, -1)

    def joined(tensors: Sequence[Tensor | None]) -> Tensor:
        return torch.cat([t.flatten() for t in tensors if t is not None])[order]

    long = replace(
        scenario,
        parameters=((joined(scenario.parameters[0]),),),
        gradients=tuple((joined(row),) for row in scenario.gradients),
    )
    params, _ = subject.finished(scenario)
    together, _ = subject.finished(long)
    adjacent = subject.side_by_side(scenario)
    expected = torch.cat([p.detach().flatten() for p in params])
    got = [together[0].detach()[order], torch.cat([p.detach().flatten() for p in adjacent])]
    evidence = Evidence()
    for what, one, closing in (
        ("all coordinates in one parameter, turned round", got[0], TURNED),
        ("all parameters side by side in one buffer", got[1], ADJACENT),
    ):
        found = subject.agree(scenario, [what], [one], [expected], closing=closing, arranged=_in_one)
        evidence.entries, evidence.counted = found.entries, found.counted
    return evidence


def _in_one(tensors: list[Tensor]) -> list[Tensor]:
    return [torch.cat([t.flatten() for t in tensors])]


@book.law(lambda subject: subject.scenarios(steps=SEVERAL))
def leaves_the_gradient_alone(subject: Any, scenario: Scenario) -> Evidence:
    """A gradient is read, never changed, and never kept: overwriting it between steps changes nothing.

    Gradients are logged, clipped, accumulated and read by others after the step. Decay that is added in place doubles
    in the next accumulation; a gradient kept as momentum changes when the next one is written over it.
    """
    expected = look(scenario, *subject.finished(scenario))
    params = scenario.fresh()
    optimizer = subject.optimizer(scenario, params)
    memory = [torch.full_like(p, float("nan")) for p in params]
    for step in subject.run(scenario, optimizer, params, scenario.written_to(memory)):
        for index, g in enumerate(memory):
            fresh = scenario.given(step, index).to(scenario.dtype)
            compare([f"gradient of params[{index}]"], [g], [fresh], [0.0], what=f"step {step + 1}: ", closing=GRADIENT)
            g.fill_(float("nan"))
    return same(look(scenario, params, optimizer), expected, "with gradients overwritten after each step: ", REUSED)


@book.law(lambda subject: subject.scenarios(missing=True, steps=SEVERAL), closing=RESUMED)
def goes_on_after_save_and_load(subject: Any, scenario: Scenario) -> Evidence:
    """Stopped halfway, saved, loaded into a new optimizer of other hyperparameters, or back into the old one, and gone
    on, it ends where it would have ended.

    Long runs are interrupted. A count, a velocity or a rate that is not in state_dict begins anew, and the run ends
    elsewhere without an error.
    """
    expected = look(scenario, *subject.finished(scenario))
    half = len(scenario.gradients) // 2
    first = replace(scenario, gradients=scenario.gradients[:half], lr_factors=scenario.lr_factors[:half])
    params, optimizer = subject.finished(first)
    file = io.BytesIO()
    with subject.foreign():
        torch.save(optimizer.state_dict(), file)
        file.seek(0)
        saved = torch.load(file, weights_only=True)
    again = [p.detach().clone().requires_grad_() for p in params]
    rest = replace(scenario, gradients=scenario.gradients[half:], lr_factors=scenario.lr_factors[half:])
    held_back = scenario.fresh()
    memory = [torch.zeros_like(p) for p in held_back]  # where it was cached, it is looked for there again
    old = subject.optimizer(scenario, held_back)
    for _ in subject.run(scenario, old, held_back, scenario.written_to(memory)):
        pass
    for p, value in zip(held_back, params, strict=True):
        p.data.copy_(value)
    for what, optimizer, held, gradient, closing in (
        ("saved, loaded and gone on: ", subject.optimizer(scenario, again), again, None, RESUMED),
        ("rolled back and gone on: ", old, held_back, rest.written_to(memory), ROLLED_BACK),
    ):
        for group in optimizer.param_groups if held is again else ():  # loading must put these back
            group.update({name: scaled(group[name], 0.5) for name in scenario.scalable})
        with subject.foreign():
            optimizer.load_state_dict(copy.deepcopy(saved))
        for _ in subject.run(rest, optimizer, held, gradient):
            pass
        found = same(look(scenario, held, optimizer), expected, what, closing)
    return found


@book.law(
    lambda subject: subject.scenarios(steps=SEVERAL), beside="all that asks it of an optimizer without a reference"
)
def keeps_two_runs_apart(subject: Any, scenario: Scenario) -> Evidence:
    """Two optimizers stepped in turn do what each does alone: no state is shared between them.

    Two networks are trained in one process more often than one thinks: a GAN, a sweep, a test. State kept by shape, or
    in a global, flows from one into the other.
    """
    other = scenario.mapped(lambda t: 2 * t + 1)
    alone = [look(s, *subject.finished(s)) for s in (scenario, other)]
    params = [s.fresh() for s in (scenario, other)]
    optimizers = [subject.optimizer(s, p) for s, p in zip((scenario, other), params, strict=True)]
    runs = [subject.run(s, o, p) for s, o, p in zip((scenario, other), optimizers, params, strict=True)]
    for _ in zip(*runs, strict=True):
        pass
    same(look(scenario, params[0], optimizers[0]), alone[0], "run in turn with another: ", TWO)
    return same(look(other, params[1], optimizers[1]), alone[1], "run in turn with another, the second: ", TWO)


@contextmanager
def shown_on(example: Any) -> Iterator[None]:
    """The snippet builds `example` instead of the one the law was given."""
    try:
        yield
    except Broken as broken:
        broken.example = example
        raise
