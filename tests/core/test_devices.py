"""Every tensor is made where its arguments are, never where torch's default device says.

The default here is "meta", whose tensors hold no numbers: a tensor made there by mistake raises or is visible.
So a machine without an accelerator can test this.
"""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from mlp_core import MLP, backprop, fit, losses, rules
from mlp_core.gradcheck import central_difference, check_model
from mlp_core.layout import Layout

ELSEWHERE = torch.device("meta")


def data(loss: str) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(5, 3, generator=generator)
    return x, torch.tensor([0, 1, 1, 0, 1]) if losses.get(loss).classes else torch.rand(5, 2, generator=generator)


def test_a_model_and_what_becomes_of_it_stay_where_they_are() -> None:
    with ELSEWHERE:
        model = MLP([3, 4, 2], device="cpu")
        doubled = model.double()
    assert {t.device.type for t in (doubled.flat, doubled.flat_grad, *doubled.parameters())} == {"cpu"}
    assert {t.device.type for t in (MLP([3, 2], device="meta").flat, MLP([3, 2], device="meta").flat_grad)} == {"meta"}


@pytest.mark.parametrize("loss", losses.names())
def test_gradients_and_training_are_the_same_under_another_default_device(loss: str) -> None:
    x, y = data(loss)
    runs: list[list[Any]] = []
    for device in ("cpu", "meta"):
        model = MLP([3, 4, 2])
        model.weights[0].data[0].zero_()  # with its bias: the first unit is at its kink
        model.biases[0].data[0].zero_()
        with torch.device(device):
            trace = model.trace(x)
            value, dL_dy = losses.get(loss).value_and_grad(trace.output, y)
            gradient = backprop(model, trace, dL_dy).tolist()
            errors = check_model(model, x, y, loss)
            assert errors.skipped == 4
            rule: Any = rules.get("sgd")(lr=0.1, momentum=0.5)
            history = fit(model, x, y, loss=loss, rule=rule, epochs=2, batch_size=2)
        runs.append([value.item(), gradient, errors, errors.skipped, history.step_losses.tolist(),
                     history.epoch_losses.tolist(), model.flat.tolist()])  # fmt: skip
    assert runs[0] == runs[1]


def test_central_differences_are_the_same_under_another_default_device() -> None:
    theta, quotients = torch.tensor([1.0, -2.0, 0.5]), []
    for device in ("cpu", "meta"):
        with torch.device(device):
            quotients.append(central_difference(lambda t: (t**2).sum(), theta).tolist())
            quotients.append(central_difference(lambda t: (t**2).sum(-1), theta, batched=True).tolist())
            quotients.append(central_difference(lambda t: float((t**2).sum()), theta).tolist())
    assert quotients[:3] == quotients[3:]


def test_a_checkpoint_goes_on_under_another_default_device() -> None:
    x, y = data("mse")
    options: dict[str, Any] = {"loss": "mse", "rule": rules.get("adam")(), "epochs": 2, "batch_size": 2}
    flats = []
    for device in ("cpu", "meta"):
        start = fit(MLP([3, 4, 2]), x, y, **options).checkpoint
        model = MLP([3, 4, 2])
        with torch.device(device):
            fit(model, x, y, start=start, **options)
        flats.append(model.flat)
    assert torch.equal(*flats)


def test_a_layout_lies_where_its_buffer_is() -> None:
    with ELSEWHERE:
        views = Layout.of([(2, 3)], torch.float32).views(torch.zeros(16, device="cpu"))
    assert views[0].device.type == "cpu"
