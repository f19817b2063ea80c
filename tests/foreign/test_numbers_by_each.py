"""Functions of several numbers with a derivative by each of them, and code that runs only with single numbers."""

from __future__ import annotations

from pathlib import Path

import pytest
from pairs_of_strangers import Case, holds

HIMMELBLAU = """\
import numpy as np


def himmelblau(x, y):
    return (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2

def grad_himmelblau(x, y):
    dx = 4 * x * (x**2 + y - 11) + 2 * (x + y**2 - 7)
    dy = 2 * (x**2 + y - 11) + 4 * y * (x + y**2 - 7)
    return np.array([dx, dy])
"""

TUPLE = """\
def f(x, y):
    return x**3 * y**2

def grad_f(x, y):
    return 3 * x**2 * y**2, 2 * x**3 * y
"""

MATH = """\
import math


def f(x, y, z):
    return math.sin(x) * y**2 + z

def grad_f(x, y, z):
    return [math.cos(x) * y**2, 2 * math.sin(x) * y, 1.0]
"""

OPERATORS = """\
import math


def relu(x: float) -> float:
    return x if x > 0 else 0.0

def log1p(x):
    return math.log(1 + x * x)

def relu_back(x, d):
    return d if x > 0 else 0.0

def log1p_back(x, d):
    return 2 * x / (1 + x * x) * d
"""

PAIR = """\
def gated_forward(a, b):
    return max(a, 0) * b, (a, b)

def gated_backward(dout, cache):
    a, b = cache
    return dout * b * (a > 0), dout * max(a, 0)
"""

CASES = {
    "an array of two": Case(HIMMELBLAU, "+ 4 * y", "+ 2 * y", ("himmelblau",), "gradient of y"),
    "a tuple": Case(TUPLE, "3 * x**2 * y**2", "x**2 * y**2", ("f",), "gradient of x"),
    "with math": Case(MATH, "2 * math.sin(x)", "math.sin(x)", ("f",), "gradient of y"),
    "operators of numbers": Case(OPERATORS, "return d if", "return 1.0 if", ("relu", "log1p"), "gradient of x"),
    "a pair for numbers": Case(PAIR, "dout * max(a, 0)", "dout * a", ("gated",), "gradient of b"),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_right_is_lawful_and_wrong_is_wrong(case: Case, tmp_path: Path) -> None:
    holds(tmp_path, case)
