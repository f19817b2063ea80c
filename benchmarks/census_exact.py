"""Exact arithmetic within the bit budget, counted: figures for docs/measured.md.

python benchmarks/census_exact.py 3000    gradients, steps of SGD and training runs: what is drawn, whether floats round
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from fractions import Fraction
from typing import Any
from unittest.mock import patch

import torch
from hypothesis import Phase, given, seed, settings
from hypothesis.strategies import SearchStrategy

from mlp_core import rules
from mlp_core.testing import laws, subjects
from mlp_core.testing.engine.runner import run
from mlp_core.testing.exact import fractions as exact
from mlp_core.testing.exact import networks as affordable
from mlp_core.testing.exact import scenarios as affordable_scenarios
from mlp_core.testing.exact import tensors as exact_laws
from mlp_core.testing.exact.bits import digits
from mlp_core.testing.exact.fractions import Hyper
from mlp_core.testing.examples.problem import Problem
from mlp_core.testing.examples.scenario import Scenario
from mlp_core.testing.laws.training.equality import Training

ROW = "| {what} | {dtype} | {examples:,} | {operations:,} | {inexact} | {mean:.1f}, {most} of {digits} |"
HEAD = "| | dtype | examples | sums and products | that floats would round | bits of the longest number: mean, most |"


class Watched(Fraction):
    """A fraction that counts how many sums and products a float of so many bits would round."""

    digits, operations, inexact, longest = 0, 0, 0, 0

    @classmethod
    def begin(cls, bits: int) -> None:
        cls.digits, cls.longest = bits, 0

    def __new__(cls, value: Any = 0) -> Watched:
        return super().__new__(cls, value)

    def _seen(self, result: Any) -> Any:
        if result is NotImplemented:
            return result
        n = abs(result.numerator)
        bits = (n // (n & -n)).bit_length() if n else 0  # of the significand
        cls = type(self)
        cls.operations, cls.longest = cls.operations + 1, max(cls.longest, bits)
        cls.inexact += bits > cls.digits
        return cls(result)

    def __add__(self, other: Any) -> Any:
        return self._seen(Fraction.__add__(self, other))

    def __sub__(self, other: Any) -> Any:
        return self._seen(Fraction.__sub__(self, other))

    def __mul__(self, other: Any) -> Any:
        return self._seen(Fraction.__mul__(self, other))

    __radd__, __rmul__ = __add__, __mul__

    def __rsub__(self, other: Any) -> Any:
        return self._seen(Fraction.__rsub__(self, other))

    def __neg__(self) -> Any:
        return type(self)(Fraction.__neg__(self))


def counted(what: str, strategy: SearchStrategy[Any], evaluate: Callable[[Any], None], examples: int) -> list[Any]:
    """Evaluate `examples` of a strategy in watched fractions; prints a row for each dtype."""
    longest: dict[torch.dtype, list[int]] = {torch.float64: [], torch.float32: []}
    totals: Counter[Any] = Counter()
    drawn: list[Any] = []

    @settings(max_examples=examples, database=None, deadline=None, phases=[Phase.generate])
    @seed(0)
    @given(strategy)
    def count(example: Any) -> None:
        dtype = example.dtype if isinstance(example, (Problem, Scenario)) else example.problem.dtype
        before = Watched.operations, Watched.inexact
        Watched.begin(digits(dtype))
        with patch.object(exact, "Fraction", Watched), patch.object(exact_laws, "Fraction", Watched):
            evaluate(example)
        totals[dtype, "operations"] += Watched.operations - before[0]
        totals[dtype, "inexact"] += Watched.inexact - before[1]
        longest[dtype].append(Watched.longest)
        drawn.append(example)

    count()
    for dtype, bits in longest.items():
        print(ROW.format(
            what=what, dtype=str(dtype)[6:], examples=len(bits), operations=totals[dtype, "operations"],
            inexact=totals[dtype, "inexact"], mean=sum(bits) / len(bits), most=max(bits), digits=digits(dtype),
        ), flush=True)  # fmt: skip
    return drawn


def gradient(problem: Problem) -> None:
    weights, biases, x, y = exact_laws.in_fractions(problem)
    exact.squared_error(weights, biases, problem.activations, x, y)


SGD = subjects.rule(rules.get("sgd"))


def steps(scenario: Scenario) -> None:
    for _ in exact_laws.exact_steps(SGD, scenario):
        pass


def training(one: Training) -> None:
    weights, biases, x, y = exact_laws.in_fractions(one.problem)
    cuts = range(0, len(x), one.batch_size)
    batches = [(x[s : s + one.batch_size], y[s : s + one.batch_size]) for s in cuts] * one.epochs
    exact.train(weights, biases, one.problem.activations, batches, Hyper(**asdict(one.rule)))


def shares(counts: Counter[Any]) -> str:
    return ", ".join(f"{k}: {n / counts.total():.0%}" for k, n in sorted(counts.items()))


def main(examples: int) -> None:
    print(f"torch {torch.__version__}\n{HEAD}\n| --- | --- | --- | --- | --- | --- |")
    problems = counted("gradients", affordable.problems(), gradient, examples)
    scenarios = counted("steps of SGD", affordable_scenarios.scenarios(SGD), steps, examples)
    trainings = counted("training runs", affordable.trainings(), training, examples)
    for dtype in (torch.float64, torch.float32):
        own = [p for p in problems if p.dtype == dtype]
        still = sum(not any(g.any() for g in exact_laws.exact_gradient(p)) for p in own)
        on_kinks = sum(
            any(bool((z == k).any()) for z, f in zip(p.case().trace.z[1:], p.activations, strict=True) for k in f.kinks)
            for p in own
        )
        print(f"\n{dtype}: depth of gradients {shares(Counter(len(p.sizes) - 1 for p in own))}")
        print(f"every gradient zero {still / len(own):.1%}; a pre-activation on a kink {on_kinks / len(own):.0%}")
        print("steps of SGD", shares(Counter(len(s.gradients) for s in scenarios if s.dtype == dtype)))
        runs = [t for t in trainings if t.problem.dtype == dtype]
        print("training: depth", shares(Counter(len(t.problem.sizes) - 1 for t in runs)), end="; steps ")
        print(shares(Counter(-(-len(t.problem.x) // t.batch_size) * t.epochs for t in runs)))
    print("\nfloats against fractions:")
    for subject in ("backprop", "sgd", "fit"):
        for law in laws(subject):
            if "exact rational arithmetic" in law.name:
                result = run(law, examples=examples)
                print(
                    f"{subject}: {result.verdict}, {result.examples:,} examples, {result.entries:,} entries", flush=True
                )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
