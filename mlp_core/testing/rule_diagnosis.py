"""Which known mistake an optimizer has: the one whose parameters are its own, after every step, on all that is tried.

Each mistake of the catalogue that can be made of the reference is replayed on the counterexample and on witnesses,
scenarios generated like those of the laws. It is named where it equals the optimizer within what rounding explains on
all of them, in the gradients that it leaves behind as well, and differs from the reference, beyond that, on the
counterexample or on several witnesses. Two that do so do the same there, and both are named; where more fit, or none,
nothing is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import hypothesis
import torch
from hypothesis import HealthCheck, Phase, settings
from torch import Tensor

from mlp_core.testing import bounds, conduct
from mlp_core.testing.envelopes import Envelope, envelopes, explained
from mlp_core.testing.failure import compare
from mlp_core.testing.law import Broken, Evidence
from mlp_core.testing.reference_laws import comparable, within
from mlp_core.testing.rule_candidates import Candidate, candidates
from mlp_core.testing.scenario import Make, Scenario

WITNESSES = 24
"""scenarios on which a mistake must do what the optimizer does"""

SEVERAL = 3
"""of them on which it must differ from what is right, where the counterexample does not show it"""

SILENT = 0.1
"""the largest share of entries, over all scenarios, about which rounding lets nothing be said"""

NAMED = 2
"""mistakes named at once, at most"""

Steps = list[list[Tensor]]
"""tensors after every step, one for each parameter"""


def diagnose(subject: Any, example: Any, broken: Broken) -> str | None:
    """What is wrong with an optimizer, in words, with a number of the counterexample that shows it; None where no known
    mistake does what it does, or too many do."""
    counterexample = broken.example or example
    if subject.reference is None or not comparable(subject) or not isinstance(counterexample, Scenario):
        return None
    with conduct.globals_kept():
        if "suspects" not in subject.memo:
            subject.memo["suspects"] = _suspects(subject)
        suspects: list[_Suspect] = subject.memo["suspects"]
        if not suspects:
            return None
        replay = _replayed(subject, counterexample)
        if replay is None:
            return None
        telling = bounds.compares(bounds.unit_roundoff(counterexample.dtype))
        fitting = [s for s in suspects if not telling or replay.fits(s.candidate) is not None]
        shown = [(s, replay.shown(s.candidate) if telling else None) for s in fitting]
        named = [_words(s, at) for s, at in shown if at is not None or s.differs >= SEVERAL]
    return "; which here comes to the same as: ".join(named) if 0 < len(named) <= NAMED else None


@dataclass
class _Suspect:
    """A candidate that does what the subject does on all witnesses, and on how many of them that is not right."""

    candidate: Candidate
    differs: int


@dataclass
class _Run:
    """What an optimizer did, after every step: parameters, and the gradients as it left them (float64)."""

    params: Steps
    gradients: Steps

    def equals(self, other: _Run) -> bool:
        """To the bit."""
        return _same(self.params, other.params) and _same(self.gradients, other.gradients)


@dataclass
class _Replay:
    """A scenario with what the subject made of it, and what is right."""

    scenario: Scenario
    reference: Make
    got: _Run
    right: _Run
    runs: dict[int, _Run | None] = field(default_factory=dict)

    def of(self, candidate: Candidate) -> _Run | None:
        """What a candidate makes of it; None where it raises: not every mistake can be made of every reference."""
        if id(candidate) not in self.runs:
            self.runs[id(candidate)] = _run(self.scenario, candidate.make)
        return self.runs[id(candidate)]

    def near(self, candidate: Candidate) -> bool:
        """Whether the gradients are alike, and at least half of the parameters' entries: what rounding explains is not
        asked before."""
        run = self.of(candidate)
        if run is None or self._gradient_apart(self.got, run) is not None:
            return False
        far, entries = 0, 0
        largest = [p.detach().double().abs() for p in self.scenario.fresh()]
        for got, other in zip(self.got.params, run.params, strict=True):
            largest = [torch.maximum(m, g.abs().nan_to_num()) for m, g in zip(largest, got, strict=True)]
            for g, o, m in zip(got, other, largest, strict=True):
                far += int(bounds.unlike(g, o, m, self.scenario.dtype).sum())
                entries += g.numel()
        return 2 * far <= entries

    def fits(self, candidate: Candidate) -> Evidence | None:
        """What shows that rounding explains how the subject differs from the candidate; None where it does not."""
        run = self.of(candidate)
        if run is None or not self.near(candidate):
            return None
        if self.got.equals(run):
            return Evidence(entries=sum(p.numel() for step in run.params for p in step))
        try:
            return explained(
                envelopes(self.scenario, candidate.make), lambda found: within(self.scenario, self.got.params, found)
            )
        except Broken:
            return None

    @cached_property
    def envelope(self) -> list[Envelope]:
        """What rounding explains around what is right."""
        *_, last = envelopes(self.scenario, self.reference)
        return last

    def shown(self, candidate: Candidate) -> Broken | None:
        """Where the candidate differs from what is right, and rounding does not explain it; None where it does not."""
        run = self.of(candidate)
        if run is None or run.equals(self.right):
            return None
        apart = self._gradient_apart(run, self.right)
        if apart is not None:
            return apart
        try:
            within(self.scenario, run.params, self.envelope)
        except Broken as broken:
            return broken
        return None

    def _gradient_apart(self, one: _Run, other: _Run) -> Broken | None:
        """Where the gradients that two leave behind differ by more than a few roundings."""
        names = [f"the gradient of {name}, as the step leaves it," for name in self.scenario.names()]
        for step, (got, expected) in enumerate(zip(one.gradients, other.gradients, strict=True)):
            given = [self.scenario.gradient(step, k) for k in range(len(got))]
            nothing = [torch.zeros_like(g) for g in got]
            largest = [g.abs() if d is None else g.abs() + d.abs() for g, d in zip(got, given, strict=True)]
            limits = [bounds.perturbed(n, m, self.scenario.dtype) for n, m in zip(nothing, largest, strict=True)]
            try:
                compare(names, got, expected, limits, what=f"step {step + 1}: ")
            except Broken as broken:
                return broken
        return None


def _suspects(subject: Any) -> list[_Suspect]:
    replays = _witnesses(subject)
    if all(r.got.equals(r.right) for r in replays):
        return []
    made = [r.scenario.optimizer(subject.reference, r.scenario.fresh()) for r in replays]
    left = list(candidates(subject.reference, made))
    for replay in replays:
        left = [candidate for candidate in left if replay.near(candidate)]
    return [suspect for candidate in left if (suspect := _suspect(candidate, replays)) is not None]


def _suspect(candidate: Candidate, replays: Sequence[_Replay]) -> _Suspect | None:
    entries = skipped = 0
    for replay in replays:
        fit = replay.fits(candidate)
        if fit is None:
            return None
        entries, skipped = entries + fit.entries, skipped + fit.skipped
    if skipped > SILENT * (entries + skipped):
        return None
    differs = 0
    for replay in replays:
        differs += replay.shown(candidate) is not None
        if differs == SEVERAL:
            break
    return _Suspect(candidate, differs)


def _witnesses(subject: Any) -> list[_Replay]:
    """Generated scenarios, always the same, with what the subject does; without those on which it raises."""
    found: list[Scenario] = []

    @hypothesis.seed(0)
    @settings(
        max_examples=WITNESSES, phases=[Phase.generate], deadline=None, database=None, derandomize=False,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @hypothesis.given(subject.scenarios(missing=True, dtypes=comparable(subject)[:1]))
    def take(scenario: Scenario) -> None:
        found.append(scenario)

    take()
    replays = [_replayed(subject, scenario) for scenario in found]
    return [replay for replay in replays if replay is not None]


def _replayed(subject: Any, scenario: Scenario) -> _Replay | None:
    got, right = _run(scenario, subject.make), _run(scenario, subject.reference)
    return None if got is None or right is None else _Replay(scenario, subject.reference, got, right)


def _run(scenario: Scenario, make: Make) -> _Run | None:
    """What an optimizer does; None where it raises an error, about which no mistake of the catalogue says anything."""
    params, run = scenario.fresh(), _Run([], [])
    try:
        for _ in scenario.run(scenario.optimizer(make, params), params):
            run.params.append([p.detach().double().clone() for p in params])
            run.gradients.append([torch.zeros(0) if p.grad is None else p.grad.double().clone() for p in params])
    except Exception:
        return None
    return run


def _same(one: Steps, other: Steps) -> bool:
    return all(bounds.same_bits(a, b) for x, y in zip(one, other, strict=True) for a, b in zip(x, y, strict=True))


def _words(suspect: _Suspect, at: Broken | None) -> str:
    words = suspect.candidate.words
    return words if at is None else f"{words}: at {at.where} that gives {at.got}, as seen"
