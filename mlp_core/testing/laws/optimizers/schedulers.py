"""The law of an optimizer under torch's schedulers, single and chained, saved and loaded."""

from __future__ import annotations

import copy
import warnings
from typing import Any

import torch
from torch.optim import lr_scheduler as given

from mlp_core.testing.engine.distinct import digest
from mlp_core.testing.engine.evidence import Broken, Evidence
from mlp_core.testing.examples.scenario import Scenario
from mlp_core.testing.laws.optimizers.book import FEW, OptimizerBook
from mlp_core.testing.laws.optimizers.shared import SAME, look, same
from mlp_core.testing.laws.optimizers.values import names_in_groups

SCHEDULERS = (
    "LambdaLR(o, lambda k: 1 / (k + 1))",
    "MultiplicativeLR(o, lambda k: 0.75)",
    "StepLR(o, 2, 0.5)",
    "MultiStepLR(o, [1, 3], 0.5)",
    "ConstantLR(o, 0.25, 2)",
    "LinearLR(o, 0.25, total_iters=3)",
    "ExponentialLR(o, 0.75)",
    "CosineAnnealingLR(o, 4)",
    "PolynomialLR(o, 8)",
    "CosineAnnealingWarmRestarts(o, 2)",
    "CyclicLR(o, 0.01, 0.1, 2, cycle_momentum=False)",
    "OneCycleLR(o, 0.1, total_steps=9, cycle_momentum=False)",
    "SequentialLR(o, [s.LinearLR(o, 0.25, total_iters=2), s.StepLR(o, 1, 0.5)], [2])",
    "ChainedScheduler([s.LinearLR(o, 0.25, total_iters=3), s.ExponentialLR(o, 0.75)])",
    "ReduceLROnPlateau(o, patience=0)",
)
"""one of each kind of torch's schedulers, with a short period"""

TIMED = """\
from torch.optim import lr_scheduler as s
def scheduled(o):
    return s.SCHEDULER
def advance(scheduler):
    scheduler.step(1.0) if isinstance(scheduler, s.ReduceLROnPlateau) else scheduler.step()
plain = torch.optim.SGD(groups(fresh()), lr=hyper[0]["lr"])
scheduler, rates = scheduled(plain), []
for _ in gradients:
    rates.append([g["lr"] for g in plain.param_groups])
    plain.step(), advance(scheduler)
params = fresh()
optimizer = mine(groups(params), **hyper[0])
scheduler = scheduled(optimizer)
for step, row in enumerate(gradients):
    assert [g["lr"] for g in optimizer.param_groups] == rates[step], (step, rates)
    for p, g in zip(params, row):
        p.grad = g.clone()
    optimizer.step(), advance(scheduler)
"""
"""SCHEDULER is filled in by the law"""

MOVED = (
    TIMED.replace("{", "{{").replace("}", "}}")
    + """\
got = look(params, optimizer, "{name}")[{index}].item()
def set_lr(optimizer, step):
    for group, lr in zip(optimizer.param_groups, rates[step]):
        group["lr"] = lr
*_, (params, optimizer) = run(mine)
expected = look(params, optimizer, "{name}")[{index}].item()
"""
    + SAME
)

LOADED = (
    TIMED.replace(
        "params = fresh()\noptimizer", "import copy\nparams, half = fresh(), len(gradients) // 2\noptimizer"
    ).replace(
        "    assert [g",
        "    if step == half:\n"
        "        saved = copy.deepcopy((optimizer.state_dict(), scheduler.state_dict()))\n"
        "    assert [g",
    )
    + """\
optimizer = mine(groups(params), **hyper[0])
scheduler = scheduled(optimizer)
optimizer.load_state_dict(saved[0]), scheduler.load_state_dict(saved[1])
for step in range(half, len(gradients)):
    assert [g["lr"] for g in optimizer.param_groups] == rates[step], (step, rates)
    optimizer.step(), advance(scheduler)"""
)

book = OptimizerBook(waivable=True)


def needs_an_lr_in_its_groups(subject: Any) -> str | None:
    if not subject.has_lr:
        return "it has no lr"
    return None if "lr" in names_in_groups(subject) else "its groups have no lr"


def scheduled(which: str, optimizer: Any) -> Any:
    """One of SCHEDULERS for an optimizer."""
    return eval(f"s.{which}", {"s": given, "o": optimizer})  # noqa: S307  (a line of this file)


def advance(scheduler: Any) -> None:
    scheduler.step(1.0) if isinstance(scheduler, given.ReduceLROnPlateau) else scheduler.step()


