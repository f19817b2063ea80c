"""The magnitudes that rounding bounds are relative to, against numbers worked out by hand.

Too large a magnitude only loosens a bound, which no law would notice. Every number here is exact in float64.
"""

from __future__ import annotations

import pytest
import torch

from mlp_core import activations, losses
from mlp_core.activations import _normal_pdf


@pytest.mark.parametrize(("name", "z", "a", "terms"), [
    ("identity", [-3.0, 0.0, 5.0], [-3.0, 0.0, 5.0], [1.0, 1.0, 1.0]),
    ("relu", [-3.0, 0.0, 5.0], [0.0, 0.0, 5.0], [1.0, 1.0, 1.0]),
    ("elu", [-9.0, 0.0, 5.0], [-0.75, 0.0, 5.0], [1.25, 2.0, 2.0]),  # 1 and 1 + a where a < 0
    ("sigmoid", [9.0, 9.0], [0.5, 0.25], [0.75, 0.3125]),  # (1 + a) a
    ("tanh", [9.0, 9.0], [-0.5, 1.0], [1.25, 2.0]),  # 1 + a^2
    ("silu", [0.0, 64.0], [0.0, 64.0], [0.5, 129.0]),  # s (1 + |z| (1 + s)): sigmoid(64) is 1 rounded
    ("softsign", [-3.0, 0.0, 7.0], [-0.75, 0.0, 0.875], [0.5, 2.0, 0.25]),  # 2 / (1 + |z|)
])  # fmt: skip
def test_the_terms_of_an_activation(name: str, z: list[float], a: list[float], terms: list[float]) -> None:
    record = activations.get(name)
    got = record.terms(torch.tensor(z, dtype=torch.float64), torch.tensor(a, dtype=torch.float64))
    assert got.tolist() == terms


def test_the_terms_of_gelu_are_those_of_its_derivative() -> None:
    z = torch.linspace(-3, 3, 7, dtype=torch.float64)
    terms = activations.get("gelu").terms(z, z)
    assert terms.tolist() == (1 + z.abs() * _normal_pdf(z)).tolist()  # Phi <= 1, |z| phi


Y_HAT = torch.tensor([[1.0, 1.0], [-3.0, -3.0]], dtype=torch.float64)
VALUES = torch.tensor([[0.0, 1.0], [0.5, 1.0]], dtype=torch.float64)
LABELS = torch.tensor([0, 1])


@pytest.mark.parametrize(("name", "terms", "grad_terms"), [
    ("squared_error", 1 + 0 + 12.25 + 16, [[2.0, 0.0], [7.0, 8.0]]),  # (y - y_hat)^2;  2 |y - y_hat|
    ("mse", (1 + 0 + 12.25 + 16) / 4, [[0.5, 0.0], [1.75, 2.0]]),
    ("cross_entropy", (5 + 9) / 2, [[1.5, 1.5], [2.5, 2.5]]),  # 1 + n + 2 max |y_hat|;  (p (2 + |.| + max |.|) + 1) / B
    ("bce_with_logits", (3 + 3 + 7 + 7) / 4, None),  # 1 + 2 |y_hat|
])  # fmt: skip
def test_the_terms_of_a_loss(name: str, terms: float, grad_terms: list[list[float]] | None) -> None:
    loss = losses.get(name)
    y = LABELS if loss.classes else VALUES
    assert loss.terms(Y_HAT, y).item() == terms
    if grad_terms is not None:
        assert loss.grad_terms(Y_HAT, y).tolist() == grad_terms


def test_the_terms_of_the_gradient_of_bce() -> None:
    y_hat, y = torch.zeros(2, 2, dtype=torch.float64), VALUES  # sigmoid(0) = 1/2
    assert losses.get("bce_with_logits").grad_terms(y_hat, y).tolist() == [[0.125, 0.375], [0.25, 0.375]]


def test_softmax_weighs_the_exponent_of_each_entry() -> None:
    y_hat = torch.tensor([[0.0, -1024.0]], dtype=torch.float64)  # p is 1 and 0
    assert losses.get("cross_entropy").grad_terms(y_hat, LABELS[:1]).tolist() == [[1027.0, 1.0]]
