"""The behaviour of a backpropagation on problems that reveal mistakes: its gradients, and its side effects."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

import torch
from torch import Tensor

from mlp_core.equality import same_bits
from mlp_core.testing.bounds import references
from mlp_core.testing.engine import guards
from mlp_core.testing.engine.evidence import Raised
from mlp_core.testing.examples.networks import all_activations
from mlp_core.testing.examples.problem import Case, Problem
from mlp_core.testing.examples.sample import sample
from mlp_core.testing.faults.gradients.reverse import reverse
from mlp_core.testing.subjects.course import Unfilled
from mlp_core.testing.subjects.gradients import GradientSubject

WITNESSES = 12
"""the number of problems of a kind on which a mistake must do what the subject does"""

HELD = 1.0
"""the content of the gradient buffers before a call, so that adding to them becomes visible"""

ADDS, DIFFERS = "adds to what it gave before", "differs from call to call"


@dataclass(frozen=True)
class Seen:
    """The results of a backpropagation: its gradients, and its guards, which record forbidden side effects."""

    gradients: list[Tensor]
    conduct: frozenset[str]

    @property
    def remembers(self) -> bool:
        """Whether its result depends on earlier calls."""
        return bool(self.conduct & {ADDS, DIFFERS})

    def like(self, other: Seen) -> bool:
        """Whether both did the same, up to rounding."""
        return (
            self.conduct == other.conduct and len(self.gradients) == len(other.gradients)
            and all(references.reproduces(g, e) for g, e in zip(self.gradients, other.gradients, strict=True))
        )  # fmt: skip


def observe(subject: Any, problem: Problem) -> Seen:
    """Call the subject on a problem whose gradient buffers contain HELD, and again on an equal one, and record
    everything.
    """
    first, again = (_called(subject, problem) for _ in range(2))
    pairs = list(zip(first.gradients, again.gradients, strict=False))
    if all(same_bits(a, b) for a, b in pairs):
        return first
    right = _called(RIGHT_SUBJECT, problem).gradients
    adds = all(references.reproduces(b, a + g) for (a, b), g in zip(pairs, right, strict=True) if a.shape == b.shape)
    return Seen([], frozenset({ADDS if adds else DIFFERS}))


def held(problem: Problem) -> Case:
    """The problem's case, with HELD in the gradient buffers."""
    case = problem.case()
    case.model.flat_grad.fill_(HELD)
    return case


def _called(subject: Any, problem: Problem) -> Seen:
    case = held(problem)
    handed = _handed(case)
    before = {name: tensor.detach().clone() for name, tensor in handed.items()}
    numbers, dtype, seen = torch.get_rng_state(), torch.get_default_dtype(), set()
    with guards.globals_kept():
        try:
            raw = subject.raw_gradient(case, clear=False)
        except Unfilled as missing:
            return Seen([], frozenset({f"{missing.where} {missing.expected}"}))
        except Raised as error:
            return Seen([], frozenset({error.got.partition(":")[0]}))
        if torch.get_default_dtype() != dtype:
            seen.add("default dtype")
        if not torch.equal(torch.get_rng_state(), numbers):
            seen.add("random state")
    if any(g.requires_grad for g in raw):
        seen.add("graph")
    seen |= {
        f"changes {name}" for name, tensor in handed.items() if not same_bits(tensor.detach(), before[name])
    }
    return Seen([g.detach().clone() for g in raw], frozenset(seen))


def _handed(case: Case) -> dict[str, Tensor]:
    """The arguments of a backpropagation, which it must not change."""
    return {
        "dL_dy": case.dL_dy, "parameters": case.model.flat, **({} if case.y is None else {"y": case.y}),
        **{f"z[{layer}]": z for layer, z in enumerate(case.trace.z)},
        **{f"a[{layer}]": a for layer, a in enumerate(case.trace.a)},
    }  # fmt: skip


@dataclass(frozen=True, eq=False)
class Witness:
    """A problem, and the subject's results on it."""

    problem: Problem
    seen: Seen

    @cached_property
    def case(self) -> Case:
        """A case for formulas, which change nothing."""
        return held(self.problem)


RIGHT_SUBJECT = GradientSubject(reverse, "right")
"""a correct backpropagation"""


@lru_cache(maxsize=4)
def witnesses(subject: Any) -> list[Witness]:
    """Problems with one sample and with several, with each activation alone and with all mixed, and the subject's
    results on them. In some of them the batch size equals the width of every layer, so that a product with swapped axes
    returns numbers instead of raising.
    """
    mixed = subject.problems(depth=(2, 4), width=(2, 5))
    drawn = [*sample(subject.problems(), 2 * WITNESSES)[WITNESSES:], *sample(mixed, 2 * WITNESSES)[WITNESSES:]]
    for f in all_activations():
        drawn += sample(subject.problems(functions=[f], depth=(2, 3), width=(2, 4)), 3)[1:]
    if subject.batch_sizes[1] > 1:
        drawn += [_square(p) for p in sample(subject.problems(one=False, width=(2, 3), depth=(3, 3)), WITNESSES // 2)]
    drawn = [problem.double() for problem in drawn]
    return [Witness(problem, observe(subject, problem)) for problem in drawn]


def _square(problem: Problem) -> Problem:
    """The problem with all layers, and the batch, of equal size."""
    n = min(len(problem.x), *problem.sizes)
    parameters = tuple(p[:n, :n] if p.ndim == 2 else p[:n] for p in problem.parameters)
    y = problem.y[:n] if problem.y.dtype == torch.int64 else problem.y[:n, :n]
    y = y % n if y.dtype == torch.int64 else y
    return replace(problem, sizes=(n,) * len(problem.sizes), parameters=parameters, x=problem.x[:n, :n], y=y)
