"""If no shapes are found, the error says what the code raised with those that were tried."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlp_core.base.errors import ArgumentError
from mlp_core.testing.foreign.child import laws_of
from mlp_core.testing.foreign.load import found_in, loaded
from mlp_core.testing.verification.verify import checked

ALWAYS = """\
def layer_forward(x, w):
    return SETTINGS["scale"] * (x @ w), (x, w)

def layer_backward(dout, cache):
    x, w = cache
    return dout @ w.T, x.T @ dout

SETTINGS = {}
"""

OFTEN = """\
def layer_forward(x, w):
    if x.shape == w.shape:
        raise RuntimeError("a plain sum")
    raise RuntimeError("the library has no kernel")

def layer_backward(dout, cache):
    return dout, dout
"""

RUNS = """\
def loss_and_gradient(w, X, y):
    r = X @ w - y
    grad = (X.T @ r).sum()
    return r @ r, grad
"""

MADE = """\
class Layer:
    def __init__(self, n_in, n_out):
        self.w = kernels[n_in]

    def forward(self, x):
        return x * self.w

    def backward(self, dout):
        return dout * self.w

kernels = {}
"""

MISSPELT = """\
def layer_forward(x, w):
    return x @ w, (x, w)

def layer_backward(dout, cache):
    x, w = cache
    return dout @ w.T, X.T @ dout
"""

NOTHING = MISSPELT.replace("return dout @ w.T, X.T @ dout", "dx, dw = dout @ w.T, x.T @ dout")

FILES = {
    "always the same": (ALWAYS, "; with everything that was tried your code raised KeyError: 'scale', expected"),
    "often": (OFTEN, "; most often your code raised RuntimeError: the library has no kernel, expected"),
    "no gradient fits": (RUNS, " runs and every gradient has the shape of its argument, expected"),
    "a constructor": (MADE, "; most often your code raised KeyError: "),
}


REGARDLESS = {
    MISSPELT: "NameError: name 'X' is not defined (theirs.py, line 6: return dout @ w.T, X.T @ dout)",
    NOTHING: "None, returned by layer_backward (is its return missing?)",
}


@pytest.mark.parametrize("text", REGARDLESS)
def test_an_error_that_no_shape_avoids_is_named_and_ends_the_search(text: str, tmp_path: Path) -> None:
    path = tmp_path / "theirs.py"
    counting = text.replace("    return x @ w, (x, w)", "    CALLS.append(1); return x @ w, (x, w)")
    path.write_text(f"CALLS = []\n{counting}", encoding="utf-8")
    (name,) = found_in(str(path))
    found, things = loaded(name)
    with pytest.raises(ArgumentError) as error:
        laws_of(found, things, 8, checked)
    said = REGARDLESS[text].replace("line 6", "line 7")
    assert error.value.line == f"code: got {said}, expected a call that returns gradients: first correct this"
    assert 0 < len(things[0].__globals__["CALLS"]) < 1000  # of 20,000 and more


TENSORS = """\
import torch

CALLS = []

def gaussian_nll(mu, logvar, target):
    CALLS.append(1)
    return (0.5 * (logvar + (target - mu) ** 2 / torch.exp(logvar))).sum()

def gaussian_nll_grad(mu, logvar, target):
    r = (mu - target) / torch.exp(logvar)
    return r, 0.5 * (1 - r * (mu - target))
"""


def test_code_for_torch_is_soon_tried_with_tensors(tmp_path: Path) -> None:
    path = tmp_path / "theirs.py"
    path.write_text(TENSORS, encoding="utf-8")
    (name,) = found_in(str(path))
    found, things = loaded(name)
    assert laws_of(found, things, 8, checked)
    assert len(things[0].__globals__["CALLS"]) < 1000  # three searches with arrays of numpy took 75,000


@pytest.mark.parametrize("kind", FILES)
def test_the_error_says_what_was_raised(kind: str, tmp_path: Path) -> None:
    text, words = FILES[kind]
    path = tmp_path / "theirs.py"
    path.write_text(text, encoding="utf-8")
    (name,) = found_in(str(path))
    with pytest.raises(ArgumentError) as error:
        laws_of(*loaded(name), 8, checked)
    assert words in error.value.line


def test_it_is_said_of_the_definition_that_raised_it(tmp_path: Path) -> None:
    """Not of the one that was verified before, whose search raised errors too."""
    path = tmp_path / "theirs.py"
    right = "import numpy as np\ndef affine_forward(a, b):\n    return a @ b, (a, b)\n"
    right += "def affine_backward(dout, cache):\n    a, b = cache\n    return dout @ b.T, a.T @ dout\n"
    path.write_text(right + ALWAYS, encoding="utf-8")
    for name in found_in(str(path)):
        if name.endswith("affine"):
            assert laws_of(*loaded(name), 8, checked)
        else:
            with pytest.raises(ArgumentError, match="with everything that was tried your code raised KeyError"):
                laws_of(*loaded(name), 8, checked)
