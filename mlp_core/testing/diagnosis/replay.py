"""A scenario on which known mistakes are replayed and compared with an optimizer and with the reference."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import torch
from torch import Tensor

from mlp_core.equality import same_bits
from mlp_core.testing.bounds import references
from mlp_core.testing.bounds.envelopes import Envelope, envelopes, explained, within
from mlp_core.testing.diagnosis.candidates import Candidate
from mlp_core.testing.engine import guards
from mlp_core.testing.engine.compare import compare
from mlp_core.testing.engine.evidence import Broken, Evidence
from mlp_core.testing.examples.scenario import Make, Scenario

Steps = list[list[Tensor]]
"""tensors after every step, one per parameter"""


@dataclass
class Run:
    """The results of an optimizer after every step: parameters, and the gradients as it left them (float64)."""

    params: Steps
    gradients: Steps

    def equals(self, other: Run) -> bool:
        """Whether both runs have equal bits."""
        return _same(self.params, other.params) and _same(self.gradients, other.gradients)


def run(scenario: Scenario, make: Make) -> Run | None:
    """Run an optimizer; None if it raises an error, which no mistake of the catalogue explains."""
    params, found = scenario.fresh(), Run([], [])
    try:
        with guards.globals_kept():  # a mistake may change them
            for _ in scenario.run(scenario.optimizer(make, params), params):
                found.params.append([p.detach().double().clone() for p in params])
                found.gradients.append([torch.zeros(0) if p.grad is None else p.grad.double().clone() for p in params])
    except Exception:
        return None
    return found


def _same(one: Steps, other: Steps) -> bool:
    return all(same_bits(a, b) for x, y in zip(one, other, strict=True) for a, b in zip(x, y, strict=True))


@dataclass
class Replay:
    """A scenario, the correct results, and the results of mistakes."""

    scenario: Scenario
    reference: Make
    right: Run
    runs: dict[Candidate, Run | None] = field(default_factory=dict)
    differences: dict[Candidate, Broken | None] = field(default_factory=dict)

    def of(self, candidate: Candidate) -> Run | None:
        """The result of a candidate; None if it raises, because not every mistake can be made in every reference."""
        if candidate not in self.runs:
            self.runs[candidate] = run(self.scenario, candidate.make)
        return self.runs[candidate]

    def near(self, got: Run, candidate: Candidate) -> bool:
        """A quick test before rounding is considered: whether a candidate leaves the same gradients, and at least half
        of the parameters' entries are close.
        """
        other = self.of(candidate)
        if other is None:
            return False
        far, entries = 0, 0
        largest = [p.detach().double().abs() for p in self.scenario.fresh()]
        for mine, theirs in zip(got.params, other.params, strict=True):
            largest = [torch.maximum(m, g.abs().nan_to_num()) for m, g in zip(largest, mine, strict=True)]
            for g, o, m in zip(mine, theirs, largest, strict=True):
                far += int(references.unlike(g, o, m, self.scenario.dtype).sum())
                entries += g.numel()
        return 2 * far <= entries and self._gradient_apart(got, other) is None

    def fits(self, got: Run, candidate: Candidate) -> Evidence | None:
        """Evidence that rounding explains a candidate's difference from the observed run; None if it does not."""
        other = self.of(candidate)
        if other is None or not self.near(got, candidate):
            return None
        if got.equals(other):
            return Evidence(entries=sum(p.numel() for step in other.params for p in step))
        found = envelopes(self.scenario, candidate.make)
        try:
            with guards.globals_kept():
                return explained(found, lambda envelope: within(self.scenario, got.params, envelope))
        except Broken:
            return None

    @cached_property
    def envelope(self) -> list[Envelope]:
        """The range around the correct result that rounding explains."""
        *_, last = envelopes(self.scenario, self.reference)
        return last

    def difference(self, candidate: Candidate) -> Broken | None:
        """The place where a candidate differs from the correct result by more than the rounding of both; None if there
        is none.
        """
        if candidate not in self.differences:
            self.differences[candidate] = self._difference(candidate)
        return self.differences[candidate]

    def _difference(self, candidate: Candidate) -> Broken | None:
        other = self.of(candidate)
        if other is None or other.equals(self.right):
            return None
        apart = self._gradient_apart(other, self.right)
        if apart is not None:
            return apart
        try:
            within(self.scenario, other.params, self.envelope)
        except Broken as broken:
            return None if self.fits(self.right, candidate) is not None else broken
        return None

    def _gradient_apart(self, one: Run, other: Run) -> Broken | None:
        """The place where the gradients that two runs leave behind differ by more than a few roundings."""
        names = [f"the gradient of {name}, as the step leaves it," for name in self.scenario.names()]
        for step, (got, expected) in enumerate(zip(one.gradients, other.gradients, strict=True)):
            given = [self.scenario.gradient(step, k) for k in range(len(got))]
            nothing = [torch.zeros_like(g) for g in got]
            largest = [g.abs() if d is None else g.abs() + d.abs() for g, d in zip(got, given, strict=True)]
            limits = [references.perturbed(n, m, self.scenario.dtype) for n, m in zip(nothing, largest, strict=True)]
            try:
                compare(names, got, expected, limits, what=f"step {step + 1}: ")
            except Broken as broken:
                return broken
        return None
