"""Options shared by `mlp-core train` and `mlp-core search`, each defined once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mlp_core.experiment.usage import whole_number

Data = Annotated[
    str,
    typer.Option(
        help="cifar2, which downloads CIFAR-10 (170 MB); or folder:PATH. PATH has one subfolder of images per class, "
        "or train/ and test/ with such subfolders."
    ),
]
BatchSize = Annotated[int, whole_number("Images per step; the last step of an epoch may have fewer.")]
Gradients = Annotated[str, typer.Option(help="How gradients are computed: manual or autograd.")]
Updates = Annotated[str, typer.Option(help="How weights are updated: manual or torch.")]
Hidden = Annotated[str, typer.Option(help="Widths of the hidden layers, separated by commas.")]
Activation = Annotated[str, typer.Option(help="Activation of the hidden layers.")]
Loss = Annotated[str, typer.Option(help="Loss function.")]
Dtype = Annotated[str, typer.Option(help="Number format of weights and images: float32 or float64.")]
Download = Annotated[
    Path | None, typer.Option(help="Folder in which CIFAR-10 is kept.", show_default="mlp_core in the user's cache")
]
