"""`mlp-core search`: its options and its messages."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mlp_core.base.errors import ArgumentError
from mlp_core.experiment import options
from mlp_core.experiment.usage import INTERRUPTED, begins, processors, usage_errors, whole_number, widths


def search(
    data: options.Data,
    out: Annotated[Path, typer.Option(help="Output folder: result.json, model.safetensors, pictures and report.html.")],
    trials: Annotated[int, whole_number("Number of trials (random hyperparameter settings) to train.")] = 20,
    epochs: Annotated[int, whole_number("Number of passes over the training images in each trial.")] = 24,
    batch_size: options.BatchSize = 128,
    seed: Annotated[int, whole_number("Seed for the splits, hyperparameters, initial weights and batch order.")] = 0,
    resume: Annotated[
        bool, typer.Option("--resume", help="Continue the search in this folder, or join the one in --storage.")
    ] = False,
    storage: Annotated[
        str | None,
        typer.Option(help="Database URL, to share the search between machines.", show_default="a file in the folder"),
    ] = None,
    study: Annotated[str, typer.Option(help="Name of the search in --storage.")] = "search",
    workers: Annotated[
        int | None, whole_number("Number of training processes.", show_default="one per processor")
    ] = None,
    lr: Annotated[
        str, typer.Option(help="Learning rate: LOW:HIGH (drawn on a logarithmic scale), or one value.")
    ] = "0.01:0.3",
    weight_decay: Annotated[
        str, typer.Option(help="L2 penalty: LOW:HIGH (drawn on a logarithmic scale), or one value.")
    ] = "1e-5:1e-2",
    momentum: Annotated[
        str, typer.Option(help="Momentum: LOW:HIGH (1 - momentum is drawn on a logarithmic scale), or one value.")
    ] = "0.5:0.98",
    rule: Annotated[
        str, typer.Option(help="Update rule. Of lr, weight decay and momentum only those it has are searched.")
    ] = "sgd",
    keep: Annotated[
        str, typer.Option(help="Weights that a trial keeps: best (the epoch of best validation accuracy) or last.")
    ] = "best",
    schedule: Annotated[
        str, typer.Option(help="Learning rate schedule within a trial: constant, linear or cosine.")
    ] = "cosine",
    mirror: Annotated[
        bool, typer.Option("--mirror/--no-mirror", help="Mirror each image in half of the epochs.")
    ] = True,
    gradients: options.Gradients = "manual",
    updates: options.Updates = "manual",
    hidden: options.Hidden = "512,128,32",
    activation: options.Activation = "relu",
    loss: options.Loss = "cross_entropy",
    dtype: options.Dtype = "float32",
    download: options.Download = None,
) -> None:
    """Search learning rate, weight decay and momentum at random, and evaluate the best trial on the test split once.

    The best trial is the one with the highest validation accuracy.
    Every trial is saved after every epoch. A search that was interrupted or
    killed continues with --resume. The results have the same bits with any
    number of workers.
    This command needs pip install ".[experiment]".
    Exit status: 0 success, 2 usage error, 130 interrupted.
    """
    with usage_errors():
        begins("search", "torchvision")
        from rich.console import Console

        from mlp_core.base.extras import need
        from mlp_core.base.files import output_folder
        from mlp_core.experiment import search_results
        from mlp_core.experiment.data import check_source
        from mlp_core.experiment.place import Place
        from mlp_core.experiment.plan import Plan, ranges_of
        from mlp_core.experiment.search import search as searched
        from mlp_core.experiment.search import settings_of
        from mlp_core.experiment.show import load_images, outcome, say, searching

        ranges = ranges_of(rule, {"lr": lr, "weight_decay": weight_decay, "momentum": momentum})
        plan = Plan(
            ranges=ranges, trials=trials, epochs=epochs, batch_size=batch_size, seed=seed, rule=rule,
            gradients=gradients, updates=updates, keep=keep, schedule=schedule, mirror=mirror, hidden=widths(hidden),  # type: ignore[arg-type]
            activation=activation, loss=loss, dtype=dtype,
        )  # fmt: skip
        count = processors() if workers is None else workers
        if count < 1:
            raise ArgumentError("workers", count, "an integer >= 1")
        check_source(data)
        for module in ("torchvision.datasets", "safetensors.torch", "matplotlib.figure", "jinja2", "optuna"):
            need(module)
        console = Console()
        with output_folder(out, search_results.FILES) as folder:
            place = Place(folder, storage, study)
            with place.alone():
                place.check(resume, search_results.FILES)
                images = load_images(console, data, plan, download)
                result = place.take(settings_of(plan, images))
                if result is None:
                    try:
                        with searching(console, plan) as progress:
                            found = searched(plan, images, place, count, progress)
                    except KeyboardInterrupt:
                        say(console, f"interrupted; the trials so far are kept in {folder}: add --resume to continue")
                        raise typer.Exit(INTERRUPTED) from None
                    result = search_results.result_of(data, images, found)
                    for path in place.finish(search_results.contents(images, found, result)):
                        say(console, f"wrote {path}")
                    say(console, f"the test split was evaluated once, at {found.opening.opened}")
                place.clear()
            outcome(console, result)
