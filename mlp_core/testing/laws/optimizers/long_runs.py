"""The laws of an optimizer about hundreds of steps: equal to its reference throughout, and without a breakdown."""

from __future__ import annotations

from typing import Any

import torch
from hypothesis import strategies as st
from torch import Tensor

from mlp_core.equality import same_bits
from mlp_core.testing.bounds.envelopes import comparable, envelopes, explained, within
from mlp_core.testing.engine.distinct import digest
from mlp_core.testing.engine.evidence import Broken, Evidence
from mlp_core.testing.examples.long_runs import LongRun
from mlp_core.testing.examples.scenario import Scenario
from mlp_core.testing.laws.optimizers.book import OptimizerBook
from mlp_core.testing.laws.optimizers.equality import WITHIN, needs_a_reference

RARELY = 0.02
"""the share of the examples: each has hundreds of steps"""

LONG, LONGER = 250, 600
"""steps of a run beside a reference, and without one"""

SLOPES = ((1.0, 0.5), (0.0, 1.0), (0.25, 0.5))
"""the mean of the gradients, and how far they scatter"""

WINDOW = 100
"""steps over which the movement is measured: several periods of Lookahead and of cyclic schedules"""

EXPLODES = 1e9
"""times the movement of an earlier window; an estimate of the distance that starts at 1e-6 grows by less"""

SLOW = 0.01
"""the largest lr of such a run: steps proportional to the parameter grow as (1 + lr)^steps, which is no explosion"""

SMALLER = 128
"""what lr is divided by to see whether a finding is a matter of the rate"""

BACK = 0.1
"""the share of the movement of an earlier window; less may be a balance of slope and decay"""

SANE = """\
path = [params[0].detach().double().clone() for params, _ in run(mine)]
early, late = path[149] - path[49], path[-1] - path[-101]
assert torch.isfinite(path[-1]).all(), path[-1]
assert late.ne(0).any() or not early.ne(0).any(), "it has stopped"
assert not ((late * early < 0) & (late.abs() > 0.1 * early.abs())).any(), ("it goes back", early, late)
assert not (late.abs() > 1e9 * early.abs()).logical_and(early.ne(0)).any(), ("it explodes", early, late)"""

book, judging = OptimizerBook(waivable=True), OptimizerBook(judges=True)


def begin(subject: Any, **options: Any) -> st.SearchStrategy[Scenario]:
    return subject.telling(steps=(1, 1), per_group=(1, 1), decay=False, **options)


def beside_a_reference(subject: Any) -> st.SearchStrategy[LongRun]:
    dtypes = (subject.dtypes if subject.twin else comparable(subject)) or subject.dtypes

    def made(scenario: Scenario) -> LongRun:
        number = digest(scenario) % 2**16
        return LongRun(scenario, number, LONG, *SLOPES[number % len(SLOPES)])

    return begin(subject, dtypes=dtypes[:1]).map(made)


def needs_both(subject: Any) -> str | None:
    return without_closure(subject) or needs_a_reference(subject)


def without_closure(subject: Any) -> str | None:
    return "it calls its closure, so that one step contains many" if subject.closure else None


@judging.law(
    beside_a_reference, skip=needs_both, share=RARELY, doing="in a run of hundreds of steps",
    beside="it takes hundreds of steps; the other equalities take a few",
)  # fmt: skip
def equals_its_reference_in_a_long_run(subject: Any, run: LongRun) -> Evidence:
    """After each of several hundred steps the parameter equals the reference's: bit for bit for torch's twin, else
    within what rounding explains.

    Corrections fade, counters overflow and schedules end after more steps than a test usually takes. An average that
    decays slightly too fast is correct at first.
    """
    scenario = run.scenario
    mine, theirs = scenario.fresh(), scenario.fresh()
    ours, reference = subject.optimizer(scenario, mine), subject.optimizer(scenario, theirs, subject.reference)
    got, differs = list[list[Tensor]](), False
    for _ in zip(subject.run(scenario, ours, mine), scenario.run(reference, theirs), strict=True):
        got.append([mine[0].detach().double().clone()])
        differs |= not same_bits(mine[0], theirs[0])
    if not differs:
        return Evidence(entries=run.steps * mine[0].numel())
    return explained(envelopes(scenario, subject.reference), lambda found: within(scenario, got, found, WITHIN))


