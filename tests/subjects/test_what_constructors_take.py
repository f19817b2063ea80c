"""Parameters are passed in the form that a constructor accepts: in groups, in a list, with their names. If it accepts
none, the report says so, with its own error, and no law fails."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
import torch
from hypothesis import strategies as st

from mlp_core import ArgumentError
from mlp_core.testing import laws, subjects, verify
from mlp_core.testing.engine.runner import run

SGD = torch.optim.SGD


class Pairs(SGD):
    def __init__(self, named: Iterable[Any], lr: float = 0.1) -> None:
        super().__init__([p for _, p in named], lr)


class NamedGroups(SGD):
    """Takes groups, and looks up every parameter's name there."""

    def __init__(self, groups: Any, lr: float = 0.1) -> None:
        super().__init__(groups, lr)
        for group in self.param_groups:
            assert len(group["param_names"]) == len(group["params"])


class ByName(SGD):
    """No decay for what is called a bias, in a group of its own."""

    def __init__(self, named: Iterable[Any], lr: float = 0.1, weight_decay: float = 0.1) -> None:
        pairs = list(named)
        weights = [p for name, p in pairs if name.endswith("weight")]
        rest = [p for name, p in pairs if not name.endswith("weight")]
        super().__init__(
            [{"params": weights, "weight_decay": weight_decay}, {"params": rest, "weight_decay": 0.0}], lr
        )  # fmt: skip


class AListAlone(SGD):
    def __init__(self, params: Any, lr: float = 0.1) -> None:
        if not all(isinstance(p, torch.Tensor) for p in params):
            raise TypeError("tensors only")
        super().__init__(params, lr)


class Either(SGD):
    def __init__(self, params: Any, lr: float = 0.1) -> None:
        super().__init__(params, lr)


class Vectors(Pairs):
    def __init__(self, named: Iterable[Any], lr: float = 0.1) -> None:
        pairs = list(named)
        if any(p.ndim != 1 for _, p in pairs):
            raise ValueError("vectors only")
        super().__init__(pairs, lr)


class NoDefault(Pairs):
    def __init__(self, named: Iterable[Any], lr: float | None = None) -> None:
        assert lr is not None
        super().__init__(named, lr)


class Generated(SGD):
    def __init__(self, named: Iterable[Any], lr: float = 0.1) -> None:
        super().__init__((p for name, p in named if isinstance(name, str)), lr)


def made(named: Any, lr: float = 0.1) -> torch.optim.Optimizer:
    return torch.optim.Adam(dict(named).values(), lr=lr)


def split(params: Any, lr: float = 0.1) -> torch.optim.Optimizer:
    """A list, of which it makes two groups."""
    large = [p for p in params if p.ndim > 1]
    return SGD([{"params": large}, {"params": [p for p in params if p.ndim < 2]}], lr)


FORMS: dict[Any, list[str]] = {
    Pairs: ["named", "in_one_list"], NamedGroups: ["named"], ByName: ["named", "in_one_list"],
    AListAlone: ["in_one_list"], Either: [], Vectors: ["named", "in_one_list"], NoDefault: ["named", "in_one_list"],
    Generated: ["named", "in_one_list"], made: ["named", "in_one_list"], split: ["in_one_list"],
}  # fmt: skip


@pytest.mark.parametrize("make", FORMS, ids=lambda make: make.__name__)
def test_it_gets_parameters_in_its_form_and_is_lawful(make: Any) -> None:
    subject = subjects.optimizer(make)
    call = make.__name__
    for form in reversed(FORMS[make]):
        call = f"{form}({call})"
    assert subject.source[-1] == f"mine = {call}"
    assert subject.max_groups == (1 if "in_one_list" in FORMS[make] else 2)
    report = verify(subject, examples=10)
    assert report.ok, [result.text() for result in report.results if result.verdict in ("FAIL", "UNTESTED")]


def test_a_wrong_optimizer_of_pairs_is_broken_and_its_lines_show_it() -> None:
    from mlp_core.testing.engine.guards import globals_kept

    (law,) = (law for law in laws(subjects.optimizer(Deaf)) if law.name == "applies its lr to every shape")
    result = run(law, examples=5)
    assert result.verdict == "FAIL"
    lines = result.snippet.replace("Deaf = ...", "Deaf = Deaf")
    with globals_kept(), pytest.raises(AssertionError):
        exec(compile(lines, "<snippet>", "exec"), {"Deaf": Deaf})  # noqa: S102  (what a user would paste)


class Deaf(Pairs):
    def __init__(self, named: Iterable[Any], lr: float = 0.1) -> None:
        super().__init__(named, lr)

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for p in (p for p in group["params"] if p.grad is not None):
                p.sub_(0.01 * p.grad)


class OfAModel(SGD):
    def __init__(self, model: Any, lr: float = 0.1) -> None:
        super().__init__(model.parameters(), lr)


class Never(SGD):
    def __init__(self, params: Any, lr: float = 0.1) -> None:
        raise RuntimeError("no such device")


class Other(SGD):
    def __init__(self, params: Any, lr: float = 0.1, *, radius: float = 0.0) -> None:
        if not radius:
            raise ValueError("radius is 0")
        super().__init__(params, lr)


def returning_nothing(params: Any, lr: float = 0.1) -> Any:
    return SGD([torch.zeros(1)], lr).no_such_name  # type: ignore[attr-defined]  # that is the mistake


def four(params: Any, lr: float = 0.1) -> Any:
    assert all(p.ndim == 4 for group in params for p in group["params"]), "images only"
    return SGD(params, lr)


class Threes(SGD):
    def __init__(self, params: Any, lr: float = 0.1) -> None:
        super().__init__([p for _, p, _ in params], lr)


class Sized(SGD):
    def __init__(self, sizes: Any, lr: float = 0.1) -> None:
        super().__init__([torch.zeros(size + 1) for size in sizes], lr)


NEVER: dict[Any, str] = {
    OfAModel: "OfAModel(params, lr=0.1) raises AttributeError: 'list' object has no attribute 'parameters'",
    Never: "Never(params, lr=0.1) raises RuntimeError: no such device", Other: "raises ValueError: radius is 0",
    returning_nothing: "raises AttributeError", four: "raises AssertionError: images only", Threes: "raises ",
    Sized: "raises TypeError",
}  # fmt: skip


@pytest.mark.parametrize("make", NEVER, ids=lambda make: make.__name__)
def test_a_constructor_that_nothing_satisfies_is_named_with_its_error(make: Any) -> None:
    with pytest.raises(ArgumentError) as caught:
        subjects.optimizer(make)
    assert str(caught.value).startswith(f"make: got {make.__name__}, expected a constructor that accepts parameters")
    assert NEVER[make] in str(caught.value)


def test_shapes_and_hyperparameters_satisfy_it() -> None:
    assert subjects.optimizer(Other, hyperparameters={"radius": st.floats(0, 1)}).shapes
    assert subjects.optimizer(four, shapes=[(1, 2, 1, 2)]).kinds == ((1, 2, 1, 2),)
