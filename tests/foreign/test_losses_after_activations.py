"""A loss whose gradient contains the derivative of the activation before it, such as p - y."""

from __future__ import annotations

from pathlib import Path

import pytest
from pairs_of_strangers import Case, holds, said

COLUMNS = """\
import numpy as np


class Module:
    def sgd_step(self, lrate):
        pass


class Tanh(Module):
    def forward(self, Z):
        self.A = np.tanh(Z)
        return self.A

    def backward(self, dLdA):
        return dLdA * (1 - self.A**2)


class SoftMax(Module):
    def forward(self, Z):
        return np.exp(Z) / np.sum(np.exp(Z), axis=0)

    def backward(self, dLdZ):
        return dLdZ


class NLL(Module):
    def forward(self, Ypred, Y):
        self.Ypred, self.Y = Ypred, Y
        return float(np.sum(-Y * np.log(Ypred)))

    def backward(self):
        return self.Ypred - self.Y
"""

TWO_LOSSES = """\
import numpy as np


class Sigmoid:
    def forward(self, x):
        self.out = 1 / (1 + np.exp(-x))
        return self.out

    def backward(self, grad):
        return grad


class MSE:
    def forward(self, pred, target):
        self.pred, self.target = pred, target
        return np.mean((pred - target) ** 2)

    def backward(self):
        return 2 * (self.pred - self.target) / self.pred.size


class BCELoss:
    def forward(self, pred, target):
        self.pred, self.target = pred, target
        return -np.mean(target * np.log(pred) + (1 - target) * np.log(1 - pred))

    def backward(self):
        return (self.pred - self.target) / self.pred.size
"""

ALONE = """\
import numpy as np


class CrossEntropy:
    def loss(self, y_true, y_pred):
        return -np.sum(y_true * np.log(y_pred + 1e-9)) / len(y_pred)

    def gradient(self, y_true, y_pred):
        return (y_pred - y_true) / len(y_pred)
"""

CASES = {
    "softmax on columns": Case(COLUMNS, "self.Ypred - self.Y", "self.Y - self.Ypred", ("SoftMax_NLL", "Tanh"), "of Z"),
    "beside another loss": Case(
        TWO_LOSSES, "return (self.pred - self.target) / self.pred.size", "return self.pred - self.target",
        ("Sigmoid_BCELoss", "MSE.backward"), "gradient of x"
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_right_is_lawful_and_wrong_is_wrong(case: Case, tmp_path: Path) -> None:
    holds(tmp_path, case)


def test_an_activation_with_its_own_derivative_before_it_is_wrong(tmp_path: Path) -> None:
    text = COLUMNS.replace("        return np.exp(Z) / np.sum(np.exp(Z), axis=0)", "        return np.tanh(Z)")
    assert any(verdict == "FAIL" for told in said(tmp_path, text).values() for _, verdict, _, _ in told)


def test_an_activation_alone_that_passes_its_upstream_gradient_on_lacks_its_derivative(tmp_path: Path) -> None:
    (told,) = said(tmp_path, TWO_LOSSES.split("class MSE")[0]).values()
    words = next(words for _, verdict, _, words in told if verdict == "FAIL")
    assert "the derivative of the forward is missing" in words


def test_the_loss_alone_is_untested_and_wrong_with_another_sign(tmp_path: Path) -> None:
    (right,) = said(tmp_path, ALONE).values()
    assert {verdict for _, verdict, _, _ in right} == {"PASS", "SKIP", "UNTESTED"}
    (wrong,) = said(tmp_path, ALONE.replace("(y_pred - y_true)", "(y_true - y_pred)")).values()
    assert any(verdict == "FAIL" for _, verdict, _, _ in wrong)
