"""The stand-in for torch's compiler: optimizers find in it what they need, and all other code finds the compiler."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest
import torch

from mlp_core.testing.engine import uncompiled
from mlp_core.testing.engine.uncompiled import NAME, _StandIn, without_compiler


def stepped() -> list[float]:
    p = torch.nn.Parameter(torch.ones(2))
    p.grad = torch.ones(2)
    optimizer = torch.optim.SGD([p], lr=0.5)
    optimizer.step()
    optimizer.load_state_dict(optimizer.state_dict())
    return [entry.item() for entry in p.detach()]


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> _StandIn:
    stepped()  # torch remembers with its methods what the compiler said of each: the compiler itself, not the stand-in
    real = sys.modules[NAME]
    monkeypatch.setattr(torch, "_dynamo", real)  # puts it back
    monkeypatch.setitem(sys.modules, NAME, real)
    del sys.modules[NAME]
    without_compiler()
    found = sys.modules[NAME]
    assert isinstance(found, _StandIn)
    return found


def test_an_optimizer_of_torch_steps_beside_it(stand_in: _StandIn) -> None:
    assert stepped() == [0.5, 0.5]
    assert sys.modules[NAME] is torch._dynamo is stand_in


def test_it_says_nothing_of_a_file_of_its_own(stand_in: _StandIn) -> None:
    assert not hasattr(stand_in, "__file__")
    assert sys.modules[NAME] is stand_in


def test_who_asks_for_more_gets_the_compiler(stand_in: _StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    imported: list[str] = []

    def import_module(name: str) -> ModuleType:
        imported.append(name)
        assert sys.modules.get(NAME) is not stand_in
        return torch.nn  # instead of it

    monkeypatch.setattr(uncompiled, "import_module", import_module)
    assert stand_in.functional is torch.nn.functional
    assert imported == [NAME]


def test_a_compiler_that_is_there_stays() -> None:

    before = sys.modules[NAME]
    without_compiler()
    assert sys.modules[NAME] is before
