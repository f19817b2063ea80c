"""A rule before it steps: its fields, their domains and defaults, its twin."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Annotated, Any, Literal, Optional

import pytest
import torch
from annotated_types import Ge, Le, Lt

from mlp_core import ArgumentError, rules
from mlp_core.rules import UpdateRule
from mlp_core.rules._domains import Decay, Domain, Epsilon, Typical, domain_of, domains, rests


def twin_of(name: str) -> Any:
    p = torch.nn.Parameter(torch.ones(2, 2))
    twin: Any = rules.get(name)().twin([p])
    return twin


@pytest.mark.parametrize("name", [name for name in rules.names() if twin_of(name) is not None])
def test_a_twin_has_torch_s_defaults_and_steps_tensor_by_tensor(name: str) -> None:
    twin = twin_of(name)
    plain = type(twin)([torch.nn.Parameter(torch.ones(2, 2))])
    assert {f.name: plain.defaults[f.name] for f in fields(rules.get(name))} == {
        f.name: twin.defaults[f.name] for f in fields(rules.get(name))
    }
    assert all(twin.defaults[switch] is False for switch in ("foreach", "fused") if switch in twin.defaults)


@pytest.mark.parametrize("name", [name for name in rules.names() if twin_of(name) is not None])
def test_slots_are_named_as_the_state_of_torch(name: str) -> None:
    p = torch.nn.Parameter(torch.ones(2, 2))
    p.grad = torch.ones(2, 2)
    rule: Any = rules.get(name)()
    twin = rule.twin([p])
    twin.step()
    assert set(twin.state[p]) - {"step"} <= set(rule.slots)


def test_a_rule_itself_may_stand_for_its_name() -> None:
    sgd = rules.get("sgd")
    assert rules.get(sgd) is sgd
    assert rules.get(UpdateRule) is UpdateRule
    with pytest.raises(ArgumentError, match=r"^rule: got <class 'int'>, expected one of adadelta, "):
        rules.get(int)  # type: ignore[arg-type]


def refusal(rule_type: Any) -> str:
    with pytest.raises(ArgumentError) as caught:
        rule_type()
    return str(caught.value)


def test_a_rule_that_is_not_written_as_one_is_refused_by_name() -> None:
    class Undecorated(UpdateRule):
        lr: float = 0.1

    assert refusal(Undecorated) == (
        "Undecorated: got ['lr'], expected fields: decorate the class with @dataclass(frozen=True)"
    )

    @dataclass(frozen=True)
    class Nameless(UpdateRule):
        name: str = "sgd"

    expected = "float, int or bool, Annotated with its domain, or a Literal of strings; any of them | None"
    assert refusal(Nameless) == f"annotation of name: got <class 'str'>, expected {expected}"

    @dataclass(frozen=True)
    class Wanting(UpdateRule):
        lr: float
        beta: float = 0.5

    @dataclass(frozen=True)
    class Paired(UpdateRule):
        pair: tuple[float, str] = (0.5, "")

    assert refusal(Paired).startswith("annotation of pair: got <class 'str'>, expected ")

    with pytest.raises(ArgumentError, match=r"Wanting: got \['beta', 'lr'\], expected a default for every field"):
        Wanting(0.1)  # type: ignore[call-arg]


def test_the_domain_in_an_annotation() -> None:
    assert domain_of("x", float) == Domain(float)
    assert domain_of("x", Annotated[int, Ge(2)]) == Domain(int, (Ge(2),))
    every = Annotated[float | None, Ge(0), Lt(8), Typical(1, 2), Decay(3.0), Epsilon()]
    assert domain_of("x", every) == Domain(float, (Ge(0), Lt(8)), Typical(1, 2), Decay(3.0), True, True)
    assert domain_of("x", Annotated[float, Decay()]) == Domain(float, decay=Decay(0.0))
    assert domain_of("x", Literal["a", "b"]) == Domain(str, choices=("a", "b"))
    assert domain_of("x", Literal["a"] | None) == Domain(str, choices=("a",), optional=True)
    assert domain_of("x", Optional[float]) == domain_of("x", float | None) == Domain(float, optional=True)  # noqa: UP045
    share = domain_of("x", Annotated[float, Ge(0), Le(1)])
    assert [share.holds(value) for value in (-0.1, 0.0, 1.0, 1.1)] == [False, True, True, False]
    assert not domain_of("x", float).holds(None)
    assert domain_of("x", float | None).holds(None)
    (first, second) = domains(rules.get("adafactor"))["eps"]
    assert (first.epsilon, first.optional, second.epsilon, second.optional) == (True, True, True, False)


def test_whether_a_zero_gradient_is_divided_by_something() -> None:
    adam, adafactor = rules.get("adam"), rules.get("adafactor")
    assert [rests(adam(eps=eps)) for eps in (0.0, 1e-8, 2.0)] == [False, True, True]  # type: ignore[call-arg]
    assert [rests(adafactor(eps=eps)) for eps in ((None, 1e-3), (0.0, 1e-3), (1e-8, 0.0), (None, 0.0))] == [  # type: ignore[call-arg]
        True, False, False, False,
    ]  # fmt: skip
    assert rests(rules.get("sgd")())


@pytest.mark.parametrize(("rule", "options", "kept"), [
    ("sgd", {}, set()), ("sgd", {"momentum": 0.5}, {"momentum_buffer"}),
    ("adam", {}, {"exp_avg", "exp_avg_sq"}), ("adam", {"amsgrad": True}, {"exp_avg", "exp_avg_sq", "max_exp_avg_sq"}),
    ("rmsprop", {}, {"square_avg"}), ("rmsprop", {"momentum": 0.5}, {"square_avg", "momentum_buffer"}),
    ("rmsprop", {"centered": True}, {"square_avg", "grad_avg"}),
])  # fmt: skip
def test_a_slot_that_is_switched_off_takes_no_memory(rule: str, options: dict[str, Any], kept: set[str]) -> None:
    state = rules.get(rule)(**options).init(torch.ones(2))
    assert {name for name, slot in state.items() if slot is not None} == kept
    assert all(slot is None or slot.tolist() == [0.0, 0.0] for slot in state.values())


def test_radam_at_its_threshold() -> None:
    beta2, t = 0.8397685748659791, 6  # found by bisection: rho is 5 exactly, and not above
    assert 2 / (1 - beta2) - 1 - 2 * t * beta2**t / (1 - beta2**t) == 5
    ours, theirs = ([torch.nn.Parameter(torch.ones(3))] for _ in range(2))
    radam: Any = rules.get("radam")(betas=(0.5, beta2))
    for params, optimizer in ((ours, radam.optimizer(ours)), (theirs, radam.twin(theirs))):
        params[0].grad = torch.tensor([1.0, -2.0, 0.5])
        for _ in range(t):
            optimizer.step()
    assert torch.equal(*ours, *theirs)
