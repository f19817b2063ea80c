"""Update rules against their references, counted: figures for docs/measured.md.

python benchmarks/census_rules.py bits 200       every rule against torch: steps, entries, entries whose bits differ
python benchmarks/census_rules.py alarms 20000   right rules written differently: false alarms, entries skipped
python benchmarks/census_rules.py power 100      a small error in one entry: how many runs of the law notice it
"""

from __future__ import annotations

import sys
from dataclasses import replace
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import torch
from hypothesis import Phase, given, seed, settings
from torch import Tensor

from mlp_core import rules
from mlp_core.equality import same
from mlp_core.testing import subjects
from mlp_core.testing.engine import runner as engine
from mlp_core.testing.engine.evidence import Broken, Evidence
from mlp_core.testing.examples.scenario import Scenario
from mlp_core.testing.laws.books import laws_of
from mlp_core.testing.right import rules as differently
from mlp_core.testing.subjects.optimizers import OptimizerSubject

ALMOST = ((torch.float64, 1e-10), (torch.float64, 1e-12), (torch.float32, 1e-5))


def bits(examples: int) -> None:
    """Parameters after every step, and the state that both keep."""
    print("| rule | dtype | steps | entries | bits that differ |\n| --- | --- | --- | --- | --- |")
    for name in rules.names():
        subject = subjects.rule(rules.get(name))
        for dtype in (torch.float32, torch.float64):
            if subject.twin:
                steps, entries, different = _bits(subject, dtype, examples)
                print(f"| {name} | {str(dtype)[6:]} | {steps:,} | {entries:,} | {different} |", flush=True)


def _bits(subject: OptimizerSubject, dtype: torch.dtype, examples: int) -> tuple[int, int, int]:
    counts = [0, 0, 0]

    @settings(max_examples=examples, database=None, deadline=None, phases=[Phase.generate])
    @seed(0)
    @given(subject.scenarios(missing=True, dtypes=[dtype]))
    def count(scenario: Scenario) -> None:
        mine, theirs = scenario.fresh(), scenario.fresh()
        a, b = subject.optimizer(scenario, mine), subject.optimizer(scenario, theirs, subject.reference)
        for _ in zip(scenario.run(a, mine), scenario.run(b, theirs), strict=True):
            counts[0] += 1
            for p, q in zip(mine, theirs, strict=True):
                pairs = [(p.detach(), q.detach())]
                both = [k for k in subject.shared_state if b.state[q].get(k) is not None] if p in a.state else []
                pairs += [(a.state[p][k], b.state[q][k]) for k in both]
                counts[1] += sum(x.numel() for x, _ in pairs)
                counts[2] += sum(int((~same(x, y)).sum()) for x, y in pairs)

    count()
    return counts[0], counts[1], counts[2]


def alarms(examples: int) -> None:
    """The law "equals its reference" on right rules written differently; `examples` in all."""
    each = -(-examples // len(differently.EVERY))
    total = [0, 0, 0, 0]
    print("| rule, written differently | examples | false alarms | entries | skipped | worst error / tolerance |")
    print("| --- | --- | --- | --- | --- | --- |")
    for written in differently.EVERY:
        result = engine.run(_law(written), examples=each)
        wrong = result.verdict != "PASS"
        counts = (result.examples, int(wrong), result.entries, result.skipped)
        total = [a + b for a, b in zip(total, counts, strict=True)]
        share = result.skipped / max(1, result.entries + result.skipped)
        row = f"| {written.__name__} | {result.examples:,} | {int(wrong)} | {result.entries:,} | {share:.2%} |"
        print(f"{row} {result.ratio:.0%} |", flush=True)
        if wrong:
            print(result.text())
    print(f"| all | {total[0]:,} | {total[1]} | {total[2]:,} | {total[3] / (total[2] + total[3]):.2%} | |")


def power(runs: int) -> None:
    """One entry of the update of Adam, written differently, is off by a small factor: does the law notice?"""
    print("| dtype | error in one entry | runs of the law (100 examples) that notice | single examples that notice |")
    print("| --- | --- | --- | --- |")
    for dtype, error in ALMOST:
        law = _law(_almost(error), rules.get("adam"), dtypes=(dtype,))
        caught = sum(_run(law, number).verdict == "FAIL" for number in range(runs))
        noticed = [0, 0]

        def noticing(subject: Any, example: Any, law: Any = law, noticed: Any = noticed) -> Evidence:
            noticed[1] += 1
            try:
                law.function(subject, example)
            except Broken:
                noticed[0] += 1
            return Evidence(entries=1)

        for number in range(max(1, runs // 20)):
            _run(replace(law, function=noticing), number)
        row = f"| {str(dtype)[6:]} | {error:.0e} | {caught} of {runs} |"
        print(f"{row} {noticed[0] / noticed[1]:.0%} of {noticed[1]} |", flush=True)


def _almost(error: float) -> Any:
    class Almost(differently.Adam):
        @staticmethod
        def move(p: Tensor, g: Tensor, t: int, h: Any, s: Any) -> Tensor:
            update = differently.Adam.move(p, g, t, h, s) - p
            update.view(-1)[-1:] *= 1 + error
            return p + update

    return Almost


def _run(law: Any, number: int) -> Any:
    unshrunk = SimpleNamespace(generate=Phase.generate, shrink=Phase.generate)
    with patch.object(engine, "Phase", unshrunk):  # whether it fails is all that is asked
        return engine.run(law, examples=100, seed=number)


def _law(written: Any, rule: Any = None, **changes: Any) -> Any:
    subject = subjects.rule(rule or rules.get(written.__name__.lower()))
    own = {"twin": False, "exact": False, "counts": False, "shared_state": ()}  # it keeps no count of torch's
    foreign = replace(subject, name=written.__name__, make=written, **own, **changes)
    return laws_of(foreign)[0]


if __name__ == "__main__":
    torch.set_num_threads(1)
    {"bits": bits, "alarms": alarms, "power": power}[sys.argv[1]](int(sys.argv[2]))
