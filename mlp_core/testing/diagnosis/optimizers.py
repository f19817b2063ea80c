"""Which known mistake an optimizer has: the one whose parameters are its own, after every step, on all that is tried.

Each mistake of the catalogue that can be made of the reference is replayed on the counterexample and on witnesses,
scenarios generated like those of the laws. It is named where it equals the optimizer within what rounding explains on
all of them, in the gradients that it leaves behind as well, and differs from the reference, beyond that, on the
counterexample or on several witnesses. Two that do so do the same there, and both are named; where more fit, or none,
nothing is said.
"""

from __future__ import annotations

from typing import Any

import torch

from mlp_core.testing.bounds import references, rounding
from mlp_core.testing.bounds.envelopes import comparable
from mlp_core.testing.diagnosis.candidates import Candidate, candidates
from mlp_core.testing.diagnosis.replay import Replay, Run, run
from mlp_core.testing.engine import guards
from mlp_core.testing.engine.evidence import Broken
from mlp_core.testing.examples.sample import sample
from mlp_core.testing.examples.scenario import Make, Scenario

WITNESSES = 24
"""scenarios on which a mistake must do what the optimizer does"""

SEVERAL = 3
"""of them on which it must differ from what is right, where the counterexample does not show it"""

SILENT = {torch.float64: 0.1, torch.float32: 0.25}
"""the largest share of entries, over all witnesses, about which rounding lets nothing be said: half of the digits, more
of them"""

NAMED, DIALECTS = 2, 4
"""mistakes named at once, at most, and dialects: without an option that is off, several libraries have the same"""

OPTIONS = {
    "weight_decay": 0.0,
    "momentum": 0.0,
    "centered": False,
    "maximize": False,
    "amsgrad": False,
    "lr_decay": 0.0,
}
"""options that a library may not have, and off"""

PLAIN = "with all options off, "

SAME = "; or, which gives the same numbers here: "


def diagnose(subject: Any, example: Any, broken: Broken) -> str | None:
    """What is wrong with an optimizer, in words, with a number of the counterexample that shows it; None where no known
    mistake does what it does, or too many do."""
    counterexample = broken.example or example
    if subject.reference is None or not comparable(subject) or not isinstance(counterexample, Scenario):
        return None
    with guards.globals_kept():
        named = _named(subject, counterexample, *_bench(subject, comparable(subject)[0]))
        if not named and counterexample.dtype in comparable(subject)[1:]:  # what shows in fewer digits alone
            named = _named(subject, counterexample, *_bench(subject, counterexample.dtype))
        if not named:
            named = [(words, True) for words in plain_dialects(subject)]
    kinds = ([words for words, dialect in named if dialect is kind] for kind in (False, True))
    told = [words for own, most in zip(kinds, (NAMED, DIALECTS), strict=True) if len(own) <= most for words in own]
    return SAME.join(told) or None


def _bench(subject: Any, dtype: torch.dtype) -> tuple[Bench, list[Candidate]]:
    """The bench of a subject in a dtype, and the mistakes that do there what it does."""
    benches = subject.memo.setdefault("bench", {})
    if dtype not in benches:
        bench = Bench(subject, dtype)
        benches[dtype] = bench, bench.suspects(subject.make)
    return benches[dtype]


def plain_dialects(subject: Any) -> list[str]:
    """The dialects that a subject has once every option is off that a library may not have."""
    if "plain" not in subject.memo:
        bench = Bench(subject, comparable(subject)[0], plain=True)
        suspects = [s for s in bench.suspects(subject.make) if s.dialect and bench.shows(s)]
        subject.memo["plain"] = [f"{PLAIN}{s.words}" for s in suspects]
    return subject.memo["plain"]


