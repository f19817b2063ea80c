"""An array of a layer without a gradient: a parameter whose gradient is forgotten, a constant, or unknown."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mlp_core.testing import verify
from mlp_core.testing.engine import runner
from mlp_core.testing.subjects import arrays, layer

OWN = "is the derivative of its own forward"


@pytest.fixture(autouse=True)
def _few_shrinks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "SHRINKS", 3)


class Positions:
    """Adds a table of sines."""

    def __init__(self) -> None:
        self.table = np.sin(np.arange(5)[:, None] / 10 ** (np.arange(3) / 3))

    def forward(self, x: Any) -> Any:
        self.n = len(x)
        return x + self.table[: len(x)]

    def backward(self, dout: Any) -> Any:
        return dout


class Doubled(Positions):
    def backward(self, dout: Any) -> Any:
        return 2 * dout


class Projected:
    """A fixed random matrix, and a bias that is learned."""

    def __init__(self) -> None:
        self.frozen, self.b = np.random.default_rng().random((3, 2)), np.zeros(2)

    def forward(self, x: Any) -> Any:
        return x @ self.frozen + self.b

    def backward(self, dout: Any) -> Any:
        self.db = dout.sum(axis=0)
        return dout @ self.frozen.T


class WithoutBias(Projected):
    """Its bias is learned, and its gradient forgotten."""

    def __init__(self) -> None:
        self.W, self.b = np.random.default_rng().random((3, 2)), np.zeros(2)

    def forward(self, x: Any) -> Any:
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout: Any) -> Any:
        self.dW = self.x.T @ dout
        return dout @ self.W.T


class PReLU:
    """Its slope is learned, and its gradient forgotten."""

    def __init__(self) -> None:
        self.slope = np.full(3, 0.25)

    def forward(self, x: Any) -> Any:
        self.x = x
        return np.where(x > 0, x, self.slope * x)

    def backward(self, dout: Any) -> Any:
        return np.where(self.x > 0, dout, self.slope * dout)


class Steps(Positions):
    """Takes a step, and has a table that never changes."""

    def __init__(self) -> None:
        super().__init__()
        self.W = np.full(3, 0.5)

    def forward(self, x: Any) -> Any:
        self.x = x
        return x * self.W + self.table[: len(x)]

    def backward(self, dout: Any, lr: float) -> Any:
        below = dout * self.W
        self.W = self.W - lr * (dout * self.x).sum(axis=0)
        return below


def judged(made: Any, **more: Any) -> Any:
    report = verify(layer(made, arrays("(n,3)"), **more), examples=10)
    return next(r for r in report.results if r.law == OWN), report


@pytest.mark.parametrize("made", [Positions, Steps])
def test_a_table_that_every_new_layer_has_is_a_constant(made: Any) -> None:
    own, report = judged(made)
    assert report.ok, str(report)
    assert "taken for a constant" in str(report), own


def test_the_rest_of_such_a_layer_is_judged() -> None:
    assert judged(Doubled)[0].verdict == "FAIL"


def test_a_parameter_whose_gradient_is_forgotten_fails() -> None:
    own, _ = judged(WithoutBias)
    assert (own.verdict, own.got) == ("FAIL", "none")


@pytest.mark.parametrize("made", [Projected, PReLU])
def test_what_may_be_learned_is_untested(made: Any) -> None:
    own, report = judged(made)
    assert own.verdict == "UNTESTED", str(report)
    assert "if it is a constant, name the gradients of all others: layer(..., gradients={" in own.reason


def test_the_line_that_is_printed_helps() -> None:
    assert judged(Projected, gradients={"b": "db"})[1].ok
    assert judged(PReLU, gradients={})[1].ok
