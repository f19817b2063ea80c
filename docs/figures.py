"""The curves of the page on gradient checking, drawn by mlp_core.gradcheck itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import matplotlib as mpl
import torch
from matplotlib.figure import Figure
from torch import Tensor

from mlp_core import MLP, backprop, gradcheck, losses
from mlp_core.differences import by_parameters

STEPS = [2.0**-k for k in range(2, 50)]
mpl.rcParams["svg.hashsalt"] = "mlp_core"  # the same curve, the same file


def network(activation: str, *, scale: float = 1.0, dtype: torch.dtype = torch.float64) -> tuple[MLP, Tensor, Tensor]:
    """A network 3-8-2 with weights `scale` times their usual size, a batch of five and its targets."""
    generator = torch.Generator().manual_seed(0)
    model = MLP([3, 8, 2], activation=activation, dtype=dtype, generator=generator)
    with torch.no_grad():
        model.flat.mul_(scale)
    x, y = (torch.randn(5, n, generator=generator, dtype=torch.float64).to(dtype) for n in (3, 2))
    return model, x, y


def objective(model: MLP, x: Tensor, y: Tensor) -> Callable[[Tensor], Tensor]:
    """The squared error as a function of the first weights, evaluated in the dtype of the model."""
    weight, loss = model.weights[0], losses.get("squared_error")

    def J(theta: Tensor) -> Tensor:
        kept = weight.detach().clone()
        with torch.no_grad():
            weight.copy_(theta)
            value = loss.value(model(x), y)
            weight.copy_(kept)
        return value

    return J


def quotients(model: MLP, x: Tensor, y: Tensor, step: float) -> Tensor:
    """Central differences of the squared error by the first weights."""
    return gradcheck.central_difference(objective(model, x, y), model.weights[0], step=step)


def one_sided(model: MLP, x: Tensor, y: Tensor, step: float) -> Tensor:
    """(J(theta + h e_i) - J(theta)) / h for the first weights."""
    J, theta = objective(model, x, y), model.weights[0].detach()
    points = theta + step * torch.eye(theta.numel(), dtype=theta.dtype).view(-1, *theta.shape)
    return torch.stack([(J(point) - J(theta)) / step for point in points]).view(theta.shape)


def gradients(model: MLP, x: Tensor, y: Tensor) -> list[Tensor]:
    """The gradients of the squared error by hand: W1, b1, W2, ..."""
    trace = model.trace(x)
    backprop(model, trace, losses.get("squared_error").value_and_grad(trace.output, y)[1])
    return [g.clone() for g in model.grad_views]


def by_step() -> Figure:
    """The relative error of a right gradient by the step: truncation on the right, rounding on the left."""
    figure, axes = _axes("step h", "relative error q")
    double, single = network("tanh"), network("tanh", dtype=torch.float32)
    exact = gradients(*double)[0]
    for name, problem in (("float64", double), ("float32", single)):
        axes.loglog(STEPS, [gradcheck.relative_error(quotients(*problem, h), exact) for h in STEPS], label=name)
    aside = [gradcheck.relative_error(one_sided(*double, h), exact) for h in STEPS]
    axes.loglog(STEPS, aside, ":", label="float64, on one side")
    return _with_our_step(figure)


def at_a_kink() -> Figure:
    """The same for relu, one pre-activation 1e-5 from its kink: a step across it measures neither slope."""
    figure, axes = _axes("step h", "relative error q")
    model, x, y = network("relu")
    with torch.no_grad():
        z = model.trace(x).z[1]
        unit = int((z * (z > 0)).sum(0).argmax())
        row = int(z[:, unit].argmax())
        model.biases[0][unit] -= z[row, unit] - 1e-5  # now it is 1e-5 to the right of its kink
    exact = gradients(model, x, y)[0]
    every = [gradcheck.relative_error(quotients(model, x, y, h), exact) for h in STEPS]
    axes.loglog(STEPS, every, label="every entry")
    kept = []
    for h in STEPS:
        smooth = ~model.layout.views(gradcheck.crosses_kink(model, x, h))[0]
        kept.append(gradcheck.relative_error(quotients(model, x, y, h)[smooth], exact[smooth]))
    axes.loglog(STEPS, kept, "--", label="entries that cross no kink")
    return _with_our_step(figure)


def _with_our_step(figure: Figure) -> Figure:
    (axes,) = figure.axes
    axes.axvline(gradcheck.STEP, color="gray", linewidth=0.8)
    axes.legend()
    return figure


def by_saturation() -> Figure:
    """A right gradient of sigmoid units, as their weights grow: the quotient drowns, nothing is wrong."""
    figure, axes = _axes("weights, times their usual size", "relative error q")
    scales = [2.0**k for k in range(15)]
    for activation in ("sigmoid", "tanh"):
        worst = []
        for scale in scales:
            model, x, y = network(activation, scale=scale)
            approx = by_parameters(model, x, y, losses.get("squared_error"), gradcheck.STEP)  # with one step for all
            pairs = zip(model.layout.views(approx), gradients(model, x, y), strict=True)
            worst.append(max(gradcheck.relative_error(a, d) for a, d in pairs))
        axes.loglog(scales, worst, "o-", label=activation)
    axes.legend()
    return figure


def by_tensor() -> Figure:
    """The largest entry of a bias gradient off by a tenth, by the width of the input: in its own tensor, and in all."""
    figure, axes = _axes("inputs", "relative error q")
    widths = [2**k for k in range(2, 13)]
    together, alone = [], []
    for width in widths:
        generator = torch.Generator().manual_seed(0)
        model = MLP([width, 16, 2], activation="tanh", dtype=torch.float64, generator=generator)
        x, y = (torch.rand(8, n, generator=generator, dtype=torch.float64) for n in (width, 2))  # as pixels are
        right = gradients(model, x, y)
        wrong = [g.clone() for g in right]
        wrong[1][right[1].abs().argmax()] *= 1.1
        alone.append(gradcheck.relative_error(wrong[1], right[1]))
        together.append(gradcheck.relative_error(*(torch.cat([t.flatten() for t in g]) for g in (wrong, right))))
    axes.loglog(widths, alone, "o-", label="b1 by itself")
    axes.loglog(widths, together, "o-", label="all tensors in one vector")
    axes.legend()
    return figure


def _axes(x: str, y: str):  # type: ignore[no-untyped-def]  # matplotlib's own
    figure = Figure(figsize=(6.4, 3.6), layout="constrained")
    axes = figure.subplots()
    axes.set(xlabel=x, ylabel=y)
    for limit, name in gradcheck.BANDS:
        axes.axhline(limit, color="gray", linewidth=0.4, linestyle=":")
        place = {"xycoords": ("axes fraction", "data"), "ha": "right", "va": "top"}
        axes.annotate(name, (0.99, limit), fontsize=7, color="gray", **place)
    return figure, axes


FIGURES: tuple[Callable[[], Figure], ...] = (by_step, at_a_kink, by_saturation, by_tensor)


def write(folder: Path) -> None:
    """Draw every figure into `folder`, as SVG."""
    folder.mkdir(exist_ok=True)
    for draw in FIGURES:
        draw().savefig(folder / f"{draw.__name__}.svg", metadata={"Date": None})
