"""Classes in files whose methods are a function, its gradient and its Hessian."""

from __future__ import annotations

import sys
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

POISSON = (
    "class Poisson:\n    def __init__(self, endog, exog):\n        self.y, self.X = endog, exog\n"
    "    def loglike(self, params):\n        z = self.X @ params\n        return self.y @ z - np.exp(z).sum()\n"
    "    def score(self, params):\n        return self.X.T @ (self.y - np.exp(self.X @ params))\n"
    "    def hessian(self, params):\n        return -(self.X.T * np.exp(self.X @ params)) @ self.X\n"
)
ROSEN = (
    "class Rosen:\n    def fun(self, x):\n        return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()\n"
    "    def jac(self, x):\n        g = np.zeros_like(x)\n        d = x[1:] - x[:-1] ** 2\n"
    "        g[:-1] += -400 * x[:-1] * d - 2 * (1 - x[:-1])\n        g[1:] += 200 * d\n        return g\n"
)
FILES = {
    "a likelihood": (POISSON, "Poisson.hessian", ("-(self.X.T *", "(self.X.T *")),
    "fun and jac": (ROSEN, "Rosen.jac", ("g[1:] += 200", "g[1:] = 200")),
}


def judged(folder: Path, text: str) -> tuple[str, list[Any]]:
    path = folder / "hand_in.py"
    path.write_text(f"import numpy as np\n{text}", encoding="utf-8")
    (name,) = found_in(str(path))
    found, things = loaded(name)
    with patch.object(engine, "SHRINKS", 3):
        laws = laws_of(found, things, 8, checked)
        return found.name, [law.runs(law, examples=6) for law in laws if law.runs is not None]


@pytest.mark.parametrize(("text", "name", "mistake"), FILES.values(), ids=FILES)
def test_each_method_is_the_derivative_of_the_one_before(
    text: str, name: str, mistake: tuple[str, str], tmp_path: Path
) -> None:
    called, results = judged(tmp_path, text)
    assert called == name
    assert {r.verdict for r in results} <= {"PASS", "SKIP"}, [r.text() for r in results]
    sys.modules.pop("hand_in", None)
    _, results = judged(tmp_path, text.replace(*mistake))
    broken = [r for r in results if r.verdict == "FAIL"]
    assert broken
    with globals_kept(), pytest.raises(AssertionError):
        exec(broken[0].snippet, {"__name__": "pasted"})  # noqa: S102  (what it is for)


def test_a_class_without_a_derivative_is_none(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="loglike, score and hessian"):
        judged(
            tmp_path,
            "class Model:\n    def loss(self, x):\n        return x\n    def fit(self, x):\n        return 1\n",
        )
