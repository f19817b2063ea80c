"""Gradients in files, recognised by their heads; shapes that are not given are found by trying, and reported."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mlp_core.base.errors import ArgumentError
from mlp_core.testing.foreign.child import laws_of
from mlp_core.testing.foreign.load import found_in, loaded
from mlp_core.testing.verification.verify import checked

FILES: dict[str, tuple[str, list[str]]] = {
    "a pair": (("def affine_forward(x, w, b):\n    return x @ w + b, (x, w)\n"
               "def affine_backward(dout, cache):\n    x, w = cache\n    return dout @ w.T, x.T @ dout, dout.sum(0)\n"),
               ["affine"]),
    "a pair by short names": (("def relu_fwd(x):\n    return np.maximum(x, 0), x\n"
                              "def relu_bwd(dout, x):\n    return dout * (x > 0)\n"), ["relu"]),
    "an activation": (
        "def tanh(x):\n    return np.tanh(x)\ndef tanh_prime(x):\n    return 1 - np.tanh(x) ** 2\n", ["tanh"]
    ),
    "df": ("def f(x):\n    return x**2\ndef df(x):\n    return 2 * x\n", ["f"]),
    "a loss and its derivative": (("def mse(y_true, y_pred):\n    return np.mean((y_true - y_pred) ** 2)\n"
                                  "def mse_prime(y_true, y_pred):\n    return 2 * (y_pred - y_true) / y_true.size\n"),
                                  ["mse"]),
    "a value with its gradient": ("def loss(w, X, y):\n    r = X @ w - y\n    dw = X.T @ r\n    return r @ r / 2, dw\n",
                                  ["loss"]),
    "a layer": (("class Scale:\n    def __init__(self, n):\n        self.w = np.ones(n)\n"
                "    def forward(self, x):\n        self.x = x\n        return x * self.w\n"
                "    def backward(self, dout):\n        self.dw = (dout * self.x).sum(0)\n"
                "        return dout * self.w\n"),
                ["Scale"]),
    "an autograd.Function": (("class Twice(torch.autograd.Function):\n    @staticmethod\n    def forward(ctx, x):\n"
                             "        return 2 * x\n    @staticmethod\n    def backward(ctx, grad):\n"
                             "        return 2 * grad\n"), ["Twice"]),
    "under another name": (("from torch.autograd import Function as F\nclass Twice(F):\n    @staticmethod\n"
                           "    def forward(ctx, x, factor):\n        ctx.factor = factor\n        return factor * x\n"
                           "    @staticmethod\n    def backward(ctx, grad):\n        return ctx.factor * grad, None\n"),
                           ["Twice"]),
    "a network with a dict": (
        (
            "class Line:\n    def __init__(self, d, c):\n        self.params, self.c = {'W': np.zeros((d, c))}, c\n"
            "    def loss(self, X, y, reg=0.0):\n        r = X @ self.params['W'] - np.eye(self.c)[y]\n"
            "        grads = {'W': 2 * X.T @ r + 2 * reg * self.params['W']}\n"
            "        return (r**2).sum() + reg * (self.params['W'] ** 2).sum(), grads\n"
        ),
        ["Line"],
    ),
    "two of them": (("def f(x):\n    return x**2\ndef f_prime(x):\n    return 2 * x\n"
                    "def g(x):\n    return x**3\ndef g_grad(x):\n    return 3 * x**2\n"), ["f", "g"]),
}  # fmt: skip


def written(folder: Path, text: str) -> str:
    path = folder / "hand_in.py"
    path.write_text(f"import numpy as np\nimport torch\n{text}", encoding="utf-8")
    return str(path)


def judged(name: str) -> tuple[Any, list[str]]:
    """The subject of a definition, and what is said of each law on a few examples."""
    found, things = loaded(name)
    laws = laws_of(found, things, 8, checked)
    return laws[0].subject, [law.runs(law, examples=6).verdict for law in laws if law.runs is not None]


@pytest.mark.parametrize(("text", "names"), FILES.values(), ids=FILES)
def test_what_is_right_is_recognised_and_lawful(text: str, names: list[str], tmp_path: Path) -> None:
    found = found_in(written(tmp_path, text))
    assert [one.rpartition(":")[2] for one in found] == names
    for one in found:
        _, verdicts = judged(one)
        assert set(verdicts) <= {"PASS", "SKIP"}


def test_what_was_found_by_trying_is_told_in_the_words_of_arrays(tmp_path: Path) -> None:
    subject, _ = judged(found_in(written(tmp_path, FILES["a pair"][0]))[0])
    assert subject.found == 'shapes found by trying: "(n,d),(d,h),(h)"'


LOOK_ALIKE = {
    "a metric": "def accuracy(y_true, y_pred):\n    return (y_true == y_pred).mean(), 'accuracy'\n",
    "a derivative alone": "def huber_prime(y_true, y_pred, delta):\n    return y_pred - y_true\n",
    "a tree search": "def backpropagate(node, reward):\n    node.visits += 1\n",
    "nothing from above": "def forward(x):\n    return x\ndef backward(X, T, W, b):\n    return X.T @ T\n",
    "a module of torch": "class Net(torch.nn.Module):\n    def forward(self, x):\n        return x\n",
    "statistics": "def mean_and_std(x):\n    return x.mean(), x.std()\n",
}


@pytest.mark.parametrize("text", LOOK_ALIKE.values(), ids=LOOK_ALIKE)
def test_what_merely_looks_alike_is_not_judged(text: str, tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="a function with its derivative"):
        found_in(written(tmp_path, text))


def test_where_nothing_runs_the_lines_that_would_verify_it_are_told(tmp_path: Path) -> None:
    text = "def odd_forward(x, w):\n    raise ValueError\ndef odd_backward(dout, cache):\n    return dout\n"
    with pytest.raises(ArgumentError, match=r"subjects\.pair\(odd_forward, odd_backward"):
        judged(found_in(written(tmp_path, text))[0])


def test_a_function_that_is_no_gradient_is_told_the_lines_that_hold_it_to_another(tmp_path: Path) -> None:
    text = "def fisher(model, x, y):\n    return x + y\n"
    with pytest.raises(ArgumentError, match=r"(?s)def numbers\(f, x, y\).*numbers\(reference"):
        found_in(written(tmp_path, text))
