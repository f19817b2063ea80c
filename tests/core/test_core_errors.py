"""Bad input is refused with an error that names the argument, its value and what was expected."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
import torch
from refusals import refusal
from torch import Tensor

from mlp_core import MLP, ArgumentError, activations, backprop, gradcheck, losses, rules
from mlp_core.model import Trace

SGD: Any = rules.get("sgd")
NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize("sizes", [
    [], [3], [3, 0], [3, -1, 2], [3, 2.0], [3, "2"], [3, True], "3", "32", 7, None, [3, None], {2, 3},
], ids=repr)  # fmt: skip
def test_sizes(sizes: Any) -> None:
    assert refusal(MLP, sizes) == f"sizes: got {sizes!r}, expected at least two positive integers"


@pytest.mark.parametrize(("call", "kind", "wrong", "near"), [
    (activations.get, "activation", "rleu", "relu"),
    (activations.get, "activation", "sigmoyd", "sigmoid"),
    (losses.get, "loss", "crossentropy", "cross_entropy"),
    (rules.get, "rule", "sdg", "sgd"),
    (lambda name: MLP([2, 2, 1], activation=name), "activation", "tahn", "tanh"),
    (lambda name: MLP([2, 1], output=name), "activation", "identify", "identity"),
    (lambda name: gradcheck.check_model(MLP([1, 1]), torch.ones(1, 1), torch.ones(1, 1), name), "loss", "mes", "mse"),
])  # fmt: skip
def test_unknown_names_are_answered_with_the_nearest(call: Any, kind: str, wrong: str, near: str) -> None:
    message = refusal(call, wrong)
    assert message.startswith(f"{kind}: got {wrong!r}, expected one of ")
    assert message.endswith(f"; did you mean {near!r}?")


def test_a_name_far_from_every_other_gets_no_suggestion() -> None:
    assert "did you mean" not in refusal(activations.get, "zzz")
    assert refusal(losses.get, None).startswith("loss: got None, expected one of squared_error, ")
    assert refusal(rules.get, None).startswith("rule: got None, expected one of ")
    assert refusal(rules.get, ["sgd"]).startswith("rule: got ['sgd'], expected one of ")


def test_activations_by_layer_must_be_as_many_as_hidden_layers() -> None:
    message = refusal(MLP, [2, 3, 3, 1], activation=["relu"])
    assert message == "activation: got ['relu'], expected one activation, or one for each of 2 hidden layers"


@pytest.mark.parametrize("dtype", [torch.int64, torch.complex64, torch.bool, "float32"])
def test_dtype_of_a_model(dtype: Any) -> None:
    assert refusal(MLP, [2, 1], dtype=dtype) == f"dtype: got {dtype!r}, expected a floating point dtype of torch"


@pytest.mark.parametrize(("hyperparameters", "message"), [
    ({"lr": -0.5}, "lr: got -0.5, expected a finite number >= 0"),
    ({"lr": NAN}, "lr: got nan, expected a finite number >= 0"),
    ({"lr": INF}, "lr: got inf, expected a finite number >= 0"),
    ({"lr": -INF}, "lr: got -inf, expected a finite number >= 0"),
    ({"lr": "0.1"}, "lr: got '0.1', expected a finite number >= 0"),
    ({"lr": None}, "lr: got None, expected a finite number >= 0"),
    ({"lr": True}, "lr: got True, expected a finite number >= 0"),
    ({"momentum": -1}, "momentum: got -1, expected a finite number >= 0"),
    ({"dampening": INF}, "dampening: got inf, expected a finite number"),
    ({"weight_decay": NAN}, "weight_decay: got nan, expected a finite number >= 0"),
    ({"maximize": 1}, "maximize: got 1, expected True or False"),
])  # fmt: skip
def test_hyperparameters_outside_their_domain(hyperparameters: dict[str, Any], message: str) -> None:
    assert refusal(SGD, **hyperparameters) == message


@pytest.mark.parametrize(("rule", "hyperparameters", "message"), [
    ("adam", {"betas": (0.9, 1.0)}, "betas: got (0.9, 1.0), expected a finite number >= 0 and < 1"),
    ("adam", {"betas": 0.9}, "betas: got 0.9, expected 2 numbers"),
    ("adam", {"betas": (0.9,)}, "betas: got (0.9,), expected 2 numbers"),
    ("adadelta", {"rho": 1.5}, "rho: got 1.5, expected a finite number >= 0 and <= 1"),
    ("adafactor", {"eps": (-1.0, 1.0)}, "eps: got (-1.0, 1.0), expected a finite number >= 0 or None"),
    ("adafactor", {"eps": (None, None)}, "eps: got (None, None), expected a finite number >= 0"),
    ("adafactor", {"beta2_decay": 0.5}, "beta2_decay: got 0.5, expected a finite number <= 0"),
    ("muon", {"ns_steps": 0}, "ns_steps: got 0, expected a whole number > 0 and <= 99"),
    ("muon", {"ns_steps": 100}, "ns_steps: got 100, expected a whole number > 0 and <= 99"),
    ("muon", {"ns_steps": 5.0}, "ns_steps: got 5.0, expected a whole number > 0 and <= 99"),
    ("muon", {"ns_steps": True}, "ns_steps: got True, expected a whole number > 0 and <= 99"),
    ("muon", {"adjust_lr_fn": "ours"},
     "adjust_lr_fn: got 'ours', expected 'original' or 'match_rms_adamw' or None"),
    ("rprop", {"etas": (1.0, 1.2)}, "etas: got (1.0, 1.2), expected a finite number > 0 and < 1"),
    ("rprop", {"step_sizes": (0.5, 0.25)},
     "step_sizes: got (0.5, 0.25), expected (least, largest) with least <= largest"),
    ("rmsprop", {"centered": True, "alpha": 0.0},
     "centered: got True, expected False where alpha = 0: v - a^2 is nothing but rounding there"),
])  # fmt: skip
def test_hyperparameters_of_other_rules(rule: str, hyperparameters: dict[str, Any], message: str) -> None:
    assert refusal(rules.get(rule), **hyperparameters) == message


@pytest.mark.parametrize(("rule", "hyperparameters"), [
    ("adam", {"betas": (0.0, 0.999), "eps": 0, "lr": 0}), ("adam", {"betas": [0.5, 0.5]}),
    ("adadelta", {"rho": 1}), ("adadelta", {"rho": 0.0}), ("adafactor", {"eps": (None, 0.0), "beta2_decay": 0}),
    ("muon", {"ns_steps": 1}), ("muon", {"ns_steps": 99, "adjust_lr_fn": "original"}),
    ("rprop", {"step_sizes": (0.5, 0.5)}), ("rmsprop", {"centered": True, "alpha": 0.5}), ("sgd", {"dampening": -1.0}),
])  # fmt: skip
def test_the_edges_of_a_domain_belong_to_it(rule: str, hyperparameters: dict[str, Any]) -> None:
    made: Any = rules.get(rule)(**hyperparameters)
    assert all(getattr(made, name) == value for name, value in hyperparameters.items())


@pytest.mark.parametrize("fields", [{}, {"momentum": 0.9, "dampening": 0.5}], ids=["no momentum", "dampened"])
def test_nesterov_needs_momentum_undamped(fields: dict[str, float]) -> None:
    message = refusal(SGD, nesterov=True, **fields)
    assert message.startswith("nesterov: got True, expected False where momentum = ")


def test_backprop_refuses_a_foreign_trace_and_an_unlike_upstream_gradient() -> None:
    model = MLP([3, 4, 2])
    trace = model.trace(torch.ones(5, 3))
    model.flat_grad.fill_(7.0)
    message = refusal(backprop, MLP([3, 5, 2]), trace, torch.ones(5, 2))
    assert message == "trace: got widths (3, 4, 2), expected a trace of this model, widths (3, 5, 2)"
    for wrong, what in (
        (torch.ones(4, 2), "shape torch.Size([4, 2]), expected shape torch.Size([5, 2])"),
        (torch.ones(5, 2).double(), "dtype torch.float64, expected dtype torch.float32"),
        (torch.ones(5, 2, device="meta"), "device meta, expected device cpu"),
    ):
        assert refusal(backprop, model, trace, wrong) == f"dL_dy: got {what}, that of trace.output"
    assert bool((model.flat_grad == 7).all())


def test_backprop_refuses_what_is_no_model_no_trace_no_tensor() -> None:
    model = MLP([3, 4, 2])
    trace, dL_dy = model.trace(torch.ones(5, 3)), torch.ones(5, 2)
    assert refusal(backprop, 1, trace, dL_dy) == "model: got 1, expected a MLP"
    assert refusal(backprop, model, 2, dL_dy) == "trace: got 2, expected a Trace"
    assert refusal(backprop, model, trace, 3) == "dL_dy: got 3, expected a Tensor"
    for part in (Trace(trace.z[:-1], trace.a), Trace(trace.z, trace.a[:-1])):
        assert refusal(backprop, model, part, dL_dy).startswith("trace: got widths (3, 4")
    other = Trace(trace.z[:2], trace.a[:2])  # as many z as a, and not this model's
    assert refusal(backprop, model, other, torch.ones(5, 4)).startswith("trace: got widths (3, 4), expected")


def test_value_and_grad_check_their_targets() -> None:
    message = refusal(losses.get("cross_entropy").value_and_grad, torch.zeros(2, 3), torch.tensor([0, 3]))
    assert message == "y: got 3, expected class labels from 0 to 2 for cross_entropy"
    for name in ("squared_error", "mse", "bce_with_logits"):
        message = refusal(losses.get(name).value_and_grad, torch.zeros(2, 1), torch.tensor([[0.5], [NAN]]))
        assert message == "y: got NaN, expected targets without NaN"
    message = refusal(losses.get("mse").value_and_grad, torch.zeros(3), torch.zeros(3))
    assert message == "y_hat: got shape (3,), expected shape (batch, outputs)"


@pytest.mark.parametrize("x", [torch.ones(1, 3), torch.ones(2), torch.ones(1, 2).double()], ids=["wide", "1-d", "f64"])
def test_forward_trace_and_check_model_refuse_the_same_inputs(x: Tensor) -> None:
    model, y = MLP([2, 1]), torch.zeros(1, 1)
    messages = {refusal(model, x), refusal(model.trace, x), refusal(gradcheck.check_model, model, x, y)}
    assert len(messages) == 1  # check_model too must name what it was given
    assert messages.pop().startswith("x: got ")


@pytest.mark.parametrize("step", [0.0, -1.0, NAN, INF])
def test_the_step_of_central_differences(step: float) -> None:
    message = refusal(gradcheck.central_difference, torch.sum, torch.ones(2), step=step)
    assert message == f"step: got {step}, expected a positive finite number"
    model = MLP([2, 1])
    assert refusal(gradcheck.check_model, model, torch.ones(1, 2), torch.zeros(1, 1), step=step) == message


def test_a_gradient_that_cannot_be_called() -> None:
    message = refusal(gradcheck.check_model, MLP([2, 1]), torch.ones(1, 2), torch.zeros(1, 1), gradient=torch.ones(2))
    assert message == "gradient: got tensor([1., 1.]), expected a function of (model, trace, dL_dy)"


def test_the_relative_error_of_tensors_of_two_shapes() -> None:
    message = refusal(gradcheck.relative_error, torch.ones(2), torch.ones(3))
    assert message == "approx: got shape (2,), expected shape (3,)"


def test_an_error_survives_the_way_from_another_process() -> None:
    error = ArgumentError("lr", lambda: None, "a number")  # a value that cannot travel itself
    copied = pickle.loads(pickle.dumps(error))
    assert (str(copied), copied.argument, copied.expected) == (str(error), "lr", "a number")
