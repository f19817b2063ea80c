"""The files of a run: history.json, model.safetensors, loss_curves.png."""

from __future__ import annotations

import json
import math
import platform
from collections.abc import Callable
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

import mlp_core
from mlp_core.base.extras import need
from mlp_core.experiment.compare import Comparison
from mlp_core.experiment.data import Data
from mlp_core.experiment.plots import loss_curves
from mlp_core.experiment.train import Options, Run
from mlp_core.model import MLP

HISTORY, MODEL, CURVES = FILES = ("history.json", "model.safetensors", "loss_curves.png")


def writers(
    source: str, options: Options, data: Data, run: Run, reference: Run | None, comparison: Comparison | None
) -> dict[str, Callable[[Path], object]]:
    """For each file its name, and a function that writes it to a path."""
    history = history_of(source, options, data, run, comparison)
    text = json.dumps(plain(history), indent=1, allow_nan=False) + "\n"
    kept = ("options", "classes", "image_shape", "normalisation", "sizes")
    # under one key: safetensors writes several in an order that changes from run to run
    metadata = {"mlp_core": json.dumps(plain({key: history[key] for key in kept}))}
    weights = parameters(run.model)
    return {
        HISTORY: lambda path: path.write_text(text, encoding="utf-8"),
        # through bytes: save_file makes a file that only its owner can read
        MODEL: lambda path: path.write_bytes(need("safetensors.torch").save(weights, metadata)),
        CURVES: lambda path: loss_curves(path, run, reference),
    }


def history_of(source: str, options: Options, data: Data, run: Run, comparison: Comparison | None) -> dict[str, Any]:
    """The record of a run. It contains only the size of the test split, which is for one evaluation later."""
    normalisation = data.training.normalisation
    return {
        "options": {"data": source, **asdict(options)},
        "versions": versions("torchvision", "numpy", "pillow"),
        "classes": data.classes,
        "image_shape": data.image_shape,
        "images": {name: len(getattr(data, name)) for name in ("training", "validation", "test")},
        "normalisation": {"mean": normalisation.mean.tolist(), "std": normalisation.std.tolist()},
        "sizes": run.model.sizes,
        "step_losses": run.history.step_losses.tolist(),
        "epoch_losses": run.history.epoch_losses.tolist(),
        "training_accuracy": run.training_accuracy,
        "validation_accuracy": run.validation_accuracy,
        "compare": None if comparison is None else comparison.to_dict(),
    }


def parameters(model: MLP) -> dict[str, Tensor]:
    """The parameters by name, copied for safetensors, which refuses views of one buffer."""
    return {name: p.detach().clone() for name, p in model.named_parameters()}


def versions(*packages: str) -> dict[str, str | None]:
    """The versions of these packages, of torch, mlp_core and Python."""
    own = {"torch": torch.__version__, "mlp_core": mlp_core.__version__, "python": platform.python_version()}
    return {name: _version(name) for name in packages} | own


def plain(value: Any) -> Any:
    """`value` as JSON. JSON has no NaN and no infinity, so these become "nan", "inf", "-inf".

    >>> plain({"losses": (0.5, float("nan"))})
    {'losses': [0.5, 'nan']}
    """
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
