"""Objectives of gradient boosting whose loss is not in their file: it is looked for among the usual ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_gradients_alone import judged

from mlp_core.base.errors import ArgumentError

SIGMOID = "def sigmoid(z):\n    return 1 / (1 + np.exp(-z))\n"

PSEUDO_HUBER = (
    "def huber_obj(preds, dtrain):\n    d = preds - dtrain.get_label()\n    root = np.sqrt(1 + (d / 1.5) ** 2)\n"
    "    return d / root, 1 / root**3\n"
)
LOG_COSH = "def logcosh_obj(y_true, y_pred):\n    d = y_pred - y_true\n    return np.tanh(d), 1 - np.tanh(d) ** 2\n"
FAIR = (
    "def fair_obj(preds, dtrain):\n    x, c = preds - dtrain.get_label(), 2\n    den = abs(x) + c\n"
    "    grad = c * x / den\n"
    "    hess = c * c / den**2\n    return grad, hess\n"
)
LOGISTIC = SIGMOID + (
    "def logregobj(preds, dtrain):\n    p = sigmoid(preds)\n    grad = p - dtrain.get_label()\n    hess = p * (1 - p)\n"
    "    return grad, hess\n"
)
WEIGHTED = SIGMOID + (
    "def weighted_objective(y_true, y_pred):\n    p, w = sigmoid(y_pred), 3.0\n"
    "    grad = p * (w * y_true + 1 - y_true) - w * y_true\n    hess = (w * y_true + 1 - y_true) * p * (1 - p)\n"
    "    return grad, hess\n"
)
QUANTILE = (
    "def quantile_objective(y_true, y_pred):\n    grad = np.where(y_true > y_pred, -0.8, 0.2)\n"
    "    return grad, np.ones_like(y_pred)\n"
)
ASYMMETRIC = (
    "def custom_asymmetric_obj(y_true, y_pred):\n    residual = y_true - y_pred\n"
    "    grad = np.where(residual < 0, -2 * 10.0 * residual, -2 * residual)\n"
    "    hess = np.where(residual < 0, 2 * 10.0, 2.0)\n    return grad, hess\n"
)
SQUARED_LOG = (
    "def squared_log(predt, dtrain):\n    y = dtrain.get_label()\n"
    "    grad = (np.log1p(predt) - np.log1p(y)) / (predt + 1)\n"
    "    hess = (-np.log1p(predt) + np.log1p(y) + 1) / (predt + 1) ** 2\n    return grad, hess\n"
)
POISSON = "def poisson_obj(y_true, y_pred):\n    hess = np.exp(y_pred)\n    return hess - y_true, hess\n"
TWEEDIE = (
    "def tweedie_obj(y_true, y_pred):\n    p = 1.5\n"
    "    a, b = y_true * np.exp((1 - p) * y_pred), np.exp((2 - p) * y_pred)\n"
    "    grad = -a + b\n    hess = -(1 - p) * a + (2 - p) * b\n    return grad, hess\n"
)
SOFTMAX = (
    "def softmax_obj(y_true, y_pred):\n    e = np.exp(y_pred - y_pred.max(axis=1, keepdims=True))\n"
    "    p = e / e.sum(axis=1, keepdims=True)\n    grad = p.copy()\n"
    "    grad[np.arange(len(p)), y_true.astype(int)] -= 1\n"
    "    hess = p * (1 - p)\n    return grad, hess\n"
)

OBJECTIVES: dict[str, tuple[str, str, tuple[str, str]]] = {
    "pseudo-Huber": (PSEUDO_HUBER, "the pseudo-Huber loss, delta 1.5",
                     ("preds - dtrain.get_label()", "dtrain.get_label() - preds")),
    "log cosh": (LOG_COSH, "log cosh", ("1 - np.tanh(d) ** 2", "1 - np.tanh(d)")),
    "fair": (FAIR, "the fair loss, c 2", ("c * c / den**2", "c / den**2")),
    "logistic": (LOGISTIC, "the logistic loss", ("p = sigmoid(preds)", "p = preds")),
    "weighted": (WEIGHTED, "the logistic loss, 3 times for positive labels",
                 ("hess = (w * y_true + 1 - y_true) * p", "hess = p")),
    "quantile": (QUANTILE, "the quantile loss, alpha 0.8", ("-0.8, 0.2", "0.8, -0.2")),
    "asymmetric": (ASYMMETRIC, "the squared error, 20 and 2 times its half above and below the label",
                   ("-2 * 10.0 * residual, -2 * residual", "2 * 10.0 * residual, 2 * residual")),
    "squared log": (SQUARED_LOG, "half the squared error of log(1 + y)",
                    ("np.log1p(predt) - np.log1p(y)) /", "np.log1p(y) - np.log1p(predt)) /")),
    "Poisson": (POISSON, "the Poisson loss of a logarithm", ("hess - y_true", "y_true - hess")),
    "Tweedie": (TWEEDIE, "the Tweedie loss of a logarithm, power 1.5", ("-(1 - p) * a + (2", "(1 - p) * a + (2")),
    "softmax": (SOFTMAX, "softmax cross-entropy", ("hess = p * (1 - p)", "hess = -p * (1 - p)")),
}  # fmt: skip


@pytest.mark.parametrize("name", OBJECTIVES)
def test_a_right_objective_is_held_to_the_loss_that_it_is_of(name: str, tmp_path: Path) -> None:
    text, words, _ = OBJECTIVES[name]
    subject, results = judged(tmp_path, text)
    assert [(r.law, r.got, r.expected) for r in results if r.verdict not in ("PASS", "SKIP")] == []
    assert subject.found == f"its loss is not in the file: compared with {words}"


@pytest.mark.parametrize("name", OBJECTIVES)
def test_a_wrong_objective_is_broken(name: str, tmp_path: Path) -> None:
    text, _, (right, wrong) = OBJECTIVES[name]
    assert text.count(right) == 1
    _, results = judged(tmp_path, text.replace(right, wrong))
    assert any(r.verdict == "FAIL" for r in results)


def test_a_gradient_of_no_usual_loss_is_not_judged(tmp_path: Path) -> None:
    own = "def strange_obj(y_true, y_pred):\n    hess = np.ones_like(y_pred)\n    return y_pred**3 - y_true, hess\n"
    with pytest.raises(ArgumentError, match="none of the usual ones whose derivative strange_obj is"):
        judged(tmp_path, own)
