"""A fit that is refused names the argument, its value and what was expected, and changes nothing."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from refusals import refusal
from torch import Tensor

from mlp_core import MLP, fit, losses, rules

SGD: Any = rules.get("sgd")
NAN, INF = float("nan"), float("inf")


def problem() -> dict[str, Any]:
    x = torch.linspace(-1, 1, 12).view(4, 3)
    return {
        "x": x, "y": torch.tensor([0, 1, 1, 0]), "loss": "cross_entropy",
        "rule": SGD(lr=0.5), "epochs": 1, "batch_size": 2,
    }  # fmt: skip


def holed(t: Tensor, value: float) -> Tensor:
    t = t.clone()
    t.view(-1)[-1] = value
    return t


VALUES = torch.zeros(4, 2)
BAD_FITS: dict[str, tuple[dict[str, Any], str]] = {
    "x too wide": ({"x": torch.ones(4, 5)}, "x: got shape (4, 5), expected shape (batch, 3)"),
    "x flat": ({"x": torch.ones(3)}, "x: got shape (3,), expected shape (batch, 3)"),
    "x 0-d": ({"x": torch.ones(())}, "x: got shape (), expected shape (batch, 3)"),
    "x images": ({"x": torch.ones(4, 3, 8, 8)}, "x: got shape (4, 3, 8, 8), expected shape (batch, 3)"),
    "x double": ({"x": torch.ones(4, 3).double()},
                 "x: got dtype torch.float64, expected dtype torch.float32, that of the model"),
    "x integers": ({"x": torch.ones(4, 3, dtype=torch.int64)},
                   "x: got dtype torch.int64, expected dtype torch.float32, that of the model"),
    "x elsewhere": ({"x": torch.ones(4, 3, device="meta")},
                    "x: got device meta, expected device cpu, that of the model"),
    "x empty": ({"x": torch.ones(0, 3)}, "x: got no rows, expected at least one sample"),
    "x NaN": ({"x": holed(torch.ones(4, 3), NAN)}, "x: got NaN or infinity, expected finite numbers"),
    "x infinite": ({"x": holed(torch.ones(4, 3), INF)}, "x: got NaN or infinity, expected finite numbers"),
    "y short": ({"y": torch.tensor([0, 1, 1])}, "y: got shape (3,), expected shape (4,) for cross_entropy"),
    "y one-hot": ({"y": VALUES}, "y: got shape (4, 2), expected shape (4,) for cross_entropy"),
    "y float": ({"y": torch.zeros(4)}, "y: got dtype torch.float32, expected dtype torch.int64 for cross_entropy"),
    "y elsewhere": ({"y": torch.zeros(4, dtype=torch.int64, device="meta")},
                    "y: got device meta, expected device cpu, that of y_hat"),
    "label high": ({"y": torch.tensor([0, 1, 2, 0])}, "y: got 2, expected class labels from 0 to 1 for cross_entropy"),
    "label low": ({"y": torch.tensor([0, -1, 1, 0])},
                  "y: got -1, expected class labels from 0 to 1 for cross_entropy"),
    "targets narrow": ({"loss": "mse", "y": torch.zeros(4, 1)}, "y: got shape (4, 1), expected shape (4, 2) for mse"),
    "targets double": ({"loss": "mse", "y": VALUES.double()},
                       "y: got dtype torch.float64, expected dtype torch.float32 for mse"),
    "targets NaN": (
        {"loss": "squared_error", "y": holed(VALUES, NAN)}, "y: got NaN or infinity, expected finite numbers",
    ),
    "targets beyond 1": ({"loss": "bce_with_logits", "y": holed(VALUES, 1.5)},
                         "y: got 1.5, expected targets from 0 to 1 for bce_with_logits"),
    "loss": ({"loss": "mee"}, f"loss: got 'mee', expected one of {', '.join(losses.names())}; did you mean 'mse'?"),
    "batch size 0": ({"batch_size": 0}, "batch_size: got 0, expected an integer >= 1"),
    "batch size -1": ({"batch_size": -1}, "batch_size: got -1, expected an integer >= 1"),
    "batch size 2.0": ({"batch_size": 2.0}, "batch_size: got 2.0, expected an integer >= 1"),
    "batch size True": ({"batch_size": True}, "batch_size: got True, expected an integer >= 1"),
    "epochs -1": ({"epochs": -1}, "epochs: got -1, expected an integer >= 0"),
    "epochs None": ({"epochs": None}, "epochs: got None, expected an integer >= 0"),
    "gradients": ({"gradients": "torch"}, "gradients: got 'torch', expected manual or autograd"),
    "updates": ({"updates": "autograd"}, "updates: got 'autograd', expected manual or torch"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_FITS)
def test_a_refused_fit_names_what_is_wrong_and_changes_nothing(case: str) -> None:
    changed, message = BAD_FITS[case]
    model = MLP([3, 4, 2])
    model.flat_grad.fill_(7.0)
    before = model.flat.clone()
    generator = torch.Generator().manual_seed(3)
    state = generator.get_state()
    options = {**problem(), "shuffle": True, "generator": generator, **changed}
    x, y = options.pop("x"), options.pop("y")
    assert refusal(fit, model, x, y, **options) == message
    assert torch.equal(model.flat, before)
    assert bool((model.flat_grad == 7).all())
    assert torch.equal(generator.get_state(), state)


@pytest.mark.parametrize("rule", ["sgd", SGD, None, 0.1], ids=repr)
def test_a_rule_that_is_none_is_refused(rule: Any) -> None:
    options = {**problem(), "rule": rule}
    message = refusal(fit, MLP([3, 4, 2]), options.pop("x"), options.pop("y"), **options)
    assert message.startswith("rule: got ")
    expected = "an UpdateRule, made with its hyperparameters, or a function of the step that returns one"
    assert message.endswith(f", expected {expected}")


def test_a_schedule_that_returns_no_rule_is_refused() -> None:
    options = {**problem(), "rule": lambda step: SGD() if step == 0 else 0.1}
    message = refusal(fit, MLP([3, 4, 2]), options.pop("x"), options.pop("y"), **options)
    assert message == "rule(1): got 0.1, expected an UpdateRule"


@pytest.mark.parametrize("updates", ["manual", "torch"])
def test_a_schedule_that_turns_to_another_kind_of_rule_is_refused(updates: str) -> None:
    options = {**problem(), "rule": lambda step: SGD() if step == 0 else rules.get("adam")(), "updates": updates}
    message = refusal(fit, MLP([3, 4, 2]), options.pop("x"), options.pop("y"), **options)
    assert message.startswith("rule: got Adam(")
    assert message.endswith("expected a SGD in every step, as in the first")


def test_a_start_that_is_no_checkpoint_is_refused() -> None:
    options = problem()
    x, y = options.pop("x"), options.pop("y")
    start = fit(MLP([3, 4, 2]), x, y, **options).checkpoint
    fit(MLP([3, 4, 2]), x, y, start=start, **options)
    for missing in start:
        part = {key: value for key, value in start.items() if key != missing}
        assert refusal(fit, MLP([3, 4, 2]), x, y, start=part, **options).endswith(
            "expected the checkpoint of a History"
        )
    for other in (1, "checkpoint", [*start]):
        assert refusal(fit, MLP([3, 4, 2]), x, y, start=other, **options).startswith("start: got ")
    assert refusal(fit, MLP([3, 4, 2]), x, y, generator=3, **options) == "generator: got 3, expected a torch.Generator"


def test_a_checkpoint_of_another_model_or_engine_is_refused() -> None:
    options = problem()
    x, y = options.pop("x"), options.pop("y")
    start = fit(MLP([3, 4, 2]), x, y, **options).checkpoint
    model = MLP([3, 40, 2])
    before = model.flat.clone()
    assert refusal(fit, model, x, y, start=start, **options).startswith("start: got sizes [3, 4, 2] in torch.float32")
    assert torch.equal(model.flat, before)
    model = MLP([3, 3, 2])  # its buffer happens to be as long
    before = model.flat.clone()
    assert refusal(fit, model, x, y, start=start, **options).startswith("start: got ")
    assert torch.equal(model.flat, before)
    message = refusal(fit, MLP([3, 4, 2]), x, y, start=start, updates="torch", **options)
    assert message == "start: got updates by manual, expected updates by torch"
    message = refusal(fit, MLP([3, 4, 2], dtype=torch.float64), x.double(), y, start=start, **options)
    assert message.startswith("start: got ")