def without(subject: Any) -> st.SearchStrategy[LongRun]:
    finest = min(subject.dtypes, key=lambda dtype: torch.finfo(dtype).eps)

    def made(scenario: Scenario) -> LongRun:
        resting = {name: value for name, value in (subject.resting or {}).items() if name != "lr"}
        if isinstance(scenario.groups[0].get("lr"), float):
            resting["lr"] = min(scenario.groups[0]["lr"], SLOW)
        centre, wide = SLOPES[0]
        return LongRun(scenario.with_hyper(**resting), digest(scenario) % 2**16, LONGER, centre, wide)

    return begin(subject, dtypes=[finest]).map(made)


@book.law(
    without, skip=without_closure, share=RARELY, doing="in a run of hundreds of steps on one slope", closing=SANE,
    beside="it needs no reference",
)  # fmt: skip
def keeps_descending_in_a_long_run(subject: Any, run: LongRun) -> Evidence:
    """On one noisy slope, hundreds of steps continue downhill as they began: no value becomes infinite or NaN, stops
    for good, or moves back up.

    After its end, a schedule makes the rate negative; a 16-bit counter stops; a correction divides by zero. A run of
    many hours ends in that, and no short test reaches it.
    """
    path = _path(subject, run.scenario, subject.optimizer)
    early = _ways(path)[0]
    if not bool(early.ne(0).any()) and bool(path[-1].isfinite().all()):
        return Evidence(entries=early.numel(), counted=False)
    found = _insane(path)
    if found is None or _by_its_rate(subject, run.scenario) or _as_its_reference(subject, run.scenario):
        return Evidence(entries=early.numel())
    what, k, before, way = found
    raise Broken(
        f"params[0], entry {k} in flat order, over the last {WINDOW} of {run.steps} steps on one slope",
        f"moved by {way:.4g}", f"on as before, when {WINDOW} steps moved it by {before:.4g}", closing=SANE,
        measured=f"on a constant slope it {what}: steps 50 to 150 move an entry by {before:.4g}, "
        f"the last {WINDOW} of {run.steps} by {way:.4g}",
    )  # fmt: skip


def _path(subject: Any, scenario: Scenario, make: Any) -> list[Tensor]:
    """The parameter after every step."""
    params, path = scenario.fresh(), list[Tensor]()
    for _ in subject.run(scenario, make(scenario, params), params):
        path.append(params[0].detach().double().clone())
    return path


def _ways(path: list[Tensor]) -> tuple[Tensor, Tensor]:
    """The movement over steps 50 to 150, and over the last 100."""
    return path[WINDOW + WINDOW // 2 - 1] - path[WINDOW // 2 - 1], path[-1] - path[-WINDOW - 1]


def _insane(path: list[Tensor]) -> tuple[str, int, float, float] | None:
    """The fault of a run, if there is one: words, the entry, and its early and late movement."""
    early, late = _ways(path)
    for what, wrong in (
        ("is not finite", ~path[-1].isfinite()),
        ("has stopped", (late == 0).logical_and(early != 0) if not bool(late.ne(0).any()) else torch.zeros(())),
        ("goes back", (late * early < 0) & (late.abs() > BACK * early.abs())),
        ("explodes", (late.abs() > EXPLODES * early.abs()) & early.ne(0)),
    ):
        if bool(wrong.any()):
            k = int(wrong.flatten().nonzero()[0]) if wrong.ndim == early.ndim else 0
            return what, k, early.flatten()[k].item(), late.flatten()[k].item()
    return None


def _by_its_rate(subject: Any, scenario: Scenario) -> bool:
    """Whether a far smaller lr cures it: steps proportional to the parameter grow with lr, and with momentum more."""
    lr = scenario.groups[0].get("lr")
    if not isinstance(lr, float) or not lr:
        return False
    return _insane(_path(subject, scenario.with_hyper(lr=lr / SMALLER), subject.optimizer)) is None


def _as_its_reference(subject: Any, scenario: Scenario) -> bool:
    """Whether the reference does no better: with some hyperparameters no optimizer does."""
    if subject.reference is None:
        return False
    path = _path(subject, scenario, lambda made, params: subject.optimizer(made, params, subject.reference))
    return _insane(path) is not None
