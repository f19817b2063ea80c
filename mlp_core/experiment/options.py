"""Options that `mlp-core train` and `mlp-core search` share, each written once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Data = Annotated[str, typer.Option(help="cifar2, or folder:PATH with CLASS/* or train/CLASS/* and test/CLASS/*.")]
BatchSize = Annotated[int, typer.Option(help="Images a step; the last step of an epoch may have fewer.")]
Gradients = Annotated[str, typer.Option(help="manual or autograd.")]
Updates = Annotated[str, typer.Option(help="manual or torch.")]
Hidden = Annotated[str, typer.Option(help="Widths of the hidden layers.")]
Activation = Annotated[str, typer.Option(help="Activation of the hidden layers.")]
Loss = Annotated[str, typer.Option(help="Loss.")]
Dtype = Annotated[str, typer.Option(help="float32 or float64.")]
Download = Annotated[
    Path | None, typer.Option(help="Where CIFAR-10 is kept.", show_default="mlp_core in the user's cache")
]
