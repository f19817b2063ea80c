"""Shapes that a user gives for a definition in a file are used instead of those that would be found by trying."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mlp_core.base.errors import ArgumentError
from mlp_core.testing.examples.sample import sample
from mlp_core.testing.foreign.child import laws_of
from mlp_core.testing.foreign.found import check_shapes
from mlp_core.testing.foreign.load import found_in, loaded
from mlp_core.testing.subjects.doors.asked import shapes_asked
from mlp_core.testing.verification.verify import checked, verify

AFFINE = (
    "def affine_forward(x, w, b):\n    return x @ w + b, (x, w)\n"
    "def affine_backward(dout, cache):\n    x, w = cache\n    return dout @ w.T, x.T @ dout, dout.sum(0)\n"
)
SCALED = (
    "def scaled_forward(x, factor, stride):\n    return x[::stride] * factor, (x.shape, factor, stride)\n"
    "def scaled_backward(dout, cache):\n    shape, factor, stride = cache\n    dx = np.zeros(shape)\n"
    "    dx[::stride] = dout * factor\n    return dx\n"
)
VALUE = "def loss(w, X, y):\n    r = X @ w - y\n    dw = X.T @ r\n    return r @ r / 2, dw\n"
ALONE = "def gradients(w, X, y):\n    d = X @ w - y\n    dw = X.T @ d\n    return dw\n"
FUNCTION = (
    "class Twice(torch.autograd.Function):\n    @staticmethod\n    def forward(ctx, x):\n        return 2 * x\n"
    "    @staticmethod\n    def backward(ctx, grad):\n        return 2 * grad\n"
)
CLASSES = (
    "def loss(W, X, y):\n    p = np.exp(X @ W)\n    p /= p.sum(1, keepdims=True)\n    n = len(X)\n"
    "    value = -np.log(p[np.arange(n), y]).sum()\n    p[np.arange(n), y] -= 1\n    dW = X.T @ p\n"
    "    return value, dW\n"
)

GIVEN: dict[str, tuple[str, str, str]] = {
    "a pair": (AFFINE, "(7,4),(4,h),(h)", 'shapes as given: "(7,4),(4,h),(h)"'),
    "constants that are tried": (SCALED, "(6,d); factor=0.5", 'shapes as given: "(6,d)", factor 0.5, stride 1 or 2'),
    "constants that are given": (SCALED, "(6,d); stride=3, factor=2.0",
                                 'shapes as given: "(6,d)", factor 2.0, stride 3'),
    "a value with its gradient": (VALUE, "(d,k),(6,d),(6,k)", ""),
    "a gradient without its loss": (ALONE, "(d),(n,d),(n)", "its loss is not in the file"),
    "an autograd.Function": (FUNCTION, "(2,n,3)", 'shapes as given: "(2,n,3)"'),
    "classes": (CLASSES, "(d,3),(n,d),(n)<3", 'shapes as given: "(d,3),(n,d),(n)<3"'),
}  # fmt: skip


def subject(folder: Path, text: str, shapes: str) -> Any:
    path = folder / "hand_in.py"
    path.write_text(f"import numpy as np\nimport torch\n{text}", encoding="utf-8")
    (name,) = found_in(str(path))
    found, things = loaded(name)
    with shapes_asked(shapes):
        return laws_of(found, things, 8, checked)[0].subject


@pytest.mark.parametrize(("text", "shapes", "told"), [one for one in GIVEN.values() if one[2]],
                         ids=[name for name, one in GIVEN.items() if one[2]])  # fmt: skip
def test_shapes_that_are_given_are_drawn_and_told(text: str, shapes: str, told: str, tmp_path: Path) -> None:
    made = subject(tmp_path, text, shapes)
    assert told in made.found
    (example,) = sample(made.inputs, 1)
    wanted = [one.strip("()").split(",") for one in shapes.partition(";")[0].split("),")]
    sizes = [a.shape for a in example.args if hasattr(a, "shape")]
    assert all(w in (str(n), w if w[:1].isalpha() else "") for one, s in zip(wanted, sizes, strict=True)
               for w, n in zip(one, s, strict=False))  # fmt: skip


def test_a_wrong_gradient_under_the_given_shapes_is_told_by_the_laws_and_not_refused(tmp_path: Path) -> None:
    made = subject(tmp_path, AFFINE.replace("dout.sum(0)", "dout.sum()"), "(n,d),(d,h),(h)")
    (report, *_) = verify(made, examples=3).results
    assert report.verdict == "FAIL"


REFUSED = {
    "no signature": (AFFINE, "n,d", "letters or numbers"),
    "no constants": (AFFINE, "(n,d); stride", "constants after a semicolon"),
    "not one for each": (AFFINE, "(n,d),(d,h)", "a shape for each of x, w, b, in this order"),
    "others than it takes": (AFFINE, "(n,4),(3,h),(h)", "it raises ValueError"),
    "a constant that nobody gave": (SCALED, "(n,d)", "a shape for each of x, factor"),
}


@pytest.mark.parametrize(("text", "shapes", "words"), REFUSED.values(), ids=REFUSED)
def test_shapes_that_do_not_fit_are_refused_in_words(text: str, shapes: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match=words):
        subject(tmp_path, text, shapes)


def test_shapes_are_for_one_definition_whose_shapes_are_tried(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="one definition that they are for"):
        check_shapes("(n)", ["file.py:a", "file.py:b"])
    with pytest.raises(ArgumentError, match="says itself what it takes"):
        subject(tmp_path, "def f(x):\n    return x**2\ndef f_prime(x):\n    return 2 * x\n", "(n)")
    with pytest.raises(ArgumentError, match="its subject defines its arguments"):
        verify(lambda model, y, y_hat: None, shapes="(n)")


CLIP = (
    "class Clip(torch.autograd.Function):\n    @staticmethod\n    def forward(ctx, x, alpha):\n"
    "        ctx.save_for_backward(x, alpha)\n        return alpha * torch.tanh(x / alpha)\n"
    "    @staticmethod\n    def backward(ctx, grad):\n        x, alpha = ctx.saved_tensors\n"
    "        y = torch.tanh(x / alpha)\n        d = grad * (y - x / alpha * (1 - y * y))\n"
    "        return grad * (1 - y * y), d.sum()\n"  # wrong: d.sum(0)
)


def test_a_gradient_of_another_shape_is_wrong_and_its_shapes_are_no_wrong_shapes(tmp_path: Path) -> None:
    path = tmp_path / "hand_in.py"
    path.write_text(f"import torch\n{CLIP}", encoding="utf-8")
    report = verify(str(path), shapes="(n,d),(d)", examples=5)
    (first, *_) = (result for result in report.results if result.verdict == "FAIL")
    assert "returned an invalid gradient at index 1" in first.text()


def test_without_shapes_the_refusal_says_that_a_gradient_has_another_shape(tmp_path: Path) -> None:
    path = tmp_path / "hand_in.py"
    path.write_text(f"import torch\n{CLIP}", encoding="utf-8")
    (name,) = found_in(str(path))
    with pytest.raises(ArgumentError, match="runs and every gradient has the shape of its argument"):
        laws_of(*loaded(name), 8, checked)
