"""Functional rules, init(params) -> state and step(gradients, state, params), on numpy and torch arrays."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from hypothesis import strategies as st

from mlp_core.base.errors import ArgumentError
from mlp_core.testing import subjects, verify
from mlp_core.testing.diagnosis.explain import explain
from mlp_core.testing.engine import runner as engine
from mlp_core.testing.faults import updates
from mlp_core.testing.laws.books import laws_of

FEW = 8
LR, MU = st.floats(1e-3, 0.5), st.floats(0.1, 0.9)
BETAS = {"b1": st.floats(0.5, 0.95), "b2": st.floats(0.5, 0.999), "eps": st.floats(1e-6, 1e-2)}


def nothing(params: Any) -> None:
    return None


def zeros(params: Any) -> Any:
    return [p * 0 for p in params]


def one(param: Any) -> Any:
    return param * 0


def two(params: Any) -> Any:
    return {"m": zeros(params), "v": zeros(params), "t": 0}


class Pair(NamedTuple):
    m: Any
    v: Any
    t: int


def descend(grads: Any, state: Any, params: Any, lr: float) -> Any:
    return [p - lr * g for p, g in zip(params, grads, strict=True)], state


def changes(grads: Any, state: Any, params: Any, lr: float) -> Any:
    return [-lr * g for g in grads], state


def heavy_ball(g: Any, v: Any, p: Any, lr: float, mu: float) -> Any:
    v = mu * v + g  # an array at a time
    return p - lr * v, v


def nesterov(grads: Any, state: Any, params: Any, lr: float, mu: float) -> Any:
    state = [mu * v + g for v, g in zip(state, grads, strict=True)]
    return [p - lr * (g + mu * v) for p, g, v in zip(params, grads, state, strict=True)], state


def decays(grads: Any, state: Any, params: Any, lr: float, wd: float) -> Any:
    return descend([g + wd * p for g, p in zip(grads, params, strict=True)], state, params, lr)


def adam(grads: Any, state: Any, params: Any, lr: float, b1: float, b2: float, eps: float) -> Any:
    t = state["t"] + 1
    m = [b1 * a + (1 - b1) * g for a, g in zip(state["m"], grads, strict=True)]
    v = [b2 * a + (1 - b2) * g * g for a, g in zip(state["v"], grads, strict=True)]
    new = [p - lr * (a / (1 - b1**t)) / ((s / (1 - b2**t)) ** 0.5 + eps) for p, a, s in zip(params, m, v, strict=True)]
    return new, {"m": m, "v": v, "t": t}


def fresh(param: Any) -> Pair:
    return Pair(param * 0, param * 0, 0)


def adam_of_one(g: Any, state: Pair, p: Any, lr: float, b1: float, b2: float, eps: float) -> Any:
    new, s = adam([g], {"m": [state.m], "v": [state.v], "t": state.t}, [p], lr, b1, b2, eps)
    return new[0], Pair(s["m"][0], s["v"][0], s["t"])


def adagrad(g: Any, s: Any, p: Any, lr: float) -> Any:
    s = s + np.square(g)
    return p - lr * g / (np.sqrt(s) + 1e-10), s


def rmsprop(grads: Any, state: Any, params: Any, lr: float) -> Any:
    state = [0.9 * s + 0.1 * g**2 for s, g in zip(state, grads, strict=True)]
    return [-lr * g / (torch.sqrt(s) + 1e-8) for g, s in zip(grads, state, strict=True)], state


class Transformation(NamedTuple):
    init: Any
    update: Any


def made(lr: float) -> Transformation:
    return Transformation(nothing, lambda grads, state, params=None: ([-lr * g for g in grads], state))


def torch_sgd(params: Any, lr: float, mu: float = 0.0, wd: float = 0.0) -> torch.optim.Optimizer:
    return torch.optim.SGD(params, lr, momentum=mu, weight_decay=wd)


def torch_nesterov(params: Any, lr: float, mu: float) -> torch.optim.Optimizer:
    return torch.optim.SGD(params, lr, momentum=mu, nesterov=True)


def torch_adam(params: Any, lr: float, b1: float, b2: float, eps: float) -> torch.optim.Optimizer:
    return torch.optim.Adam(params, lr, (b1, b2), eps)


RIGHT: dict[str, Any] = {
    "descend": lambda: subjects.update(nothing, descend, torch_sgd, {"lr": LR}, ["odd", "fixed_point", "descends"]),
    "updates": lambda: subjects.update(nothing, changes, torch_sgd, {"lr": LR}),
    "one array": lambda: subjects.update(one, heavy_ball, torch_sgd, {"lr": LR, "mu": MU}, ["coordinatewise"]),
    "nesterov": lambda: subjects.update(zeros, nesterov, torch_nesterov, {"lr": LR, "mu": MU}),
    "decay": lambda: subjects.update(nothing, decays, torch_sgd, {"lr": LR, "wd": st.floats(0.01, 0.5)}),
    "adam": lambda: subjects.update(two, adam, torch_adam, {"lr": LR, **BETAS}, ["odd", "descends"]),
    "named tuple": lambda: subjects.update(fresh, adam_of_one, torch_adam, {"lr": LR, **BETAS}),
    "adagrad": lambda: subjects.update(one, adagrad, lambda p, lr: torch.optim.Adagrad(p, lr), {"lr": LR}),
    "torch": lambda: subjects.update(zeros, rmsprop, lambda p, lr: torch.optim.RMSprop(p, lr, 0.9), {"lr": LR}),
    "factory": lambda: subjects.update(made, reference=torch_sgd, hyperparameters={"lr": LR}),
    "object": lambda: subjects.update(made(0.25), reference=lambda p: torch.optim.SGD(p, 0.25)),
}  # fmt: skip


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_rule_is_lawful_in_whatever_form(name: str) -> None:
    subject = RIGHT[name]()
    report = verify(subject, examples=FEW)
    assert report.ok, [r.text() for r in report.results if r.verdict in ("FAIL", "UNTESTED")]
    assert next(r.verdict for r in report.results if r.law == "equals its reference") == "PASS"
    assert subject.form.updates == (name in ("updates", "torch", "factory", "object"))
    assert subject.form.library == ("torch" if name == "torch" else "numpy")
    assert subject.form.listed == (name not in ("one array", "named tuple", "adagrad"))


def uncorrected(grads: Any, state: Any, params: Any, lr: float, b1: float, b2: float, eps: float) -> Any:
    m = [b1 * a + (1 - b1) * g for a, g in zip(state["m"], grads, strict=True)]
    v = [b2 * a + (1 - b2) * g * g for a, g in zip(state["v"], grads, strict=True)]
    return [p - lr * a / (s**0.5 + eps) for p, a, s in zip(params, m, v, strict=True)], {"m": m, "v": v, "t": 0}


def test_a_wrong_one_is_named_as_an_optimizer_is() -> None:
    subject = subjects.update(two, uncorrected, torch_adam, {"lr": LR, **BETAS})
    result = engine.run(laws_of(subject)[0], examples=FEW, explain=explain)
    assert result.verdict == "FAIL"
    assert "neither moment's bias is corrected" in (result.diagnosis or "")
    assert "as in MLX 0.32.4" in (result.diagnosis or "")


def test_without_a_reference_the_universal_laws_run_alone() -> None:
    subject = subjects.update(updates.init, updates.right, hyperparameters=updates.HYPER)
    report = verify(subject, examples=FEW)
    assert report.ok
    assert report.results[0].verdict == "SKIP"
    assert {r.law for r in report.results if r.verdict == "PASS"} >= {
        "leaves its arguments alone", "repeats from the same start", "goes on from a copy of its state",
    }  # fmt: skip


def test_what_makes_no_step_is_refused_with_what_it_raised() -> None:
    def broken(grads: Any, state: Any, params: Any) -> Any:
        raise ZeroDivisionError("nothing to divide by")

    with pytest.raises(ArgumentError, match="ZeroDivisionError: nothing to divide by"):
        subjects.update(nothing, broken)
    with pytest.raises(ArgumentError, match="library"):
        subjects.update(nothing, descend, library="pandas")
    with pytest.raises(ArgumentError, match="init"):
        subjects.update(3)
