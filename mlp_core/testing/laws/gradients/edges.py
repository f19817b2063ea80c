"""Laws of a hand-written backpropagation for edge cases: kinks, widths of 1, many layers, strides, 16 bits,
infinities."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from hypothesis import strategies as st

from mlp_core.testing.bounds import formulas
from mlp_core.testing.engine.compare import compare
from mlp_core.testing.engine.evidence import Broken, Evidence
from mlp_core.testing.engine.groups import SIZE
from mlp_core.testing.engine.law import LawBook
from mlp_core.testing.examples.networks import all_activations, on_kinks
from mlp_core.testing.examples.problem import Problem
from mlp_core.testing.laws.gradients.shared import AUTOGRAD, against_autograd
from mlp_core.testing.oracles import gradients as oracles

book = LawBook()


def with_kinks(subject: Any) -> st.SearchStrategy[Problem]:
    return subject.problems(functions=[f for f in all_activations() if f.kinks])


@book.law(
    with_kinks,
    name="takes torch's convention at a kink",
    beside="few examples of the laws of equality have a kink; all of this law do, so it names the kink as the cause",
)
def takes_torchs_convention_at_a_kink(subject: Any, problem: Problem) -> Evidence:
    """If pre-activations are exactly at a kink, the derivative is the one that torch uses (relu'(0) = 0).

    At a kink any slope between the two is a subgradient. Code that uses another one than torch trains to other numbers.
    Zeros are common: dead units, padding and zero biases give them.
    """
    placed, on_kink = on_kinks(problem), 0
    for z, f in zip(placed.case().trace.z[1:], placed.activations, strict=True):
        on_kink += sum(int((z == kink).sum()) for kink in f.kinks)
    if not on_kink:
        return Evidence(counted=False)
    try:
        return against_autograd(subject, placed)
    except Broken as broken:
        broken.example = placed
        raise


@book.law(
    lambda subject: subject.problems(width=(1, 1)),
    beside="few examples of the laws of equality have widths of 1; this law names the width as the cause",
)
def handles_widths_of_1(subject: Any, problem: Problem) -> Evidence:
    """The gradient is correct for networks in which every layer has a single unit.

    With one unit, (B, 1) and (B,) broadcast silently to (B, B), a mean equals a sum, and squeeze() removes a dimension
    that other code needs.
    """
    return against_autograd(subject, problem)


@book.law(
    lambda subject: subject.problems(depth=(1, 1)),
    beside="a quarter of the examples of the laws of equality have one layer; this law names the depth as the cause",
)
def handles_depth_1(subject: Any, problem: Problem) -> Evidence:
    """The gradient is correct for networks without a hidden layer.

    Without a hidden layer the first layer is also the last one. Loops that start at the second layer, or that take the
    input for an activation, fail there.
    """
    return against_autograd(subject, problem)


@book.law(lambda subject: subject.problems(depth=(6, 12), width=(1, 3)))
def handles_many_layers(subject: Any, problem: Problem) -> Evidence:
    """The gradient is correct for networks of six to twelve layers.

    Code that is written out layer by layer, for example for the three layers of an exercise, handles only that many.
    """
    return against_autograd(subject, problem)


@book.law(lambda subject: subject.problems(width=(1, 700), depth=(1, 2), large=True), floor=0.3, group=SIZE)
def handles_wide_layers_and_large_batches(subject: Any, problem: Problem) -> Evidence:
    """The gradient is correct for hundreds of units and samples. Nothing is cut off at the end of a kernel's block.

    Kernels work in blocks. Code that is correct for eight rows may lose the sixty-fifth, and small examples never show
    it.
    """
    return against_autograd(subject, problem)


@book.law(
    lambda subject: subject.problems(depth=(1, 3), scales=(0.0625,), dtypes=[torch.float16]),
    skip=lambda subject: None if torch.float32 in subject.dtypes else "it is tested in float64 only",
)
def handles_half_precision(subject: Any, problem: Problem) -> Evidence:
    """In float16, for sums that cannot overflow, every entry equals autograd's within the rounding of 11 bits.

    A conversion to float32, or a loss scale that is removed from one tensor only, shows in low precision.
    """
    return Evidence(counted=False) if formulas.overflows(problem.case()) else against_autograd(subject, problem)


@book.law(lambda subject: subject.problems(strided=True))
def handles_strided_inputs(subject: Any, problem: Problem) -> Evidence:
    """The gradient is correct if inputs and upstream gradients are views with strides. The gaps between their numbers
    contain NaN.

    Slices, transposed images and selected columns are common inputs, and they are not contiguous. Code that reads
    memory instead of the tensor computes with the numbers in the gaps.
    """
    return against_autograd(subject, problem)


@book.law(
    lambda subject: poisoned_problems(subject),
    skip=lambda subject: None if subject.to_the_bit else "only for the core's own backpropagation",
    beside="it says that an overflow is hidden; the laws of equality only say that a number is wrong",
)  # fmt: skip
def is_not_finite_where_autograd_is_not(subject: Any, poisoned: Poisoned) -> Evidence:
    """An infinity or NaN in the input appears in the same entries as in autograd's gradient, and in no others.

    An overflow must be visible. A mask that turns infinity into NaN, or NaN into 0, hides that a run diverges.
    """
    case = poisoned.case()
    for z, f in zip(case.trace.z[1:], poisoned.problem.activations, strict=True):
        if f.kinks and z.isnan().any():
            return Evidence(counted=False)  # torch's vector and tail kernels disagree about the side of a kink for NaN
    got, expected = subject.gradient(case), oracles.autograd(case)
    masks = [torch.isfinite(t).double() for t in (*got, *expected)]
    n = len(got)
    closing = AUTOGRAD.replace("abs(got - expected) <= {bound}", "(abs(got) < 1e400) == (abs(expected) < 1e400)")
    return compare(case.names, masks[:n], masks[n:], [0.0] * n, what="finite (1) or not (0): ", closing=closing)


def poisoned_problems(subject: Any) -> st.SearchStrategy[Poisoned]:
    # only activations that compute f'(z) like autograd: the others overflow at other points
    problems = subject.problems(functions=[f for f in all_activations() if f.exact])
    return st.builds(Poisoned, problems, st.sampled_from(["x", "dL_dy"]), st.sampled_from(["inf", "-inf", "nan"]))


class Poisoned:
    """A problem with one number of x or of dL/dy replaced by an infinity or NaN."""

    def __init__(self, problem: Problem, what: str, number: str) -> None:
        self.what, self.number = what, number
        self.problem = problem if what == "dL_dy" else replace(problem, x=self._poison(problem.x))

    def _poison(self, tensor: torch.Tensor) -> torch.Tensor:
        tensor = tensor.clone()
        tensor[0, 0] = float(self.number)
        return tensor

    def case(self) -> Any:
        case = self.problem.case()
        if self.what == "dL_dy":
            case.dL_dy = self._poison(case.dL_dy)
        return case

    def describe(self) -> str:
        return f"{self.problem.describe()}, {self.what}[0, 0] = {self.number}"

    def setup(self) -> list[str]:
        extra = [f'dL_dy[0, 0] = float("{self.number}")'] if self.what == "dL_dy" else []
        return [*self.problem.setup(), *extra]
