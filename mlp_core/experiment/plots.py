"""Pictures of a run, drawn on separate figures: without windows, and without the shared state of pyplot."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from mlp_core.base.extras import need
from mlp_core.experiment.train import Run

DRAWN = 1e30  # matplotlib pads its axes in float64 and overflows near 1e308; nobody reads a loss above this


def loss_curves(path: Path, run: Run, reference: Run | None = None) -> None:
    """Write a PNG of the step losses and the epoch losses to `path`; the losses of a reference are dashed, on top."""
    figure = need("matplotlib.figure").Figure(figsize=(8, 5), dpi=120, layout="constrained")
    axes = figure.add_subplot()
    for shown, color, style in ((run, "tab:blue", "-"), (reference, "tab:orange", "--")):
        if shown is None:
            continue
        steps, epochs = shown.history.step_losses, shown.history.epoch_losses
        name = f"gradients {shown.gradients}, updates {shown.updates}"
        numbers = torch.arange(1, len(steps) + 1).tolist()
        axes.plot(numbers, drawable(steps), color=color, linestyle=style, linewidth=0.8, alpha=0.4)
        ends = [len(steps) // len(epochs) * (epoch + 1) for epoch in range(len(epochs))]
        axes.plot(ends, drawable(epochs), color=color, linestyle=style, marker="o", markersize=3, label=name)
    axes.set_xlabel("step")
    axes.set_ylabel("training loss (pale: each step; bold: mean of the epoch)")
    axes.legend()
    axes.grid(alpha=0.3)
    figure.savefig(path, format="png")


def drawable(values: Tensor) -> list[float]:
    """The values for a plot; values that are not finite or too large to read become gaps."""
    values = values.double()
    return torch.where(values.abs() < DRAWN, values, torch.nan).tolist()
