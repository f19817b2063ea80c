"""A gradient that is written into an argument, and a force beside an energy."""

from __future__ import annotations

from pathlib import Path

import pytest
from pairs_of_strangers import Case, holds

WRITTEN = """\
import numpy as np


def rosenbrock(x, grad):
    if grad.size > 0:
        grad[0] = -400 * x[0] * (x[1] - x[0] ** 2) - 2 * (1 - x[0])
        grad[1] = 200 * (x[1] - x[0] ** 2)
    return 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2
"""

ROOT = """\
import numpy as np


def root(x, grad):
    if grad.size > 0:
        grad[:] = 0
        grad[1] = 0.5 / np.sqrt(x[1])
    return np.sqrt(x[1])
"""

FORCES = """\
import numpy as np

N = 4

def energy(r):
    x = r.reshape(N, 3)
    return sum(np.exp(-np.sum((x[i] - x[j]) ** 2)) for i in range(N) for j in range(i))

def forces(r):
    x = r.reshape(N, 3)
    f = np.zeros_like(x)
    for i in range(N):
        for j in range(i):
            d = x[i] - x[j]
            g = -2 * np.exp(-np.sum(d**2)) * d
            f[i] -= g
            f[j] += g
    return f.ravel()
"""

CASES = {
    "a gradient written into an argument": Case(WRITTEN, "= 200", "= 100", ("rosenbrock",), "gradient of x"),
    "a root of positive numbers": Case(ROOT, "0.5 /", "0.5 *", ("root",), "gradient of x"),
    "a force beside an energy": Case(FORCES, "f[j] += g", "f[j] -= g", ("energy",), "gradient of r"),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_right_is_lawful_and_wrong_is_wrong(case: Case, tmp_path: Path) -> None:
    holds(tmp_path, case)
