"""How a mutant of a definition is tried: the likely tests alone, then all tests together with others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import accumulate

from definition_mutants import Change
from forked_tests import Outcome

KNOWING, QUICK = 2.0, 2.0
"""seconds of tests that a mutant meets alone: of tests that know its definition, and of the quickest others"""
FAR = 2
"""the rank of the first tests that do not know the definition"""
TOGETHER = 24
"""mutants that meet all tests together"""

Run = Callable[[Sequence[Change], Sequence[str], bool], Outcome]
"""the tests of a list before these mutants, and after them the others if the last argument is True"""


class Trials:
    """The results of mutants, by `run` and by the tests without a mutant: their seconds, and the functions that each
    called."""

    def __init__(self, run: Run, tests: Mapping[str, tuple[float, set[str]]]) -> None:
        self.run, self.tests = run, tests
        self.killers: dict[str, set[str]] = {}

    def alone(self, change: Change) -> Outcome:
        """The tests that are likely to kill it: those that know the definition, then the quickest. If none kills it,
        nothing is known yet."""
        ranks = self._ranks(change)
        near = self._within(KNOWING, [test for test in self.in_order([change]) if ranks[test] < FAR])
        outcome = self.run([change], near, False) if near else Outcome("passed")
        if outcome.status == "passed":
            others = sorted(self.tests.keys() - set(near), key=lambda test: (self.tests[test][0], test))
            outcome = self.run([change], self._within(QUICK, others), False)
        return self._noted(change, outcome)

    def together(self, changes: Sequence[Change]) -> Iterator[tuple[Change, Outcome]]:
        """The result of each under all tests. If every test passes with all of them, none of them is killed."""
        outcome = self.run(changes, self.in_order(changes), True)
        if outcome.status == "passed" or len(changes) == 1:
            yield from ((change, self._noted(change, outcome)) for change in changes)
            return
        killed = dict(self._killed_by(outcome.by, changes)) if outcome.by in self.tests else {}
        yield from ((change, self._noted(change, of)) for change, of in killed.items())
        left = [change for change in changes if change not in killed]
        for part in filter(None, [left] if killed else [left[::2], left[1::2]]):  # only several together did it
            yield from self.together(part)

    def _killed_by(self, test: str, changes: Sequence[Change]) -> Iterator[tuple[Change, Outcome]]:
        """The mutants that this test kills, found by halves."""
        outcome = self.run(changes, [test], False)
        if outcome.status == "passed":
            return
        if len(changes) == 1:
            yield changes[0], outcome
        else:
            for half in (changes[::2], changes[1::2]):
                yield from self._killed_by(test, half)

    def _within(self, limit: float, order: Sequence[str]) -> list[str]:
        """The first of these tests, which together take so many seconds."""
        spent = accumulate(self.tests[test][0] for test in order)
        return [test for test, seconds in zip(order, spent, strict=True) if seconds < limit]

    def in_order(self, changes: Sequence[Change]) -> list[str]:
        """All tests: first those that killed a neighbour, then those that call the definition or name it, then those
        that call something else in the file; the quick ones first."""
        ranks = [self._ranks(change) for change in changes]
        return sorted(self.tests, key=lambda test: (min(of[test] for of in ranks), self.tests[test][0]))

    def _ranks(self, change: Change) -> dict[str, int]:
        file, killers = f"{change.path}:", self.killers.get(change.mutant.function, ())
        functions = {file + name for name in ({change.inside} if change.inside else change.mentioned())}
        marks = tuple(f"[{name}-" for name in {change.path.stem, *(() if change.inside else change.quoted())})

        def rank(test: str) -> int:
            called = self.tests[test][1]
            if test in killers:
                return 0
            if not functions.isdisjoint(called) or any(mark in test for mark in marks):
                return 1
            return FAR if any(function.startswith(file) for function in called) else FAR + 1

        return {test: rank(test) for test in self.tests}

    def _noted(self, change: Change, outcome: Outcome) -> Outcome:
        if outcome.status == "failed":
            self.killers.setdefault(change.mutant.function, set()).add(outcome.by)
        return outcome


def groups(changes: Sequence[Change]) -> Iterator[list[Change]]:
    """Mutants of different statements: two in one formula could cancel each other."""
    left = list(changes)
    while left:
        group: dict[object, Change] = {}
        for change in left[: 10 * TOGETHER]:
            if len(group) < TOGETHER:
                group.setdefault(change.inside or change.statement, change)
        yield list(group.values())
        left = [change for change in left if change not in group.values()]
