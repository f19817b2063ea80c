"""Gradients that are returned for other arguments than the first ones, or in another order, as their names show."""

from __future__ import annotations

from pathlib import Path

import pytest
from pairs_of_strangers import Case, holds

OF_TWO = """\
import numpy as np

def vae_loss(x, x_hat, mu, logvar):
    eps = 1e-8
    bce = -np.sum(x * np.log(x_hat + eps) + (1 - x) * np.log(1 - x_hat + eps))
    kl = -0.5 * np.sum(1 + logvar - mu ** 2 - np.exp(logvar))
    return (bce + kl) / x.shape[0]

def vae_loss_grad(x, x_hat, mu, logvar):
    n = x.shape[0]
    eps = 1e-8
    dx_hat = (-x / (x_hat + eps) + (1 - x) / (1 - x_hat + eps)) / n
    dmu = mu / n
    dlogvar = 0.5 * (np.exp(logvar) - 1) / n
    return dx_hat, dmu, dlogvar
"""

OF_ONE = """\
import numpy as np

def gaussian_nll(x, mu, logvar):
    d = x - mu
    loss = 0.5 * np.sum(logvar + d ** 2 * np.exp(-logvar))
    dlogvar = 0.5 * (1 - d ** 2 * np.exp(-logvar))
    dmu = -d * np.exp(-logvar)
    return loss, dlogvar, dmu
"""

PAIR = """\
import numpy as np

def linear_forward(x, W, b):
    return x @ W + b, (x, W)

def linear_backward(dout, cache):
    x, W = cache
    dW = x.T @ dout
    db = dout.sum(axis=0)
    dx = dout @ W.T
    return dW, db, dx
"""

PRODUCT = """\
def mul_forward(a, b):
    return a * b, (a, b)

def mul_backward(dout, cache):
    a, b = cache
    da = dout * b
    db = dout * a
    return db, da
"""

CASES = {
    "a loss beside its gradients": Case(OF_TWO, "= 0.5 * (np", "= (np", ("vae_loss",), "gradient of logvar"),
    "a loss with its gradients": Case(OF_ONE, "= 0.5 * (1", "= (1", ("gaussian_nll",), "gradient of logvar"),
    "a pair": Case(PAIR, "dout.sum(axis=0)", "dout.mean(axis=0)", ("linear",), "gradient of b"),
    "a product of a and b, and b is no bias": Case(PRODUCT, "da = dout * b", "da = dout", ("mul",), "gradient of a"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_right_gradient_is_lawful_and_a_wrong_one_broken(case: str, tmp_path: Path) -> None:
    holds(tmp_path, CASES[case])
