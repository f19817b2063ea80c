"""A generated problem: a network with its numbers, a batch, and the gradient by its output."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from mlp_core.activations import Activation, names
from mlp_core.losses import Loss
from mlp_core.model import MLP, Trace
from mlp_core.testing.engine.source import few, few_numbers, source


@dataclass
class Case:
    """One forward pass, ready for backpropagation: the arguments of a backprop function."""

    model: MLP
    trace: Trace
    dL_dy: Tensor
    y: Tensor | None = None

    def rows(self, rows: Tensor | slice) -> Case:
        """The same network on some rows of the batch, with equal bits."""
        trace = Trace(tuple(z[rows] for z in self.trace.z), tuple(a[rows] for a in self.trace.a))
        return Case(self.model, trace, self.dL_dy[rows], None if self.y is None else self.y[rows])

    @property
    def names(self) -> list[str]:
        """The parameters in order: W1, b1, W2, b2, ..."""
        return [name for name, _ in self.model.named_parameters()]


@dataclass(frozen=True)
class Problem:
    """A network of given numbers (float64, rounded to `dtype` when built) and a batch.

    The objective is `loss` of the output and y, or, without a loss, the sum of upstream * y_hat.
    """

    sizes: tuple[int, ...]
    activations: tuple[Activation, ...]
    parameters: tuple[Tensor, ...]
    x: Tensor
    y: Tensor
    loss: Loss | None = None
    dtype: torch.dtype = torch.float64
    strided: bool = False

    def model(self) -> MLP:
        """The network, in `dtype`."""
        model = MLP(self.sizes, self.activations[:-1], self.activations[-1], dtype=self.dtype)
        with torch.no_grad():
            for p, value in zip(model.parameters(), self.parameters, strict=True):
                p.copy_(value)
        return model

    def inputs(self) -> Tensor:
        """x in `dtype`, strided if the problem says so."""
        return self._laid(self.x)

    def targets(self) -> Tensor:
        """y in the form that the loss takes: labels unchanged, values in `dtype`."""
        return self.y.clone() if self.y.dtype == torch.int64 else self._laid(self.y)

    def case(self) -> Case:
        """The forward pass, and the gradient of the objective by the output."""
        model, y = self.model(), self.targets()
        trace = model.trace(self.inputs())
        if self.loss is None:
            return Case(model, trace, y)
        with torch.no_grad():
            return Case(model, trace, self.loss.grad(trace.output, y), y)

    def objective(self, y_hat: Tensor, y: Tensor) -> Tensor:
        """The scalar whose gradient is computed; y_hat (..., B, n)."""
        return (y_hat * y).sum() if self.loss is None else self.loss.value(y_hat, y)

    @property
    def exact(self) -> bool:
        """Whether gradients computed with the same products have autograd's bits (measured)."""
        return all(f.exact for f in self.activations) and not (len(self.x) == 1 and 1 in self.sizes)

    def double(self) -> Problem:
        """The same problem in float64."""
        return replace(self, dtype=torch.float64)

    def weight(self) -> int:
        """How much there is to read: the numbers, of which nonzero ones count more."""
        return sum(t.numel() + 4 * int(t.count_nonzero()) for t in (*self.parameters, self.x, self.y))

    def describe(self) -> str:
        """The network and the batch, in one line."""
        shape = "-".join(map(str, self.sizes))
        functions = ", ".join(f.name for f in self.activations)
        objective = "a weighted sum of the output" if self.loss is None else self.loss.name
        layout = ", strided input" if self.strided else ""
        rows = f"{len(self.x)} sample" + "s" * (len(self.x) != 1)
        return f"{shape} network ({functions}), {objective}, {rows}{layout}, {str(self.dtype)[6:]}"

    def numbers(self) -> str:
        """Parameters and batch, rounded to a few digits."""
        names = [f"{kind}{layer}" for layer in range(1, len(self.sizes)) for kind in "Wb"]
        named = [*zip(names, self.parameters, strict=True), ("x", self.x), ("y", self.y)]
        return ", ".join(f"{name} {few_numbers(t)}" for name, t in named)

    def setup(self) -> list[str]:
        """Python lines that build the same case: model, x, y, trace, dL_dy."""
        functions = [_source(f) for f in self.activations]
        lines = [
            f"model = MLP({list(self.sizes)}, [{', '.join(functions[:-1])}], {functions[-1]}, dtype={self.dtype})",
            "with torch.no_grad():",
        ]
        numbers = [
            f"model.weights[{layer}].copy_({source(W)}); model.biases[{layer}].copy_({source(b)})"
            for layer, (W, b) in enumerate(zip(self.parameters[0::2], self.parameters[1::2], strict=True))
        ]
        lines += [f"    {row}" for row in few(numbers, most=4, between="; ")]
        lines.append(f"x = {source(self.x, self.dtype)}")
        lines.append(f"y = {source(self.y, self.dtype)}")
        if self.strided:
            for name in ("x", "y")[: 1 if self.y.dtype == torch.int64 else 2]:
                lines.append(f'{name} = torch.stack([{name}, {name} + float("nan")], dim=-1)[..., 0]')
        lines.append("trace = model.trace(x)")
        grad = "y" if self.loss is None else f'losses.get("{self.loss.name}").value_and_grad(trace.output, y)[1]'
        return [*lines, f"dL_dy = {grad}"]

    def _laid(self, tensor: Tensor) -> Tensor:
        tensor = tensor.to(self.dtype, copy=True)  # a subject may write to its arguments
        if self.strided:  # every other number in memory is NaN, so that ignoring the strides shows
            tensor = torch.stack([tensor, torch.full_like(tensor, float("nan"))], dim=-1)[..., 0]
        return tensor


def _source(f: Activation) -> str:
    if f.name in names():
        return repr(f.name)
    return f"activations.leaky({f.slopes[0]})" if f.slopes else repr(f.name)


def permuted(case: Case, layer: int, order: Sequence[int]) -> Case:
    """The same network with the units of a hidden layer in another order, with equal bits."""
    problem_model = case.model
    index = torch.tensor(order)
    model = MLP(
        problem_model.sizes,
        problem_model.activations[:-1],
        problem_model.activations[-1],
        dtype=problem_model.flat.dtype,
    )
    with torch.no_grad():
        model.flat.copy_(problem_model.flat)
        model.weights[layer - 1].copy_(problem_model.weights[layer - 1][index])
        model.biases[layer - 1].copy_(problem_model.biases[layer - 1][index])
        model.weights[layer].copy_(problem_model.weights[layer][:, index])
    z, a = list(case.trace.z), list(case.trace.a)
    z[layer], a[layer] = z[layer][:, index], a[layer][:, index]
    return Case(model, Trace(tuple(z), tuple(a)), case.dL_dy, case.y)