def _named(subject: Any, counterexample: Scenario, bench: Bench, suspects: list[Candidate]) -> list[tuple[str, bool]]:
    """The words for those of the suspects that do on the counterexample, too, what the subject does, and whether each
    is a dialect."""
    replay = _replay(counterexample, subject.reference) if suspects else None
    got = run(counterexample, subject.make) if replay else None
    if replay is None or got is None:
        return []
    if not references.compares(rounding.unit_roundoff(counterexample.dtype)):  # 16 bits say nothing; the witnesses do
        return [(suspect.words, suspect.dialect) for suspect in suspects if bench.shows(suspect)]
    named = []
    for suspect in suspects:
        if replay.fits(got, suspect) is not None:
            at = replay.difference(suspect)
            if at is not None:
                named.append((f"{suspect.words}; then {at.where} is {at.got}, as observed", suspect.dialect))
            elif bench.shows(suspect):
                named.append((suspect.words, suspect.dialect))
    return named


class Bench:
    """The witnesses for a subject, and the mistakes that can be made of its reference."""

    def __init__(self, subject: Any, dtype: torch.dtype, *, plain: bool = False) -> None:
        reference: Make = subject.reference
        drawn = sample(subject.scenarios(missing=True, dtypes=(dtype,)), WITNESSES // 2 if plain else WITNESSES)
        drawn = [_off(scenario) for scenario in drawn] if plain else drawn
        found = [_replay(scenario, reference) for scenario in drawn]
        self.replays = [replay for replay in found if replay is not None]
        self.twin, self.exact = bool(subject.twin), set[Candidate]()
        """of a subject that is held to the bits of its twin: the mistakes that have its bits everywhere, which say who
        it is, whatever rounding explains (Muon in bfloat16)"""
        made = [r.scenario.optimizer(reference, r.scenario.fresh()) for r in self.replays]
        self.candidates = list(candidates(reference, made)) if made else []

    def suspects(self, make: Make) -> list[Candidate]:
        """The mistakes that do what an optimizer does on all witnesses on which it does not raise."""
        runs = [(replay, run(replay.scenario, make)) for replay in self.replays]
        seen = [(replay, got) for replay, got in runs if got is not None]
        left = self.candidates if seen else []
        for replay, got in seen:
            left = [candidate for candidate in left if replay.near(got, candidate)]
        found = [candidate for candidate in left if self._acts(candidate) and _fits(candidate, seen)]
        if self.twin:
            self.exact = {c for c in found if all(_same_run(got, replay.of(c)) for replay, got in seen)}
        return found

    def _acts(self, candidate: Candidate) -> bool:
        """Whether a mistake changes anything on the witnesses."""
        runs = ((replay, replay.of(candidate)) for replay in self.replays)
        return any(got is not None and not got.equals(replay.right) for replay, got in runs)

    def shows(self, candidate: Candidate) -> bool:
        """Whether it can be seen on several witnesses that a mistake is one."""
        several = 0
        for replay in self.replays:
            if candidate in self.exact:
                got = replay.of(candidate)
                several += got is not None and not got.equals(replay.right)
            else:
                several += replay.difference(candidate) is not None
            if several == SEVERAL:
                return True
        return False


def _same_run(got: Run, other: Run | None) -> bool:
    return other is not None and got.equals(other)


def _off(scenario: Scenario) -> Scenario:
    """The same scenario, with the options off that it has."""
    return scenario.with_hyper(**{name: off for name, off in OPTIONS.items() if name in scenario.groups[0]})


def _fits(candidate: Candidate, seen: list[tuple[Replay, Run]]) -> bool:
    entries = skipped = 0
    for replay, got in seen:
        fit = replay.fits(got, candidate)
        if fit is None:
            return False
        entries, skipped = entries + fit.entries, skipped + fit.skipped
    return skipped <= SILENT.get(seen[0][0].scenario.dtype, 0.1) * (entries + skipped)


def _replay(scenario: Scenario, reference: Make) -> Replay | None:
    """A scenario and what is right there; None where the reference refuses it."""
    right = run(scenario, reference)
    return None if right is None else Replay(scenario, reference, right)
