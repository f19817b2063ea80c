"""A hyperparameter of one value alone cannot be moved: no law fails for it, and the report names it. One of two values
can."""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Any

import pytest
import torch
from annotated_types import Ge, Le
from hypothesis import strategies as st

from mlp_core.rules import Typical
from mlp_core.testing import laws, subjects
from mlp_core.testing.engine.result import Result
from mlp_core.testing.engine.runner import run

RATE = {"lr": st.floats(1e-3, 0.1)}


class Mode(Enum):
    PLAIN = 1


def shown(subject: Any, examples: int = 60) -> Result:
    (law,) = (law for law in laws(subject) if law.name == "uses every hyperparameter")
    return run(law, examples=examples)


ALONE: dict[str, Any] = {
    "a number": 0.0, "a strategy of one": st.just(0.5), "one of one": st.sampled_from([0.25]),
    "one of two that are equal": st.sampled_from([0.5, 0.5]), "an interval": st.floats(0.5, 0.5),
    "either, both the same": st.one_of(st.just(0.5), st.just(0.5)), "built": st.builds(lambda k: k / 2, st.just(1)),
    "filtered": st.sampled_from([0.0, 0.5]).filter(bool), "mapped to one": st.integers(0, 9).map(lambda k: 0.5),
    "a whole number": st.integers(1, 1).map(float), "a domain of one": Annotated[float, Ge(0.5), Le(0.5)],
}  # fmt: skip


@pytest.mark.parametrize("momentum", ALONE.values(), ids=ALONE)
def test_one_value_alone_is_told_beside_what_varies(momentum: Any) -> None:
    subject = subjects.optimizer(torch.optim.SGD, hyperparameters={**RATE, "momentum": momentum})
    assert (subject.movable, subject.constant) == (("lr",), ("momentum",))
    result = shown(subject)
    assert result.verdict == "PASS"
    assert result.reason.startswith("not varied, given with one value: momentum; not exercised: dampening,")


@pytest.mark.parametrize("momentum", ALONE.values(), ids=ALONE)
def test_if_none_varies_those_known_by_their_names_must_act(momentum: Any) -> None:
    subject = subjects.optimizer(torch.optim.SGD, hyperparameters={"momentum": momentum})
    assert subject.shown == ("lr", "weight_decay")
    result = shown(subject)
    assert result.verdict == "PASS"
    assert result.reason.startswith("not varied, given with one value: momentum; not exercised: lr, dampening,")


VARYING: dict[str, Any] = {
    "two values": st.sampled_from([0.0, 0.5]), "an interval": st.floats(0, 0.9), "a short one": st.floats(0.5, 0.5001),
    "a domain": Annotated[float, Ge(0), Le(0.9)], "a typical range": Annotated[float, Ge(0), Typical(0.1, 0.9)],
    "either": st.one_of(st.just(0.0), st.floats(0.1, 0.9)), "mostly one": st.sampled_from([0.0, 0.0, 0.0, 0.5]),
    "whole numbers": st.integers(0, 1).map(float), "mapped": st.integers(0, 9).map(lambda k: k / 10),
    "of any two": st.booleans().map(lambda b: 0.9 if b else 0.1),
}  # fmt: skip


@pytest.mark.parametrize("momentum", VARYING.values(), ids=VARYING)
def test_what_varies_is_moved_and_must_show(momentum: Any) -> None:
    class Deaf(torch.optim.SGD):
        def __init__(self, params: Any, lr: float = 0.1, momentum: float = 0.0) -> None:
            super().__init__(params, lr)
            for group in self.param_groups:
                group["momentum"] = 0.0

    hyper = {**RATE, "momentum": momentum}
    assert subjects.optimizer(torch.optim.SGD, hyperparameters=hyper).movable == ("lr", "momentum")
    result = shown(subjects.optimizer(Deaf, hyperparameters=hyper))
    assert result.verdict != "PASS"
    assert "none of 60 examples showed: momentum" in result.reason


def test_a_value_of_any_type_may_stand_alone() -> None:
    class Modes(torch.optim.SGD):
        def __init__(self, params: Any, lr: float, mode: Mode, of: Any = None) -> None:
            super().__init__(params, lr)

    hyper = {**RATE, "mode": Mode.PLAIN, "of": st.just([torch.ones(2)])}
    assert shown(subjects.optimizer(Modes, hyperparameters=hyper)).reason.endswith("one value: mode, of")
