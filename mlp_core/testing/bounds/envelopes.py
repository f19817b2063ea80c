"""The tolerance of a correct implementation around a reference, after every step or in every entry.

No bound can be derived for the rounding of foreign code. Instead the reference runs once unchanged, and several times
with an error of one more unit in the last place in every rounding, every gradient and every hyperparameter. The scatter
of these runs measures the effect of rounding; mlp_core.testing.bounds.references defines how much farther another
correct implementation may be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import torch
from torch import Tensor

from mlp_core import equality
from mlp_core.testing.bounds import references, rounding
from mlp_core.testing.bounds.perturbed import PerturbedRounding
from mlp_core.testing.engine.compare import compare
from mlp_core.testing.engine.evidence import Broken, Evidence
from mlp_core.testing.examples.scenario import Make, Scenario

T = TypeVar("T")


@dataclass
class Envelope:
    """The parameters after a step, their tolerance, the entries that are not informative, and whether a number on the
    way overflowed."""

    expected: list[Tensor]
    tolerance: list[Tensor]
    silent: list[Tensor]
    overflown: bool = False


def left_out(found: Tensor, expected: Tensor, tolerance: Tensor, silent: Tensor) -> Tensor:
    """The skipped entries, which are not informative. An entry with NaN or infinity is not skipped if the reference and
    every perturbed run have a finite number there (or the tolerance is infinite): rounding changes a number to another
    one, but not to NaN or infinity.
    """
    return silent & (found.isfinite() | ~expected.isfinite() | ~tolerance.isfinite())


def envelopes(scenario: Scenario, make: Make) -> Iterator[list[Envelope]]:
    """The tolerance after every step of a scenario (float64), from 1, 2, 4 and 8 perturbed runs.

    Tolerances only grow from one to the next: a result within the first is also within the last, which then need not be
    computed.
    """
    plain = [[p.detach().double().clone() for p in params] for params in _run(scenario, make, None)]
    deviations, coarsest = [[torch.zeros_like(p) for p in params] for params in plain], 0.0
    for seed in range(references.RUNS):
        mode, noisy = _perturbed(scenario, make, seed)
        for farthest, params, exact in zip(deviations, noisy, plain, strict=True):
            scatter(farthest, params, exact)
        coarsest = max(coarsest, mode.coarsest)
        if (seed + 1).bit_count() == 1:
            yield _judged(scenario, plain, deviations, coarsest)


def scatter(deviations: list[Tensor], noisy: list[Tensor], plain: list[Tensor]) -> None:
    """Widen the deviations, in place, by those of another run; a value that is not finite in one of them has an
    infinite deviation.
    """
    for deviation, p, exact in zip(deviations, noisy, plain, strict=True):
        torch.maximum(deviation, (p - exact).abs().nan_to_num(nan=float("inf")), out=deviation)


def run_envelopes(
    run: Callable[[PerturbedRounding], list[Tensor]], plain: list[Tensor], start: list[Tensor], dtype: torch.dtype
) -> Iterator[Envelope]:
    """The tolerance of the final numbers of a run, from 1, 2, 4 and 8 perturbed runs. plain: the numbers (float64) of
    the unperturbed run; start: their initial values, which show how far they moved.
    """
    deviations, coarsest = [torch.zeros_like(p) for p in plain], 0.0
    largest = [torch.maximum(a.abs(), b.abs()).nan_to_num(nan=float("inf")) for a, b in zip(plain, start, strict=True)]
    moved = [(a - b).abs() for a, b in zip(plain, start, strict=True)]
    for seed in range(references.RUNS):
        mode = PerturbedRounding(dtype, torch.Generator().manual_seed(seed))
        scatter(deviations, run(mode), plain)
        coarsest = max(coarsest, mode.coarsest)
        if (seed + 1).bit_count() == 1:
            tolerance = [references.perturbed(d, m, dtype) for d, m in zip(deviations, largest, strict=True)]
            three = zip(tolerance, moved, largest, strict=True)
            yield Envelope(plain, tolerance, [~references.sharp(t, d, m, coarsest) for t, d, m in three])


def _perturbed(scenario: Scenario, make: Make, seed: int) -> tuple[PerturbedRounding, list[list[Tensor]]]:
    """One perturbed run; without perturbed hyperparameters, if these leave their domain and are refused."""
    for hyperparameters in (True, False):
        mode = PerturbedRounding(scenario.dtype, torch.Generator().manual_seed(seed))
        try:
            run = _run(scenario, make, mode, hyperparameters)
            return mode, [[p.detach().double().clone() for p in params] for params in run]
        except Exception:
            if not hyperparameters:
                raise
    raise AssertionError("unreachable")


def explained(found: Iterator[T], compared: Callable[[T], Evidence], running: Any = nullcontext) -> Evidence:
    """The result of `compared` for the first tolerances that explain everything, or, if none do, for the last.

    `found` runs code inside the context `running`. Raises Broken, from `compared`, if rounding does not explain the
    difference.
    """
    failure = None
    while True:
        with running():
            envelope = next(found, None)
        if envelope is None:
            assert failure is not None
            raise failure
        try:
            return compared(envelope)
        except Broken as broken:
            failure = broken


def _judged(scenario: Scenario, plain: list[list[Tensor]], deviations: list[list[Tensor]], u: float) -> list[Envelope]:
    before = [p.detach().double() for p in scenario.fresh()]
    largest = [p.abs() for p in before]
    silent = [torch.zeros_like(p, dtype=torch.bool) for p in before]
    found = []
    for exact, deviation in zip(plain, deviations, strict=True):
        largest = [torch.maximum(m, p.abs().nan_to_num(nan=float("inf"))) for m, p in zip(largest, exact, strict=True)]
        tolerance = [references.perturbed(d, m, scenario.dtype) for d, m in zip(deviation, largest, strict=True)]
        moved = [(p - q).abs() for p, q in zip(exact, before, strict=True)]
        four = zip(silent, tolerance, moved, largest, strict=True)
        silent = [s | ~references.sharp(t, d, m, u) for s, t, d, m in four]
        found.append(Envelope(exact, tolerance, silent))
        before = exact
    return found


def _run(
    scenario: Scenario, make: Make, mode: PerturbedRounding | None, hyperparameters: bool = True
) -> Iterator[Sequence[Tensor]]:
    """Scenario.run, perturbed if a mode is given; yields the parameters after every step."""
    params = scenario.fresh()
    optimizer = scenario.optimizer(make, params)
    for step in range(len(scenario.gradients)):
        scenario.begin(optimizer, step)
        scenario.set_gradients(params, step)
        if mode is None:
            scenario.step(optimizer, params)
        else:
            for p in params:
                if p.grad is not None:
                    p.grad.mul_(mode.factors(p.grad))
            step_once = partial(scenario.step, optimizer, params)
            perturbed_step(optimizer, params, mode, step_once, hyperparameters)
        yield params


def perturbed_step(
    optimizer: torch.optim.Optimizer, params: Sequence[Tensor], mode: PerturbedRounding, step: Callable[[], object],
    hyperparameters: bool = True,
) -> None:  # fmt: skip
    """One step with perturbed operations, hyperparameters and coarse state."""
    mode.kept = frozenset(id(s) for p in params for s in _tensors(list(optimizer.state.get(p, {}).values())))
    with _perturbed_hyperparameters(optimizer, mode) if hyperparameters else nullcontext(), mode:
        step()
    _perturb_coarse_state(optimizer, params, mode)


def _tensors(values: Sequence[Any]) -> list[Tensor]:
    """All tensors among values, and in lists among the values."""
    inner = [t for v in values if isinstance(v, (list, tuple)) for t in _tensors(v)]
    return [v for v in values if isinstance(v, Tensor)] + inner


def _perturb_coarse_state(optimizer: torch.optim.Optimizer, params: Sequence[Tensor], mode: PerturbedRounding) -> None:
    """A number kept in a coarser dtype than the parameter's (torch's NAdam and ASGD keep one in float32) was rounded
    when it was stored, without an operation that shows it.
    """
    for p in params:
        for s in _tensors(list(optimizer.state.get(p, {}).values())):
            if s.is_floating_point() and s.dtype.itemsize < p.dtype.itemsize and s.numel():
                mode.coarsest = max(mode.coarsest, rounding.unit_roundoff(s.dtype))
                s.mul_(torch.where(s == s.round(), 1.0, mode.factors(s)))  # integers are counts of steps


@contextmanager
def _perturbed_hyperparameters(optimizer: torch.optim.Optimizer, mode: PerturbedRounding) -> Iterator[None]:
    """A context with other hyperparameters in every group. Afterwards the previous ones are restored, except those that
    the step has changed.
    """
    drawn: dict[float, float] = {}

    def number(value: float) -> float:
        return drawn.setdefault(value, mode.number(value))  # equal values in several groups remain equal

    before = [dict(group) for group in optimizer.param_groups]
    for group in optimizer.param_groups:
        group.update({key: _noisy(value, number) for key, value in group.items() if key != "params"})
    noisy = [dict(group) for group in optimizer.param_groups]
    yield
    for group, old, new in zip(optimizer.param_groups, before, noisy, strict=True):
        group.update({key: value for key, value in old.items() if group.get(key) is new[key]})


def _noisy(value: Any, number: Callable[[float], float]) -> Any:
    if isinstance(value, (tuple, list)):
        return type(value)(_noisy(v, number) for v in value)
    return number(value) if isinstance(value, float) else value


def within(scenario: Scenario, got: list[list[Tensor]], envelopes: list[Envelope], closing: str = "") -> Evidence:
    """Compare the parameters after every step with an envelope; `closing` as for compare, with STEP for the step.

    Raises Broken if rounding does not explain a difference.
    """
    total = Evidence()
    for step, (found, envelope) in enumerate(zip(got, envelopes, strict=True), start=1):
        # equal bits, including NaN, need no tolerance; an entry without an informative one is skipped and counted
        four = zip(found, envelope.expected, envelope.tolerance, envelope.silent, strict=True)
        away = [left_out(g, e, t, s & ~equality.same(g, e)) for g, e, t, s in four]
        spoken = [torch.where(s, e, g) for g, e, s in zip(found, envelope.expected, away, strict=True)]
        one = compare(
            scenario.names(), spoken, envelope.expected, envelope.tolerance, what=f"step {step}: ",
            closing=closing.replace("STEP", str(step)),
        )  # fmt: skip
        silent = int(sum(s.sum() for s in away))
        total.join(one, silent=silent)
        total.skipped += silent
    return total


def comparable(subject: Any) -> list[torch.dtype]:
    return [dtype for dtype in subject.dtypes if references.compares(rounding.unit_roundoff(dtype))]
