"""`mlp-core search`: its options, and what it says."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mlp_core.base.errors import ArgumentError
from mlp_core.experiment import options
from mlp_core.experiment.usage import INTERRUPTED, processors, usage_errors, widths


def search(
    data: options.Data,
    out: Annotated[Path, typer.Option(help="Folder for result.json, model.safetensors, pictures and report.html.")],
    trials: Annotated[int, typer.Option(help="How many draws of the hyperparameters are trained.")] = 20,
    epochs: Annotated[int, typer.Option(help="Passes over the training images in each trial.")] = 24,
    batch_size: options.BatchSize = 128,
    seed: Annotated[int, typer.Option(help="Of splits, draws, weights and batch order.")] = 0,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the search in this folder, or take part in one of a storage.")
    ] = False,
    storage: Annotated[
        str | None, typer.Option(help="URL of a database to share the search by.", show_default="a file in the folder")
    ] = None,
    study: Annotated[str, typer.Option(help="Name of the search in its storage.")] = "search",
    workers: Annotated[int | None, typer.Option(help="Processes that train.", show_default="one a processor")] = None,
    lr: Annotated[str, typer.Option(help="Learning rate: LOW:HIGH on a logarithmic scale, or one value.")] = "0.01:0.3",
    weight_decay: Annotated[str, typer.Option(help="L2 penalty, likewise.")] = "1e-5:1e-2",
    momentum: Annotated[str, typer.Option(help="Momentum, likewise; the scale is that of 1 - momentum.")] = "0.5:0.98",
    rule: Annotated[str, typer.Option(help="Update rule; what it has not of the three is not searched.")] = "sgd",
    keep: Annotated[str, typer.Option(help="The weights of the best epoch by validation, or of the last.")] = "best",
    schedule: Annotated[str, typer.Option(help="Learning rate in a trial: constant, linear or cosine.")] = "cosine",
    mirror: Annotated[
        bool, typer.Option("--mirror/--no-mirror", help="Turn each image left to right in half of the epochs.")
    ] = True,
    gradients: options.Gradients = "manual",
    updates: options.Updates = "manual",
    hidden: options.Hidden = "512,128,32",
    activation: options.Activation = "relu",
    loss: options.Loss = "cross_entropy",
    dtype: options.Dtype = "float32",
    download: options.Download = None,
) -> None:
    """Search learning rate, weight decay and momentum at random; select on validation; look at the test split once.

    Every trial is kept after every epoch: interrupted, even killed, the search goes on with --resume, to the same
    result to the bit, with any number of workers. Exit status: 0 fine, 2 bad usage, 130 interrupted.
    """
    with usage_errors():
        from rich.console import Console

        from mlp_core.base.extras import need
        from mlp_core.base.files import output_folder, write_all
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
                        say(console, f"interrupted; what is done is kept in {folder}: add --resume to go on")
                        raise typer.Exit(INTERRUPTED) from None
                    result = search_results.result_of(data, images, found)
                    for path in write_all(folder, search_results.writers(images, found, result)):
                        say(console, f"wrote {path}")
                    say(console, f"the test split was opened at {found.opening.opened}, once")
                place.clear()
            outcome(console, result)
