"""A layer is one object for the whole training: a cache that is filled only once is a mistake, a sum of gradients, a
velocity or a state that goes on is none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from mlp_core.testing import right, verify
from mlp_core.testing.engine import runner
from mlp_core.testing.faults.doors import objects
from mlp_core.testing.subjects import arrays, layer
from mlp_core.testing.subjects.doors.again import settled
from mlp_core.testing.subjects.doors.module import of_module


@pytest.fixture(autouse=True)
def _few_shrinks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "SHRINKS", 3)


RIGHT = {name: one for name, one in right.subjects().items() if name.startswith("layer: ")}


def broken(report: Any) -> list[str]:
    return [r.law for r in report.results if r.verdict == "FAIL"]


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_meant_to_be_kept_is_not_accused(name: str) -> None:
    verdict = verify(RIGHT[name], examples=10)
    assert verdict.ok, str(verdict)


@pytest.mark.parametrize("fault", objects.CATALOGUE.faults, ids=lambda fault: fault.name)
def test_a_cache_that_is_filled_once_breaks_one_law(fault: Any) -> None:
    verdict = verify(fault.subject, examples=6)
    assert broken(verdict) == [objects.AGAIN], str(verdict)


def test_the_snippet_repeats_the_failure() -> None:
    verdict = verify(layer(objects.KeepsItsFirstInput, arrays("(n,3)")), examples=10)
    snippet = next(r.snippet for r in verdict.results if r.verdict == "FAIL")
    with pytest.raises(AssertionError, match=r"\("):
        exec(snippet, {"__name__": "pasted"})  # noqa: S102  (what it is for)


class Once(torch.nn.Module):
    """A torch module whose backward, written by hand, keeps its first input."""

    kept: Any = None

    def __init__(self) -> None:
        super().__init__()
        self.w = torch.nn.Parameter(torch.ones(3))

    def forward(self, x: Any) -> Any:
        self.x = x
        self.kept = x if self.kept is None else self.kept
        return x * self.w

    def backward(self, dout: Any) -> Any:
        self.w.grad = (dout * self.kept).sum(0)
        return dout * self.w


def test_a_module_of_torch_too() -> None:
    assert objects.AGAIN in broken(verify(of_module(Once), examples=10))


def test_of_tensors_too() -> None:
    class Scale:
        def __init__(self) -> None:
            self.w = torch.ones(3, dtype=torch.float64)

        def forward(self, x: Any) -> Any:
            self.x = getattr(self, "x", x)
            return x * self.w

        def backward(self, dout: Any) -> Any:
            self.dw = (dout * self.x).sum(0)
            return dout * self.w

    verdict = verify(layer(Scale, arrays("(n,3)", lib="torch")), examples=10)
    assert broken(verdict) == [objects.AGAIN], str(verdict)


def test_methods_of_its_own_that_reset_it_are_called_and_not_those_of_a_list() -> None:
    class Things(list[int]):
        begun = 0

        def reset_hidden_state(self) -> None:
            self.begun += 1

    used = Things([1])
    settled(used, Things())
    assert (used, used.begun) == ([1], 1)
    used.reset_hidden_state()
    assert used.begun == 2


def test_gradients_are_those_of_a_new_object_and_other_attributes_stay() -> None:
    class Thing:
        def __init__(self) -> None:
            self.dw, self.sums = None, {"g": np.zeros(2)}

    used = Thing()
    used.dw, used.sums["g"], used.x, used.db = np.ones(2), np.ones(2), np.ones(3), np.ones(1)  # type: ignore[attr-defined]
    alias = used.sums["g"]
    settled(used, Thing())
    assert used.dw is None
    assert not hasattr(used, "db")
    assert not used.sums["g"].any()
    assert used.sums["g"] is alias
    assert used.x.all()  # type: ignore[attr-defined]
