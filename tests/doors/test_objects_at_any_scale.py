"""Objects on awkward data: inputs from 1e-12 to 1e9, columns of different sizes, constant inputs, one row."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

from mlp_core.testing import right, subjects, verify
from mlp_core.testing.engine import runner
from mlp_core.testing.faults.doors import objects

EXAMPLES = 8


@pytest.fixture(autouse=True)
def _few_shrinks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "SHRINKS", 3)


def _of_size(size: float) -> Any:
    def made(seed: int) -> tuple[Any]:
        of = np.random.default_rng(seed)
        return (size * of.standard_normal((int(of.integers(1, 6)), 3)),)

    return st.integers(0, 2**32 - 1).map(made)


def _mixed(seed: int) -> tuple[Any]:
    of = np.random.default_rng(seed)
    return (of.standard_normal((int(of.integers(1, 6)), 3)) * 10.0 ** of.integers(-12, 10, (1, 3)),)


def _one_row(seed: int) -> tuple[Any]:
    return (np.random.default_rng(seed).standard_normal((1, 3)),)


def _constant(seed: int) -> tuple[Any]:
    of = np.random.default_rng(seed)
    return (np.full((int(of.integers(1, 6)), 3), of.standard_normal()),)


SEEDS = st.integers(0, 2**32 - 1)

INPUTS = {
    "1e-12": _of_size(1e-12), "1e9": _of_size(1e9), "columns of any size": SEEDS.map(_mixed),
    "one row": SEEDS.map(_one_row), "constant": SEEDS.map(_constant),
}  # fmt: skip

RIGHT = {
    cls.__name__: cls for cls in (*right.layers.objects.EVERY, objects.Relu) if cls.__name__ != "StepsWithMomentum"
}


def broken(verdict: Any) -> list[str]:
    return [r.law for r in verdict.results if r.verdict == "FAIL"]


@pytest.mark.parametrize("inputs", ["1e-12", "columns of any size"])
@pytest.mark.parametrize("name", RIGHT)
def test_a_right_object_is_not_accused(name: str, inputs: str) -> None:
    verdict = verify(subjects.layer(RIGHT[name], INPUTS[inputs]), examples=EXAMPLES)
    assert not broken(verdict), str(verdict)


WRONG = [
    (objects.KeepsAMaskForEveryShape, "1e-12"), (objects.KeepsAMaskForEveryShape, "1e9"),
    (objects.KeepsAMaskForEveryShape, "columns of any size"), (objects.KeepsAMaskForEveryShape, "constant"),
    (objects.ComparesByAllclose, "1e-12"), (objects.ComparesByAllclose, "one row"),
    (objects.FindsItsInputByItsSum, "1e-12"), (objects.FindsItsInputByItsSum, "one row"),
    (objects.KeepsItsFirstInput, "1e-12"), (objects.KeepsItsFirstBatchSize, "1e-12"),
]  # fmt: skip


@pytest.mark.parametrize(("thing", "inputs"), WRONG, ids=lambda one: getattr(one, "__name__", one))
def test_a_wrong_one_is(thing: Any, inputs: str) -> None:
    verdict = verify(subjects.layer(thing, INPUTS[inputs]), examples=40)
    assert objects.AGAIN in broken(verdict), str(verdict)
    failed = next(r for r in verdict.results if r.law == objects.AGAIN)
    with pytest.raises(AssertionError):
        exec(failed.snippet, {"__name__": "pasted"})  # noqa: S102  (what it is for)


class WrongRelu(objects.Relu):
    """The slope on the left is a thousandth too large."""

    def backward(self, dout: Any) -> Any:
        return dout * np.where(self.mask, 1.0, 1e-3)


def test_a_wrong_slope_beside_large_outputs_is_found() -> None:
    verdict = verify(subjects.layer(WrongRelu, INPUTS["columns of any size"]), examples=40)
    assert "is the derivative of its own forward" in broken(verdict), str(verdict)