def rates(which: str, scenario: Scenario) -> list[list[float]]:
    """The rates of all groups in each step, as for torch's SGD."""
    own = [torch.zeros(1, requires_grad=True) for _ in scenario.groups]
    groups = [{"params": [p], "lr": float(hyper["lr"])} for p, hyper in zip(own, scenario.groups, strict=True)]
    plain, found = torch.optim.SGD(groups, lr=float(scenario.groups[0]["lr"])), []
    scheduler = scheduled(which, plain)
    for _ in scenario.gradients:
        found.append([float(group["lr"]) for group in plain.param_groups])
        plain.step()
        advance(scheduler)
    return found


@book.law(
    lambda s: s.telling(groups=(1, s.max_groups), steps=(6, 7)), skip=needs_an_lr_in_its_groups, share=FEW,
    doing="under a scheduler of torch.optim.lr_scheduler",
    beside="it tries every scheduler of torch, which no other law uses",
)  # fmt: skip
def obeys_schedulers(subject: Any, scenario: Scenario) -> Evidence:
    """Under each of torch's schedulers, chained ones too, the groups have the rates that the scheduler gives torch's
    SGD, and the parameters move by those rates. This also holds if both are saved halfway and loaded into new ones.

    A scheduler computes the next rate from the current one. An optimizer that writes a rate of its own between two
    scheduler steps changes all later rates.
    """
    if any(not float(hyper["lr"]) for hyper in scenario.groups):
        return Evidence(counted=False)  # CyclicLR and OneCycleLR divide by it
    which = SCHEDULERS[digest(scenario) % len(SCHEDULERS)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # schedulers warn about the order of calls, and about epochs
        wanted = rates(which, scenario)
        lines = TIMED.replace("SCHEDULER", which)
        params = scenario.fresh()
        optimizer = subject.optimizer(scenario, params)
        with subject.foreign():
            scheduler = scheduled(which, optimizer)
        half, name = len(scenario.gradients) // 2, which.partition("(")[0]
        for step in range(len(scenario.gradients)):
            _same_rates(optimizer, wanted, step, name, lines)
            if step == half:
                saved = copy.deepcopy((optimizer.state_dict(), scheduler.state_dict()))
            scenario.set_gradients(params, step)
            subject.step(scenario, optimizer, params)
            with subject.foreign():
                advance(scheduler)
        _loaded(subject, scenario, which, saved, wanted)
        by_hand, seen = _by_hand(subject, scenario, wanted), look(scenario, params, optimizer)
        return same(seen, by_hand, f"under {name}: ", MOVED.replace("SCHEDULER", which))


def _by_hand(subject: Any, scenario: Scenario, wanted: list[list[float]]) -> dict[str, torch.Tensor]:
    """A run with the scheduler's rates written before each step."""
    params = scenario.fresh()
    optimizer = subject.optimizer(scenario, params)
    for step, row in enumerate(wanted):
        several = row if len(row) > 1 else row * len(optimizer.param_groups)
        for group, lr in zip(optimizer.param_groups, several, strict=True):
            group["lr"] = lr
        scenario.set_gradients(params, step)
        subject.step(scenario, optimizer, params)
    return look(scenario, params, optimizer)


def _loaded(
    subject: Any, scenario: Scenario, which: str, saved: Any, wanted: list[list[float]]
) -> None:  # fmt: skip
    """A run in which both are saved halfway and loaded into new ones. The rates must continue; other laws check the
    other loaded values.
    """
    half, params = len(scenario.gradients) // 2, scenario.fresh()
    optimizer = subject.optimizer(scenario, params)
    with subject.foreign():
        scheduler = scheduled(which, optimizer)
        optimizer.load_state_dict(saved[0])
        scheduler.load_state_dict(saved[1])
    for step in range(half, len(scenario.gradients)):
        _same_rates(optimizer, wanted, step, f"{which.partition('(')[0]}, saved and loaded halfway", LOADED.replace(
            "SCHEDULER", which))  # fmt: skip
        scenario.set_gradients(params, step)
        subject.step(scenario, optimizer, params)
        with subject.foreign():
            advance(scheduler)


def _same_rates(optimizer: Any, wanted: list[list[float]], step: int, name: str, closing: str) -> None:
    got = [float(group["lr"]) for group in optimizer.param_groups]
    if len(got) != len(wanted[step]) or got == wanted[step]:  # some split a group
        return
    k = next(k for k, pair in enumerate(zip(got, wanted[step], strict=True)) if pair[0] != pair[1])
    raise Broken(
        f"lr of param_groups[{k}] before step {step + 1}, under {name}", got[k], wanted[step][k], closing=closing,
        measured=f"under {name} its rate is {got[k]} before step {step + 1}, but the scheduler gives "
        f"{wanted[step][k]} to torch's SGD",
    )  # fmt: skip
