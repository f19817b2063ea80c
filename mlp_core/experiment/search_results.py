"""The files of a search: result.json, model.safetensors, pictures, and report.html, which contains them all."""

from __future__ import annotations

import base64
import json
from dataclasses import asdict
from typing import Any

from mlp_core.base.extras import need
from mlp_core.experiment import search_plots
from mlp_core.experiment.data import Data
from mlp_core.experiment.place import RESULT
from mlp_core.experiment.results import parameters, plain, versions
from mlp_core.experiment.search import Found
from mlp_core.experiment.trial import Outcome

MODEL, REPORT = "model.safetensors", "report.html"
PICTURES = ("loss_curves.png", "hyperparameters.png", "confusion.png", "mistaken.png")
FILES = (MODEL, *PICTURES, REPORT, RESULT)


def contents(data: Data, found: Found, result: dict[str, Any]) -> dict[str, bytes]:
    """For each file, its name and content; result: `result_of` the search."""
    text = json.dumps(result, indent=1, allow_nan=False) + "\n"
    kept = {"sizes": result["sizes"], "plan": result["plan"], "data": result["data"]}
    drawn = dict(zip(PICTURES, (
        search_plots.loss_curves(found), search_plots.hyperparameters(found),
        search_plots.confusion(result["confusion"], data.classes),
        search_plots.mistaken(found, data.classes, data.image_shape),
    ), strict=True))  # fmt: skip
    weights = need("safetensors.torch").save(parameters(found.trial.network()), {"mlp_core": json.dumps(kept)})
    page = _page(result, drawn).encode()
    return {MODEL: weights, **drawn, REPORT: page, RESULT: text.encode()}  # last: it marks the search as finished


def result_of(source: str, data: Data, found: Found) -> dict[str, Any]:
    """The record of a search. It contains no times and no machine, so that the same search gives the same record."""
    normalisation = data.training.normalisation
    result: dict[str, Any] = plain({
        "test_accuracy": found.opening.test_accuracy,
        "test_loss": found.opening.test_loss,
        "confusion": _confusion(found, len(data.classes)),
        "selected": _row(found.selected),
        "trials": [_row(outcome) for outcome in found.outcomes],
        "compare": _compared(found),
        "unnormalised_training": {
            "validation_accuracy": found.unnormalised.outcome().validation_accuracy,
            "validation_accuracy_normalised": found.selected.validation_accuracy,
        },
        "plan": found.plan.to_dict(),
        "sizes": found.trial.model.sizes,
        "data": {
            "source": source,
            "fingerprint": {"training": data.digests[0], "validation": data.digests[1], "test": data.test.digest()},
            "images": {"training": len(data.training), "validation": len(data.validation), "test": len(data.test)},
            "classes": data.classes,
            "image_shape": data.image_shape,
            "normalisation": {"mean": normalisation.mean.tolist(), "std": normalisation.std.tolist()},
        },
        "versions": versions("torchvision", "optuna", "numpy", "pillow"),
    })  # fmt: skip
    return result


def _row(outcome: Outcome) -> dict[str, Any]:
    return {**asdict(outcome), "diverged": not outcome.usable}


def _compared(found: Found) -> dict[str, Any]:
    """The selected trial beside the same with the other kinds of gradients and updates."""
    ours, theirs = found.trial, found.again
    steps = list(zip(ours.step_losses, theirs.step_losses, strict=False))
    parted = next((step for step, (a, b) in enumerate(steps, 1) if a != b), None)
    same = parted is None and ours.outcome().digest == theirs.outcome().digest
    return {
        "gradients": theirs.gradients, "updates": theirs.updates, "steps": len(steps), "identical": same,
        "first_step_that_differs": parted,
    }  # fmt: skip


def _confusion(found: Found, classes: int) -> list[list[int]]:
    matrix = [[0] * classes for _ in range(classes)]
    for label, predicted in zip(found.images.y.tolist(), found.opening.predictions, strict=True):
        matrix[label][predicted] += 1
    return matrix


def _page(result: dict[str, Any], drawn: dict[str, bytes]) -> str:
    """The report as one page that loads nothing from elsewhere."""
    jinja2 = need("jinja2")
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("mlp_core.experiment", "page"), autoescape=True, trim_blocks=True,
        lstrip_blocks=True, undefined=jinja2.StrictUndefined,
    )  # fmt: skip
    pictures = {name.partition(".")[0]: base64.b64encode(picture).decode() for name, picture in drawn.items()}
    trials = sorted(result["trials"], key=lambda t: (t["diverged"], -t["validation_accuracy"], t["number"]))
    html: str = environment.get_template("search.html.jinja").render(**result, ranked=trials, pictures=pictures)
    return html
