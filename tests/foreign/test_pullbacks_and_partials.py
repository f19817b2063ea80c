"""Functions that return their pullback, functions of an engine of its own with a context, Jacobians of measurements,
and derivatives by one argument such as dH_dq."""

from __future__ import annotations

from pathlib import Path

import pytest
from pairs_of_strangers import Case, holds

PULLBACKS = """\
import numpy as np


def softplus_vjp(x):
    y = np.logaddexp(0, x)

    def vjp(g):
        return g / (1 + np.exp(-x))

    return y, vjp


def matmul(a, b):
    def pullback(g):
        return g @ b.T, a.T @ g

    return a @ b, pullback


def sine_with_vjp(x):
    return np.sin(x), lambda g: g * np.cos(x)
"""

CONTEXTS = """\
import numpy as np


class Function:
    @classmethod
    def apply(cls, *args):
        return cls.forward(cls, *args)


class Mul(Function):
    @staticmethod
    def forward(ctx, x, y):
        ctx.save_for_backward(x, y)
        return x * y

    @staticmethod
    def backward(ctx, grad_output):
        x, y = ctx.saved_tensors
        return y * grad_output, x * grad_output


class LogSoftmax(Function):
    @staticmethod
    def forward(ctx, x):
        z = x - x.max(axis=1, keepdims=True)
        ctx.out = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
        return ctx.out

    @staticmethod
    def backward(ctx, grad_output):
        return grad_output - np.exp(ctx.out) * grad_output.sum(axis=1, keepdims=True)
"""

SAVED_VALUES = """\
import numpy as np


class Log:
    @staticmethod
    def forward(ctx, a):
        ctx.save_for_backward(a)
        return np.log(a)

    @staticmethod
    def backward(ctx, d_output):
        (a,) = ctx.saved_values
        return d_output / a
"""

MEASURED = """\
import numpy as np


def hx(x):
    px, _, py, _ = x
    return np.array([np.hypot(px, py), np.arctan2(py, px)])


def HJacobian(x):
    px, _, py, _ = x
    r2 = px**2 + py**2
    r = np.sqrt(r2)
    return np.array([[px / r, 0, py / r, 0], [-py / r2, 0, px / r2, 0]])
"""

HAMILTON = """\
import numpy as np


def H(q, p):
    return 0.5 * np.sum(p**2) + np.sum(1 - np.cos(q)) + 0.1 * np.sum(q * p)


def dH_dq(q, p):
    return np.sin(q) + 0.1 * p


def dHdp(q, p):
    return p + 0.1 * q
"""

THREE, TWO = ("softplus_vjp", "matmul", "sine_with_vjp"), ("Mul", "LogSoftmax")
CASES = {
    "a pullback": Case(PULLBACKS, "g / (1 + np.exp(-x))", "g / (1 + np.exp(x))", THREE, "gradient of x"),
    "two gradients": Case(PULLBACKS, "a.T @ g", "2 * a.T @ g", THREE, "gradient of b"),
    "a lambda": Case(PULLBACKS, "g * np.cos(x)", "np.cos(x)", THREE, "gradient of x"),
    "a context": Case(CONTEXTS, ", x * grad_output", ", y * grad_output", TWO, "gradient of y"),
    "an attribute of the context": Case(CONTEXTS, "np.exp(ctx.out) *", "ctx.out *", TWO, "gradient of x"),
    "saved values": Case(SAVED_VALUES, "d_output / a", "d_output * a", ("Log",), "gradient of a"),
    "a measurement": Case(MEASURED, "[-py / r2, 0", "[-py / r, 0", ("hx",), "gradient of x"),
    "by q and by p": Case(HAMILTON, "p + 0.1 * q", "p - 0.1 * q", ("dH_dq", "dHdp"), "gradient of p"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_right_file_is_lawful_and_a_wrong_one_broken(case: str, tmp_path: Path) -> None:
    holds(tmp_path, CASES[case])
