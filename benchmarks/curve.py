"""How small an error in a single entry is caught: the laws of a gradient beside torch.autograd.gradcheck.

In every example one entry of one parameter's gradient is off by a share of its tensor's norm; the entry, the tensor and
the network are the example's own. A law catches it if one look at one example does.

    python benchmarks/curve.py [EXAMPLES]     docs/power.svg, and the figures
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import torch
from matplotlib import pyplot as plt
from torch import Tensor

from mlp_core import MLP, Trace, backprop
from mlp_core.testing import subjects
from mlp_core.testing.engine import runner as engine
from mlp_core.testing.engine.evidence import Broken
from mlp_core.testing.examples.problem import Case, Problem
from mlp_core.testing.examples.sample import sample
from mlp_core.testing.laws.books import laws_of

SIZES = [10.0**k for k in range(-15, 0)]
PAGE = Path(__file__).parent.parent / "docs" / "power.svg"
LAWS = ("equals autograd for a batch", "agrees with central differences for a batch", "quarters its Taylor remainder")


@dataclass
class Erring:
    """Backpropagation with one entry off by `size` times the norm of its tensor."""

    size: float
    example: int

    def __call__(self, model: MLP, trace: Trace, dL_dy: Tensor) -> None:
        backprop(model, trace, dL_dy)
        model.grad_views[self._tensor(model)].view(-1)[self._entry(model)] += self.error(model)

    def error(self, model: MLP) -> float:
        return self.size * model.grad_views[self._tensor(model)].norm().item()

    def _tensor(self, model: MLP) -> int:
        return self.example % len(model.grad_views)

    def _entry(self, model: MLP) -> int:
        return self.example * 7919 % model.grad_views[self._tensor(model)].numel()


def by_law(name: str, problem: Problem, size: float, example: int) -> bool | None:
    """Whether a law catches the error on this problem; None if the law is not tested there."""
    subject = subjects.backprop(Erring(size, example))
    (law,) = (law for law in laws_of(subject) if law.name == name)
    try:
        return False if engine.evaluate(law, problem).counted else None
    except Broken:
        return True


class Function(torch.autograd.Function):
    """A network's loss as a function of its flat parameters, with the erring gradient by hand."""

    @staticmethod
    def forward(ctx: Any, flat: Tensor, case: Case, problem: Problem, erring: Erring) -> Tensor:
        ctx.case, ctx.problem, ctx.erring = case, problem, erring
        with torch.no_grad():
            case.model.flat.copy_(flat)
            return problem.objective(case.model(case.trace.a[0]), case.dL_dy if case.y is None else case.y)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None, None]:
        model, problem = ctx.case.model, ctx.problem
        trace = model.trace(ctx.case.trace.a[0])
        dL_dy = ctx.case.dL_dy if problem.loss is None else problem.loss.grad(trace.output, ctx.case.y)
        model.flat_grad.zero_()
        ctx.erring(model, trace, dL_dy)
        return grad * model.flat_grad, None, None, None


def by_torch(problem: Problem, size: float, example: int) -> bool:
    """Whether torch.autograd.gradcheck at its defaults catches the error on this problem."""
    case = problem.case()
    flat = case.model.flat.clone().requires_grad_()
    return not torch.autograd.gradcheck(
        Function.apply, (flat, case, problem, Erring(size, example)), raise_exception=False
    )


def rates(problems: list[Problem]) -> dict[str, list[float]]:
    """The share of problems on which each way catches an error of each size."""
    found: dict[str, list[float]] = {}
    for name in LAWS:
        answers = [[by_law(name, p, size, k) for k, p in enumerate(problems)] for size in SIZES]
        spoken = [[a for a in column if a is not None] for column in answers]
        found[name] = [sum(column) / len(column) for column in spoken]
    found["torch.autograd.gradcheck, defaults"] = [
        sum(by_torch(p, size, k) for k, p in enumerate(problems)) / len(problems) for size in SIZES
    ]
    return found


def draw(found: dict[str, list[float]], n: int) -> None:
    figure, axes = plt.subplots(figsize=(8, 4.5), layout="constrained")
    for name, shares in found.items():
        axes.plot(SIZES, shares, marker="o", linestyle="--" if name.startswith("torch") else "-", label=name)
    axes.set(
        xscale="log", xlabel="error in one entry / norm of its tensor", ylabel="caught by one look at one example",
        ylim=(-0.02, 1.02), title=f"One wrong entry, {n} networks",
    )  # fmt: skip
    axes.grid(alpha=0.3)
    axes.legend(loc="lower right", frameon=False)
    partial = PAGE.with_suffix(".partial")
    figure.savefig(partial, format="svg", metadata={"Date": None})
    partial.replace(PAGE)


def smooth(problem: Problem) -> bool:
    return not any(f.kinks or f.bends for f in problem.activations)


def main(examples: int) -> None:
    torch.set_num_threads(1)
    drawn = sample(subjects.backprop(backprop).problems(one=False, dtypes=[torch.float64]), 6 * examples)
    zero = [p for p in drawn if smooth(p) and all(g.norm() > 0 for g in gradients(p))]
    problems = zero[-examples:]
    found = rates(problems)
    draw(found, len(problems))
    print("| error / norm |", " | ".join(found), "|\n|", "--- |" * (len(found) + 1))
    for k, size in enumerate(SIZES):
        print(f"| {size:.0e} |", " | ".join(f"{shares[k]:.0%}" for shares in found.values()), "|")


def gradients(problem: Problem) -> list[Tensor]:
    return subjects.backprop(backprop).gradient(problem.case())


if __name__ == "__main__":
    matplotlib.rcParams["svg.hashsalt"] = "mlp_core"  # the same picture, the same file
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
