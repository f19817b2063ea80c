"""Optimizers whose constructor wants (name, parameter) pairs, as torch's takes since 2.6, get them. A constructor that
nothing satisfies is bad usage, and no law of the optimizer's is broken."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import strategies as st
from judging import broken, said
from optimizing import Momentum, as_sgd
from torch import Tensor
from typer.testing import CliRunner

from mlp_core import ArgumentError
from mlp_core.cli import app
from mlp_core.testing import subjects, verify

NEVER = """
import torch

class Never(torch.optim.SGD):
    def __init__(self, model, lr=0.1):
        super().__init__(model.parameters(), lr)
"""


class Unpacks(Momentum):
    """Takes the names off, in one group."""

    def __init__(self, named_params: Iterable[tuple[str, Tensor]], lr: float = 1e-2) -> None:
        super().__init__([p for _, p in named_params], lr)


class HandsOn(Momentum):
    """Hands the pairs on to torch, once it has seen that they are pairs."""

    def __init__(self, named_params: Iterable[tuple[str, Tensor]], lr: float = 1e-2) -> None:
        pairs = list(named_params)
        assert all(isinstance(pair, tuple) and isinstance(pair[0], str) for pair in pairs)
        super().__init__(pairs, lr)


class ByName(Momentum):
    """Half the rate for what is called a bias."""

    def __init__(self, named_parameters: Iterable[tuple[str, Tensor]], lr: float = 1e-2) -> None:
        pairs = list(named_parameters)
        self.halved = {p for name, p in pairs if name.endswith("bias")}
        super().__init__([p for _, p in pairs], lr)

    def update(self, p: Tensor, v: Tensor, lr: float, group: int) -> Tensor:
        return (lr / 2 if p in self.halved else lr) * v


class Keeps(Momentum):
    """Keeps the names beside the parameters."""

    def __init__(self, params: Iterable[tuple[str, Tensor]], lr: float = 1e-2) -> None:
        own = dict(params)
        self.names = {p: name.lower() for name, p in own.items()}
        super().__init__(own.values(), lr)


class AsDict(Momentum):
    """Asks that names differ."""

    def __init__(self, named: Iterable[tuple[str, Tensor]], lr: float = 1e-2) -> None:
        pairs = list(named)
        own = {name.split(".")[-1] + str(k): p for k, (name, p) in enumerate(pairs)}
        if len({name for name, _ in pairs}) != len(pairs):
            raise ValueError("names occur twice")
        super().__init__(list(own.values()), lr)


def made_by_a_function(named: Iterable[tuple[str, Tensor]], lr: float = 1e-2) -> torch.optim.Optimizer:
    return torch.optim.Adam([p for name, p in named if name], lr=lr)


NAMED = [Unpacks, HandsOn, ByName, Keeps, AsDict]


@pytest.mark.parametrize("make", NAMED)
def test_an_optimizer_of_named_parameters_is_lawful(make: type[Momentum]) -> None:
    report = verify(make, examples=10)
    assert report.ok, said(report)


@pytest.mark.parametrize("make", [*NAMED, made_by_a_function])
def test_it_is_lawful_with_hyperparameters(make: Any) -> None:
    report = verify(subjects.optimizer(make, hyperparameters={"lr": st.floats(1e-3, 0.1)}), examples=20)
    assert report.ok, said(report)


@pytest.mark.parametrize("make", [Unpacks, HandsOn, Keeps])
def test_it_is_held_to_a_reference_that_takes_plain_ones(make: type[Momentum]) -> None:
    hyper = {"lr": st.floats(1e-3, 0.1)}

    def other(params: Any, lr: float) -> torch.optim.Optimizer:
        return torch.optim.SGD(params, lr=lr, momentum=0.8)

    report = verify(subjects.optimizer(make, as_sgd, hyper), examples=20)
    assert report.ok, said(report)
    assert "equals its reference" in broken(verify(subjects.optimizer(make, other, hyper), examples=20))


class Model(torch.optim.SGD):
    def __init__(self, model: Any, lr: float = 0.1) -> None:
        super().__init__(model.parameters(), lr)


class Raises(torch.optim.SGD):
    def __init__(self, params: Any, lr: float = 0.1) -> None:
        raise RuntimeError("not on this machine")


class Triples(torch.optim.SGD):
    def __init__(self, params: Any, lr: float = 0.1) -> None:
        super().__init__([p for _, p, _ in params], lr)


class Files(torch.optim.SGD):
    def __init__(self, path: Any, lr: float = 0.1) -> None:
        super().__init__(list(torch.load(path).values()), lr)


class Numbers(torch.optim.SGD):
    def __init__(self, count: Any, lr: float = 0.1) -> None:
        super().__init__([torch.zeros(count + 1)], lr)


@pytest.mark.parametrize("make", [Model, Raises, Triples, Files, Numbers])
def test_a_constructor_that_nothing_satisfies_is_bad_usage(make: type[torch.optim.Optimizer]) -> None:
    with pytest.raises(ArgumentError):
        verify(make, examples=5)


def test_the_command_ends_with_2(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "never_satisfied.py").write_text(NEVER, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["verify", "never_satisfied:Never", "--examples", "5", "--jobs", "1"])
    assert result.exit_code == 2, result.output
    assert "BROKEN" not in result.output
