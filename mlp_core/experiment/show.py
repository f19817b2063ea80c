"""The terminal output of `mlp-core train` and `search`: progress while they load and train, then the outcome."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)  # fmt: skip

from mlp_core.base.ticker import Ticker
from mlp_core.experiment.compare import Comparison, compare
from mlp_core.experiment.data import Data, load
from mlp_core.experiment.plan import Plan
from mlp_core.experiment.train import DTYPES, Options, Run, other_pair, train
from mlp_core.experiment.trial import Outcome


def load_images(console: Console, source: str, options: Options | Plan, download: Path | None) -> Data:
    """Read the images with a progress bar."""
    with _progress(console, "reading images") as progress:
        task = progress.add_task("images", total=None)
        data = load(
            source, seed=options.seed, dtype=DTYPES[options.dtype], download=download,
            on_image=lambda done, total: progress.update(task, completed=done, total=total),
        )  # fmt: skip
    sizes = ", ".join(f"{len(getattr(data, name))} {name}" for name in ("training", "validation", "test"))
    say(console, f"{' / '.join(data.classes)}: {sizes} images of shape {data.image_shape}")
    return data


def train_and_compare(
    console: Console, options: Options, data: Data, comparing: bool
) -> tuple[Run, Run | None, Comparison | None]:
    """Train with a progress bar; `comparing`: once more with the other kinds of gradients and updates, from the same
    weights.
    """
    pairs = [(options.gradients, options.updates)]
    if comparing:
        pairs.append(other_pair(*pairs[0]))
    runs = []
    with _progress(console, "training") as progress:
        for gradients, updates in pairs:
            task = progress.add_task(f"gradients {gradients}, updates {updates}", total=options.epochs)

            def advance(epoch: int, epoch_loss: float, accuracy: float, task: TaskID = task) -> None:
                progress.update(task, completed=epoch + 1)

            runs.append(train(options, data, gradients=gradients, updates=updates, on_epoch=advance))
    run, reference = runs[0], runs[1] if comparing else None
    _outcome(console, run)
    comparison = None if reference is None else compare(run, reference)
    for line in () if comparison is None else comparison.lines():
        say(console, line)
    return run, reference, comparison


@contextmanager
def searching(console: Console, plan: Plan) -> Iterator[Callable[[list[Outcome], int], None]]:
    """A progress bar over all epochs of a search, with the best trial so far; yields the function that updates it."""
    with _progress(console, "searching") as progress:
        task = progress.add_task("epochs of all trials", total=plan.trials * plan.epochs)

        def moved(outcomes: list[Outcome], epochs: int) -> None:
            best = max((o.validation_accuracy for o in outcomes), default=None)
            known = "" if best is None else f", best validation accuracy {best:.2%}"
            text = f"{len(outcomes)} of {plan.trials} trials{known}"
            progress.update(task, completed=epochs, description=text)

        yield moved


def outcome(console: Console, result: dict[str, Any]) -> None:
    """The outcome of a search, in two lines."""
    chosen = result["selected"]
    drawn = ", ".join(f"{name} {value:.4g}" for name, value in chosen["hyperparameters"].items())
    accuracy = f"validation accuracy {chosen['validation_accuracy']:.2%}"
    say(console, f"selected trial {chosen['number']}: {drawn}; {accuracy}")
    say(console, f"test accuracy {result['test_accuracy']:.2%}")


def say(console: Console, line: str) -> None:
    """Print a line unchanged: no markup, no colours, no wrapping."""
    console.print(line, markup=False, highlight=False, soft_wrap=True)


def _outcome(console: Console, run: Run) -> None:
    steps, epochs = run.history.step_losses, run.history.epoch_losses
    unusable = (~torch.isfinite(steps)).nonzero()
    if len(unusable):
        index = int(unusable[0])
        epoch, step = divmod(index, len(steps) // len(epochs))
        where = f"at epoch {epoch + 1}, step {step + 1}"
        say(console, f"the loss became {steps[index].item()} {where}; a smaller lr may help")
    say(
        console,
        f"loss {epochs[0].item():.6g} in epoch 1, {epochs[-1].item():.6g} in epoch {len(epochs)}; accuracy "
        f"{run.training_accuracy:.2%} training, {run.validation_accuracy[-1]:.2%} validation",
    )


@contextmanager
def _progress(console: Console, what: str) -> Iterator[Progress]:
    """Progress bars in a terminal; elsewhere, as in a CI log, a line at once and then one from time to time."""
    progress = Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        TimeRemainingColumn(), console=console, disable=not console.is_terminal,
    )  # fmt: skip

    def words() -> str:
        under_way = [task for task in progress.tasks if task.total and not task.finished]
        done = [f"{task.description}: {task.completed:.0f} of {task.total:.0f}" for task in under_way]
        return "; ".join([what, *done])

    with progress if console.is_terminal else Ticker(console, words):
        yield progress
