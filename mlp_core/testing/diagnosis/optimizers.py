"""Finds the known mistake of an optimizer: the one whose parameters equal the optimizer's after every step.

Every mistake that can be made in the reference is replayed on the counterexample and on witnesses, which are scenarios
like those of the laws. A mistake is named under two conditions. It equals the optimizer on all of them, within what
rounding explains, including the gradients that it leaves behind. And it differs from the reference, beyond rounding, on
the counterexample or on several witnesses. If two mistakes fit, they do the same here, and both are named. If more fit,
or none, nothing is named.
"""

from __future__ import annotations

import re
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
"""the number of scenarios on which a mistake must do what the optimizer does"""

SEVERAL = 3
"""the number of them on which it must differ from the reference, if the counterexample does not show the difference"""

SILENT = {torch.float64: 0.1, torch.float32: 0.25}
"""the largest share of entries, over all witnesses, that rounding makes uninformative; larger with half of the
digits"""

NAMED, DIALECTS = 2, 4
"""the largest numbers of mistakes and of dialects that are named together: several libraries agree if an option is
off"""

OPTIONS = {
    "weight_decay": 0.0,
    "momentum": 0.0,
    "centered": False,
    "maximize": False,
    "amsgrad": False,
    "lr_decay": 0.0,
}
"""options that a library may lack, with the values that switch them off"""

PLAIN = "with all options off, "

OBSERVED = re.compile(r" \(step (?:(?! \(step ).)*, as observed\)$")
"""the end of a diagnosis: a number of the counterexample that shows the mistake"""

SAME = "; or, which gives the same numbers here: "


def diagnose(subject: Any, example: Any, broken: Broken) -> str | None:
    """The mistake of an optimizer, in words, with a number of the counterexample that shows it. None if no known
    mistake fits, or if too many do.
    """
    counterexample = broken.example or example
    if subject.reference is None or not comparable(subject) or not isinstance(counterexample, Scenario):
        return None
    with guards.globals_kept():
        named = _named(subject, counterexample, *_bench(subject, comparable(subject)[0]))
        if not named and counterexample.dtype in comparable(subject)[1:]:  # mistakes that only appear with fewer digits
            named = _named(subject, counterexample, *_bench(subject, counterexample.dtype))
        if not named:
            named = [(words, True) for words in plain_dialects(subject)]
    kinds = ([words for words, dialect in named if dialect is kind] for kind in (False, True))
    told = [words for own, most in zip(kinds, (NAMED, DIALECTS), strict=True) if len(own) <= most for words in own]
    return SAME.join(_shown_once(told)) or None


def _shown_once(told: list[str]) -> list[str]:
    """The same words. If all of them end with the same number of the counterexample, only the last one keeps it."""
    ends = [found.group() if (found := OBSERVED.search(words)) else "" for words in told]
    return [*(w.removesuffix(ends[-1]) for w in told[:-1]), *told[-1:]] if len(set(ends)) == 1 else told


def _bench(subject: Any, dtype: torch.dtype) -> tuple[Bench, list[Candidate]]:
    """The bench of a subject in a dtype, and the mistakes that reproduce it in that dtype."""
    benches = subject.memo.setdefault("bench", {})
    if dtype not in benches:
        bench = Bench(subject, dtype)
        benches[dtype] = bench, bench.suspects(subject.make)
    return benches[dtype]


def plain_dialects(subject: Any) -> list[str]:
    """The dialects of a subject when every option is off that a library may lack."""
    if "plain" not in subject.memo:
        bench = Bench(subject, comparable(subject)[0], plain=True)
        suspects = [s for s in bench.suspects(subject.make) if s.dialect and bench.shows(s)]
        subject.memo["plain"] = [f"{PLAIN}{s.words}" for s in suspects]
    return subject.memo["plain"]


def _named(subject: Any, counterexample: Scenario, bench: Bench, suspects: list[Candidate]) -> list[tuple[str, bool]]:
    """The words for the suspects that also reproduce the counterexample, and whether each is a dialect."""
    replay = _replay(counterexample, subject.reference) if suspects else None
    got = run(counterexample, subject.make) if replay else None
    if replay is None or got is None:
        return []
    if not references.compares(rounding.unit_roundoff(counterexample.dtype)):  # 16 bits are not informative
        return [(suspect.words, suspect.dialect) for suspect in suspects if bench.shows(suspect)]
    named = []
    for suspect in suspects:
        if replay.fits(got, suspect) is not None:
            at = replay.difference(suspect)
            if at is not None:
                named.append((f"{suspect.words} ({at.where}: {at.got}, as observed)", suspect.dialect))
            elif bench.shows(suspect):
                named.append((suspect.words, suspect.dialect))
    return named


class Bench:
    """The witnesses for a subject, and the mistakes that can be made in its reference."""

    def __init__(self, subject: Any, dtype: torch.dtype, *, plain: bool = False) -> None:
        reference: Make = subject.reference
        drawn = sample(subject.scenarios(missing=True, dtypes=(dtype,)), WITNESSES // 2 if plain else WITNESSES)
        drawn = [_off(scenario) for scenario in drawn] if plain else drawn
        found = [_replay(scenario, reference) for scenario in drawn]
        self.replays = [replay for replay in found if replay is not None]
        self.twin, self.exact = bool(subject.twin), set[Candidate]()
        """if the subject must have the bits of its twin: the mistakes that have its bits everywhere. They are named
        whatever rounding explains (Muon in bfloat16)"""
        made = [r.scenario.optimizer(reference, r.scenario.fresh()) for r in self.replays]
        self.candidates = list(candidates(reference, made)) if made else []

    def suspects(self, make: Make) -> list[Candidate]:
        """The mistakes that reproduce an optimizer on all witnesses on which it does not raise."""
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
        """Whether several witnesses show that a mistake differs from the reference."""
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
    """The same scenario with its options off."""
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
    """A scenario and the correct result; None if the reference refuses the scenario."""
    right = run(scenario, reference)
    return None if right is None else Replay(scenario, reference, right)
