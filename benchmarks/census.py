"""How backpropagation by hand fares against its oracles on many generated problems; prints tables for docs/measured.md.

    python benchmarks/census.py [EXAMPLES]

The problems are those of the laws, unrestricted. Nothing here decides anything: the laws do.
"""

from __future__ import annotations

import sys
from collections import Counter
from math import ceil, log10

import torch
from hypothesis import HealthCheck, Phase, given, seed, settings

from mlp_core import backprop, gradcheck
from mlp_core.activations import Activation
from mlp_core.testing import subjects
from mlp_core.testing.bounds import formulas
from mlp_core.testing.engine.compare import compare
from mlp_core.testing.engine.evidence import Broken, Evidence
from mlp_core.testing.examples.networks import all_activations, problems
from mlp_core.testing.examples.problem import Problem
from mlp_core.testing.laws.gradients import equality as gradient_laws
from mlp_core.testing.oracles import gradients as oracles

SUBJECT = subjects.backprop(backprop)


def main(examples: int) -> None:
    every = all_activations()
    for title, functions in (
        ("smooth", [f for f in every if not f.kinks]),
        ("piecewise linear", [f for f in every if f.slopes]),
    ):
        differences(title, functions, examples)
    for dtype in (torch.float32, torch.float64):
        autograd(dtype, examples)


def differences(title: str, functions: list[Activation], examples: int) -> None:
    """Central differences: alarms, how tensors were judged, entries skipped, and the distribution of q."""
    total, alarms, decades = Evidence(), 0, Counter[str]()

    def one(problem: Problem) -> None:
        nonlocal alarms
        try:
            evidence = gradient_laws.against_differences(SUBJECT, problem)
        except Broken:
            alarms += 1
            return
        total.tensors, total.by_bound = total.tensors + evidence.tensors, total.by_bound + evidence.by_bound
        total.entries, total.skipped = total.entries + evidence.entries, total.skipped + evidence.skipped
        total.ratio = max(total.ratio, evidence.ratio)
        decades.update(decade(q) for q in relative_errors(problem))

    on_each(one, examples, functions=functions)
    print(f"central differences, {title}: {examples} problems, {alarms} false alarms")
    by_bound = total.by_bound / total.tensors
    print(f"  tensors {total.tensors}, judged by the bound {by_bound:.1%} (the nearest at {total.ratio:.1%} of it)")
    print(f"  entries {total.entries}, skipped at kinks {total.skipped / (total.entries + total.skipped):.2%}")
    for name in sorted(decades):
        print(f"  q {name:<14} {decades[name] / total.tensors:6.1%}")


def relative_errors(problem: Problem) -> list[float]:
    """q of every tensor, entries at kinks left out."""
    case = problem.double().case()
    fine, _ = oracles.central_differences(problem, case, gradcheck.STEP)
    keep = case.model.layout.views(~gradcheck.crosses_kink(case.model, case.trace.a[0], 2 * gradcheck.STEP))
    got = SUBJECT.gradient(case)
    return [gradcheck.relative_error(d[k], g[k]) for d, g, k in zip(fine, got, keep, strict=True)]


def decade(q: float) -> str:
    if q == 0:
        return "0"
    return f"1e{ceil(log10(q)):+03d} and below" if q > 1e-12 else "1e-12 and below"


def autograd(dtype: torch.dtype, examples: int) -> None:
    """Autograd: entries that differ where bits should be the same; the error against its bound elsewhere."""
    exact, other, differ = Evidence(), Evidence(), 0

    def one(problem: Problem) -> None:
        nonlocal differ
        case = problem.case()
        got, expected = SUBJECT.gradient(case), oracles.autograd(case)
        if problem.exact:
            exact.entries += sum(g.numel() for g in got)
            differ += sum(int((g != e).sum()) for g, e in zip(got, expected, strict=True))
        else:
            found = compare(case.names, got, expected, formulas.backprop(case))
            other.entries, other.ratio = other.entries + found.entries, max(other.ratio, found.ratio)

    exact_functions = [f for f in all_activations() if f.exact]
    on_each(one, examples, functions=exact_functions, dtypes=[dtype])
    on_each(one, examples, dtypes=[dtype])
    name = str(dtype)[6:]
    print(f"autograd, {name}: {exact.entries} entries that should have the same bits, {differ} differ")
    print(f"  {other.entries} entries held to the bound, the nearest at {other.ratio:.1%} of it")


def on_each(check: object, examples: int, **options: object) -> None:
    """Call `check` with generated problems."""
    silent = {"database": None, "deadline": None, "suppress_health_check": list(HealthCheck)}
    run = settings(max_examples=examples, phases=[Phase.generate], **silent)  # type: ignore[arg-type]  # as declared
    run(seed(0)(given(problems(**options))(check)))()  # type: ignore[arg-type, call-arg]  # given fills the argument


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5000)
