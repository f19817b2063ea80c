"""Gradients by hand whose loss is not in their file: up to where the target meets the prediction they are the forward,
and the loss is looked for among the usual ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from mlp_core.base.errors import ArgumentError
from mlp_core.testing.engine import runner as engine
from mlp_core.testing.engine.guards import globals_kept
from mlp_core.testing.foreign.child import laws_of
from mlp_core.testing.foreign.load import found_in, loaded
from mlp_core.testing.verification.verify import checked

SIGMOID = "def sigmoid(z):\n    return 1 / (1 + np.exp(-z))\n"
SOFTMAX = (
    "def softmax(z):\n    e = np.exp(z - z.max(axis=1, keepdims=True))\n    return e / e.sum(axis=1, keepdims=True)\n"
)

LOGISTIC = SIGMOID + (
    "def gradients(w, b, X, Y):\n    m = X.shape[1]\n    A = sigmoid(w.T @ X + b)\n    dZ = A - Y\n"
    "    dw = X @ dZ.T / m\n    db = dZ.sum(axis=1, keepdims=True) / m\n    return dw, db\n"
)
TWO = SIGMOID + (
    "def backprop(X, y, W1, b1, W2, b2):\n    n = len(X)\n    h = np.tanh(X @ W1 + b1)\n    out = h @ W2 + b2\n"
    "    d2 = 2 * (out - y) / n\n    dW2, db2 = h.T @ d2, d2.sum(0)\n    d1 = d2 @ W2.T * (1 - h**2)\n"
    "    dW1, db1 = X.T @ d1, d1.sum(0)\n    return dW1, db1, dW2, db2\n"
)
CLASSES = SOFTMAX + (
    "def grad(W, X, y, reg=0.1):\n    p = softmax(X @ W)\n    p[np.arange(len(X)), y] -= 1\n"
    "    return X.T @ p / len(X) + reg * W\n"
)
STEP = SIGMOID + (
    "def train_step(X, y, w1, w2, lr):\n    h = sigmoid(X @ w1)\n    o = sigmoid(h @ w2)\n    delta = o - y\n"
    "    back = delta @ w2.T * h * (1 - h)\n    w2 -= lr * h.T @ delta\n    w1 -= lr * X.T @ back\n"
)
TORCH = (
    "def manual_grads(w1, w2, x, y):\n    with torch.no_grad():\n        h = (x @ w1).clamp(min=0)\n"
    "        d = h @ w2 - y\n        gh = d @ w2.t()\n        gh[h <= 0] = 0\n    return x.t() @ gh, h.t() @ d\n"
)
APART = SIGMOID + (
    "def forward(W1, W2, X):\n    A1 = np.tanh(W1 @ X)\n    A2 = sigmoid(W2 @ A1)\n    return A1, A2\n"
    "def backward(A1, A2, W1, W2, X, Y):\n    m = X.shape[1]\n    dZ2 = A2 - Y\n    dW2 = dZ2 @ A1.T / m\n"
    "    dZ1 = W2.T @ dZ2 * (1 - A1**2)\n    dW1 = dZ1 @ X.T / m\n    return dW1, dW2\n"
)

FILES: dict[str, tuple[str, str, tuple[str, str]]] = {
    "logistic regression": (LOGISTIC, "the mean over rows of binary cross-entropy", ("X @ dZ.T / m", "X @ dZ.T")),
    "two layers": (TWO, "the mean over rows of the squared error", ("(1 - h**2)", "(1 - h)")),
    "classes with a penalty": (CLASSES, "the mean over rows of cross-entropy and a penalty", ("", "")),
    "a step in place": (STEP, "the sum of binary cross-entropy", ("X.T @ back", "X.T @ back / 2")),
    "torch": (TORCH, "the sum of half the squared error", ("gh[h <= 0] = 0", "gh[h <= 0] *= 0.1")),
    "forward apart": (APART, "the mean over rows of binary cross-entropy", ("(1 - A1**2)", "A1 * (1 - A1)")),
}  # fmt: skip


def judged(folder: Path, text: str, examples: int = 6) -> tuple[Any, list[Any]]:
    path = folder / "hand_in.py"
    path.write_text(f"import numpy as np\nimport torch\n{text}", encoding="utf-8")
    (name,) = found_in(str(path))
    found, things = loaded(name)
    laws = laws_of(found, things, 8, checked)
    with patch.object(engine, "SHRINKS", 3):
        return laws[0].subject, [law.runs(law, examples=examples) for law in laws if law.runs is not None]


@pytest.mark.parametrize(("text", "loss", "mistake"), FILES.values(), ids=FILES)
def test_the_loss_is_found_told_and_held(text: str, loss: str, mistake: tuple[str, str], tmp_path: Path) -> None:
    subject, results = judged(tmp_path, text)
    assert subject.found.endswith(f"its loss is not in the file: compared with {loss}")
    assert {r.verdict for r in results} <= {"PASS", "SKIP"}, [r.text() for r in results]


@pytest.mark.parametrize(
    ("text", "loss", "mistake"),
    [pytest.param(*one, marks=[pytest.mark.slow] * (name != "torch")) for name, one in FILES.items() if one[2][0]],
)
def test_what_is_wrong_beside_what_is_right_is_broken(
    text: str, loss: str, mistake: tuple[str, str], tmp_path: Path
) -> None:
    assert text.count(mistake[0]) == 1
    subject, results = judged(tmp_path, text.replace(*mistake))
    broken = [r for r in results if r.verdict == "FAIL"]
    assert broken
    assert loss.split(" of ", 1)[1] in subject.found
    if "forward(" in text:
        return  # two definitions: the lines load both
    with globals_kept(), pytest.raises(AssertionError):
        exec(broken[0].snippet, {"__name__": "pasted"})  # noqa: S102  (what it is for)


def test_a_mask_drawn_anew_in_every_call_is_seeded(tmp_path: Path) -> None:
    text = (
        "def backward(W, x, y, keep=0.5):\n    mask = (np.random.rand(W.shape[0]) < keep) / keep\n"
        "    h = np.tanh(x @ W.T) * mask\n    d = 2 * (h.sum(1) - y)\n"
        "    return (d[:, None] * mask * (1 - np.tanh(x @ W.T) ** 2)).T @ x\n"
    )
    _, results = judged(tmp_path, text)
    assert {r.verdict for r in results} <= {"PASS", "SKIP"}


NOT_JUDGED = {
    "of no loss that is known": TWO.replace("2 * (out - y) / n", "np.tanh(out - y) ** 3"),
    "a penalty of another kind": TWO.replace("X.T @ d1, d1", "X.T @ d1 + np.sign(W1), d1").replace(
        "h.T @ d2, d2", "h.T @ d2 + np.sign(W2), d2"
    ),
    "wrong from the beginning": TWO.replace("2 * (out - y) / n", "np.abs(out - y)"),
}


@pytest.mark.parametrize("text", NOT_JUDGED.values(), ids=NOT_JUDGED)
def test_where_no_loss_is_found_nothing_is_judged_and_the_lines_are_told(text: str, tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match=r"subject = subjects\.gradient\(loss, backprop"):
        judged(tmp_path, text)


@pytest.mark.parametrize(
    "text",
    [
        "def huber_prime(y_true, y_pred, delta):\n    return y_pred - y_true\n",
        "def accuracy(w, X, y):\n    return np.mean((X @ w > 0) == y)\n",
        "def residuals(theta, X, y):\n    return X @ theta - y\n",
    ],
)
def test_what_gives_no_gradient_is_not_taken_for_one(text: str, tmp_path: Path) -> None:
    with pytest.raises(ArgumentError):
        judged(tmp_path, text)


@pytest.mark.parametrize("line", ["dW1 = np.clip(dW1, -5, 5)", "np.clip(dW2, -1, 1, out=dW2)", "dW1.clip(-5, 5)"])
def test_a_gradient_that_is_clipped_is_held_to_no_loss(line: str, tmp_path: Path) -> None:
    path = tmp_path / "hand_in.py"
    text = TWO.replace("    return dW1", f"    {line}\n    return dW1")
    assert line in text
    path.write_text(f"import numpy as np\n{text}", encoding="utf-8")
    with pytest.raises(ArgumentError, match="add these three lines"):
        found_in(str(path))
