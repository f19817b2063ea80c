"""`mlp-core train`: its options and its messages."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mlp_core.experiment import options
from mlp_core.experiment.usage import DIFFERENT, INTERRUPTED, begins, usage_errors, whole_number, widths


def train(
    data: options.Data,
    out: Annotated[Path, typer.Option(help="Output folder: history.json, model.safetensors and loss_curves.png.")],
    gradients: options.Gradients = "manual",
    updates: options.Updates = "manual",
    compare: Annotated[
        bool, typer.Option("--compare", help="Also train with autograd and torch; exit with 1 if any bit differs.")
    ] = False,
    epochs: Annotated[int, whole_number("Number of passes over the training images.")] = 30,
    batch_size: options.BatchSize = 256,
    lr: Annotated[float, typer.Option(help="Learning rate.")] = 0.01,
    momentum: Annotated[float, typer.Option(help="Momentum.")] = 0.0,
    weight_decay: Annotated[float, typer.Option(help="L2 penalty, added to the gradient.")] = 0.0,
    hidden: options.Hidden = "512,128,32",
    activation: options.Activation = "relu",
    loss: options.Loss = "cross_entropy",
    dtype: options.Dtype = "float32",
    seed: Annotated[int, whole_number("Seed for the splits, initial weights and batch order.")] = 0,
    download: options.Download = None,
) -> None:
    """Train a network on images, with gradients and updates by hand or by torch.

    With --compare it also trains with autograd and torch, and reports whether
    the results have the same bits.
    This command needs pip install ".[experiment]".
    Exit status:
    0 success, 1 --compare found a difference, 2 usage error.
    """
    with usage_errors():
        begins("train", "torchvision")
        from rich.console import Console

        from mlp_core.base.extras import need
        from mlp_core.base.files import output_folder, write_all
        from mlp_core.experiment.data import check_source
        from mlp_core.experiment.results import FILES, writers
        from mlp_core.experiment.show import load_images, say, train_and_compare
        from mlp_core.experiment.train import Options

        asked = Options(
            gradients=gradients, updates=updates, epochs=epochs, batch_size=batch_size, lr=lr, momentum=momentum,  # type: ignore[arg-type]
            weight_decay=weight_decay, hidden=widths(hidden), activation=activation, loss=loss, dtype=dtype,
            seed=seed,
        )  # fmt: skip
        check_source(data)
        for module in ("torchvision.datasets", "safetensors.torch", "matplotlib.figure"):
            need(module)
        with output_folder(out, FILES) as folder:
            console = Console()
            images = load_images(console, data, asked, download)
            try:
                run, reference, comparison = train_and_compare(console, asked, images, compare)
            except KeyboardInterrupt:
                say(console, "interrupted: nothing is written")
                raise typer.Exit(INTERRUPTED) from None
            for path in write_all(folder, writers(data, asked, images, run, reference, comparison)):
                say(console, f"wrote {path}")
    if comparison is not None and not comparison.identical:
        raise typer.Exit(DIFFERENT)
