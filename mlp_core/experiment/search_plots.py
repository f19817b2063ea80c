"""Pictures of a search: losses by hand and by torch, the tried hyperparameters, the confusions of the selected
network."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import torch

from mlp_core.base.extras import need
from mlp_core.experiment.plots import drawable
from mlp_core.experiment.search import Found

COLUMNS, MOST = 8, 40
"""the number of images in a row of the sheet of mistaken images, and in the whole sheet"""

READABLE = 20
"""the largest number of classes for which a confusion matrix shows its numbers, with an inch per class"""


def loss_curves(found: Found) -> bytes:
    """The selected trial's step losses, and, dashed on top, those of the other kinds of gradients and updates."""

    def draw(figure: Any) -> None:
        axes = figure.add_subplot()
        for trial, style, width in ((found.trial, "-", 2.0), (found.again, "--", 1.0)):
            numbers = range(1, len(trial.step_losses) + 1)
            name = f"gradients {trial.gradients}, updates {trial.updates}"
            axes.plot(numbers, drawable(torch.tensor(trial.step_losses)), style, linewidth=width, label=name)
        axes.set(xlabel="step", ylabel="training loss of the batch", title=f"trial {found.selected.number}, selected")
        axes.legend()
        axes.grid(alpha=0.3)

    return _picture(draw, (8, 4.5))


def hyperparameters(found: Found) -> bytes:
    """Validation accuracy over each searched hyperparameter; the selected trial is marked."""
    searched = [name for name, range_ in found.plan.ranges.items() if range_.low < range_.high]
    usable = [outcome for outcome in found.outcomes if outcome.usable]

    def draw(figure: Any) -> None:
        if not searched:
            figure.text(0.5, 0.5, "no hyperparameter was searched", ha="center")
            return
        for axes, name in zip(figure.subplots(1, len(searched), sharey=True, squeeze=False)[0], searched, strict=True):
            below_one = found.plan.ranges[name].below_one

            def at(value: float, below_one: bool = below_one) -> float:
                return 1 - value if below_one else value

            axes.scatter([at(o.hyperparameters[name]) for o in usable], [o.validation_accuracy for o in usable], s=18)
            best = found.selected
            axes.scatter([at(best.hyperparameters[name])], [best.validation_accuracy], s=90, facecolors="none",
                         edgecolors="tab:red", label=f"trial {best.number}, selected")  # fmt: skip
            axes.set(xscale="log", xlabel=f"1 - {name}" if below_one else name)
            axes.xaxis.set_minor_formatter(need("matplotlib.ticker").NullFormatter())  # they would overlap
            axes.grid(alpha=0.3)
        figure.axes[0].set_ylabel("validation accuracy")
        figure.axes[0].legend()

    return _picture(draw, (4 * max(len(searched), 1), 4))


def confusion(matrix: list[list[int]], classes: tuple[str, ...]) -> bytes:
    """The test images by class (rows) and by predicted class (columns)."""

    def draw(figure: Any) -> None:
        axes = figure.add_subplot()
        axes.imshow(matrix, cmap="Blues")
        most = max(max(row) for row in matrix)
        for i, row in enumerate(matrix if len(classes) <= READABLE else []):
            for j, count in enumerate(row):
                axes.text(j, i, str(count), ha="center", va="center", color="white" if 2 * count > most else "black")
        axes.set(xlabel="predicted", ylabel="class", title="test split")
        for ticks in (axes.set_xticks, axes.set_yticks):
            ticks(range(len(classes)), classes, parse_math=False)  # a class may be called $5

    return _picture(draw, (2.5 + min(len(classes), READABLE), 2 + min(len(classes), READABLE)))


def mistaken(found: Found, classes: tuple[str, ...], image_shape: tuple[int, int, int]) -> bytes:
    """Test images that the selected network assigns to a wrong class, spread evenly over all of these."""
    predicted = torch.tensor(found.opening.predictions)
    wrong = (predicted != found.images.y).nonzero().flatten()
    shown = wrong[torch.linspace(0, len(wrong) - 1, MOST).long()] if len(wrong) > MOST else wrong
    pixels = found.images.normalisation.undo(found.images.x[shown].view(-1, *image_shape).double()).clamp(0, 1)

    def draw(figure: Any) -> None:
        figure.suptitle(f"{len(wrong)} of {len(found.images)} test images are mistaken; {len(shown)} of them")
        grid = figure.subplots(max(1, -(-len(shown) // COLUMNS)), COLUMNS, squeeze=False)
        for axes in grid.flat:
            axes.axis("off")
        for axes, image, row in zip(grid.flat, pixels, shown.tolist(), strict=False):
            axes.imshow(image.permute(1, 2, 0).numpy(), interpolation="nearest")
            axes.set_title(f"{classes[int(predicted[row])]}?", fontsize=8, parse_math=False)

    return _picture(draw, (COLUMNS * 1.1, 1.3 * max(1, -(-len(shown) // COLUMNS)) + 0.6))


def _picture(draw: Callable[[Any], None], size: tuple[float, float]) -> bytes:
    """A PNG, drawn on a separate figure, without a window."""

    figure, png = need("matplotlib.figure").Figure(figsize=size, dpi=110, layout="constrained"), io.BytesIO()
    draw(figure)
    figure.savefig(png, format="png")
    return png.getvalue()
