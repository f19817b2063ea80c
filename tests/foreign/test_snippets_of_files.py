"""The snippet of a failure in a file can be pasted as it is: it loads what it needs from the file, and fails again."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import patch

import pytest
import test_data_before_weights as costs
import test_models_of_their_own_arrays as models
import test_networks_that_run_again as networks
import test_probabilities as probabilities
import test_results_in_attributes as layers
import test_values_beside_gradients as values
from pairs_of_strangers import Case

from mlp_core.testing import verify
from mlp_core.testing.engine import runner
from mlp_core.testing.engine.guards import globals_kept

OBJECTIVE = """\
import numpy as np


def focal_loss(y, s):
    return np.logaddexp(0, -s * (2 * y - 1))


def focal_objective(y, s):
    p = 1 / (1 + np.exp(-s))
    return y - p, p * (1 - p)
"""

SUBJECT = """\
from mlp_core.testing import subjects


def forward(x):
    return x**3, x


def backward(dout, x):
    return 2 * x**2 * dout


subject = subjects.pair(forward, backward, subjects.arrays("(n)"))
"""

IN_PLACE = """\
import torch


class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**2

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return grad.mul_(2 * x)
"""


def first(cases: dict[str, Case], name: str = "") -> str:
    return cases[name or next(iter(cases))].wrong()


FILES = {
    "an objective beside its loss": OBJECTIVE,
    "a subject in a file whose name is no identifier": SUBJECT,
    "a function that raises for some strides": IN_PLACE,
    "methods of a model": first(models.CASES),
    "an object that runs again": first(models.CASES, "data that is kept from the first call"),
    "a loss as a class": first(models.CASES, "a loss that keeps its target"),
    "a layer with its results in attributes": first(layers.CASES),
    "a gradient and its cost": first(costs.CASES, "a missing 2, which a mean over two outputs hides"),
    "a value beside its gradient": first(values.CASES),
    "a function and its derivative with the target first": first(probabilities.CASES, "two functions"),
    "a network that runs again": first(networks.CASES),
}


@pytest.mark.parametrize("text", FILES.values(), ids=FILES)
def test_the_snippet_fails_again(text: str, tmp_path: Path) -> None:
    path = tmp_path / "04_theirs.py"
    path.write_text(text, encoding="utf-8")
    with patch.object(runner, "SHRINKS", 2):
        report = verify(str(path), examples=6)
    snippets = [r.snippet for r in report.results if r.verdict == "FAIL"]
    assert snippets
    for snippet in snippets[:3]:
        with globals_kept(), pytest.raises((AssertionError, RuntimeError)):
            exec(snippet, {"__name__": "pasted"})  # noqa: S102  (what it is for)
