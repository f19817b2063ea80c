"""Rules as people port them to numpy, from libraries that differ: a right port passes, another one is named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
import torch
from hypothesis import strategies as st
from planted import UNSHRUNK

from mlp_core.testing import subjects
from mlp_core.testing.diagnosis.explain import explain
from mlp_core.testing.engine import runner as engine
from mlp_core.testing.engine.guards import globals_kept
from mlp_core.testing.laws.books import laws_of

LR, MU, WD, EPS = st.floats(1e-3, 0.5), st.floats(0.1, 0.9), st.floats(0.01, 0.3), st.floats(1e-6, 1e-2)
B = {"b1": st.floats(0.5, 0.95), "b2": st.floats(0.5, 0.999), "eps": EPS}
M, A, R = {"momentum": MU}, {"eps": EPS}, {"alpha": st.floats(0.5, 0.99), "eps": EPS}
D = {"rho": st.floats(0.5, 0.95), "eps": EPS}

Arrays = list[Any]
Each = Callable[..., tuple[Any, ...]]
"""(gradient, parameter, t, *slots, **hyper) -> (parameter, *slots)"""


def port(each: Each, slots: int, begin: float = 0.0) -> tuple[Any, Any]:
    """init and step of a rule that is written for one array; its slots begin with a number."""

    def init(params: Arrays) -> Any:
        return 0, [[np.full_like(p, begin) for _ in range(slots)] for p in params]

    def step(grads: Arrays, state: Any, params: Arrays, **hyper: Any) -> Any:
        t, kept = state
        found = [each(g, p, t + 1, *own, **hyper) for g, p, own in zip(grads, params, kept, strict=True)]
        return [new for new, *_ in found], (t + 1, [list(own) for _, *own in found])

    return init, step


def adam(correction: str = "", decay: str = "", late: int = 0) -> tuple[Any, Any]:
    def each(g, p, t, m, v, lr, b1, b2, eps, weight_decay=0.0):  # type: ignore[no-untyped-def]
        g = g + weight_decay * p if decay == "coupled" else g
        m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g * g
        c1, c2 = 1 - b1 ** (t + late), 1 - b2 ** (t + late)
        u = {
            "": lambda: m / c1 / (np.sqrt(v / c2) + eps), "none": lambda: m / (np.sqrt(v) + eps),
            "before": lambda: m * np.sqrt(c2) / c1 / (np.sqrt(v) + eps),
            "under": lambda: m / c1 / np.sqrt(v / c2 + eps),
        }[correction]()  # fmt: skip
        if decay == "after":
            return (p - lr * u) * (1 - lr * weight_decay), m, v
        shrunk = {"": p, "coupled": p, "decoupled": p * (1 - lr * weight_decay), "bare": p * (1 - weight_decay)}
        return shrunk[decay] - lr * u, m, v

    return port(each, 2)


def sgd(kind: str) -> tuple[Any, Any]:
    def each(g, p, t, v, lr, momentum, weight_decay=0.0):  # type: ignore[no-untyped-def]
        if kind == "rate inside":
            v = momentum * v - lr * g
            return p + v, v
        if kind == "Sutskever":
            v = momentum * v - lr * g
            return p + momentum * v - lr * g, v
        v = momentum * v + (1 - momentum if kind == "average" else 1) * g
        u = g + momentum * v if kind == "ahead" else v
        return p - lr * u - (lr * weight_decay * p if kind == "decoupled" else 0), v

    return port(each, 1)


def rooted(begin: float = 0.0, under: bool = False, average: bool = True) -> tuple[Any, Any]:
    def each(g, p, t, v, lr, eps, alpha=None):  # type: ignore[no-untyped-def]
        v = alpha * v + (1 - alpha) * g * g if average else v + g * g
        return p - lr * g / (np.sqrt(v + eps) if under else np.sqrt(v) + eps), v

    return port(each, 1, begin)


def adamax(kind: str = "") -> tuple[Any, Any]:
    def each(g, p, t, m, u, lr, b1, b2, eps):  # type: ignore[no-untyped-def]
        m, old = b1 * m + (1 - b1) * g, b2 * u + (eps if kind == "old" else 0)
        u = np.maximum(old, abs(g) + (eps if kind == "" else 0))
        return p - lr * m / (1 - b1**t) / (u + (eps if kind == "end" else 0)), m, u

    return port(each, 2)


def adadelta(kind: str = "") -> tuple[Any, Any]:
    def each(g, p, t, a, d, lr, rho, eps):  # type: ignore[no-untyped-def]
        a = rho * a + (1 - rho) * g * g
        move = np.sqrt(d + eps) / np.sqrt(a + eps) * g
        return p - lr * move, a, rho * d + (1 - rho) * (move * (lr if kind == "lr" else 1)) ** 2

    return port(each, 2)


RIGHT: dict[str, tuple[tuple[Any, Any], str, dict[str, Any]]] = {
    "Adam": (adam(), "Adam", B), "Adam, coupled": (adam(decay="coupled"), "Adam", {**B, "weight_decay": WD}),
    "AdamW": (adam(decay="decoupled"), "AdamW", {**B, "weight_decay": WD}), "SGD": (sgd(""), "SGD", M),
    "SGD, rate inside": (sgd("rate inside"), "SGD", M), "Nesterov": (sgd("ahead"), "SGD nesterov", M),
    "Nesterov by Sutskever": (sgd("Sutskever"), "SGD nesterov", M), "RMSprop": (rooted(), "RMSprop", R),
    "Adagrad": (rooted(average=False), "Adagrad", A), "Adamax": (adamax(), "Adamax", B),
    "Adadelta": (adadelta(), "Adadelta", D),
}  # fmt: skip

NAMED: dict[str, tuple[tuple[Any, Any], str, dict[str, Any], str]] = {
    "BertAdam": (adam("none", "decoupled"), "AdamW", {**B, "weight_decay": WD}, "no bias correction"),
    "Chainer's Adam": (adam("before"), "Adam", B, "eps is added before the bias correction"),
    "AdamW of addons": (adam(decay="bare"), "AdamW", {**B, "weight_decay": WD}, "wd p instead of lr wd p"),
    "AdamW, decay last": (adam(decay="after"), "AdamW", {**B, "weight_decay": WD}, "after the step"),
    "eps under the root": (adam("under"), "Adam", B, "eps is added under the root"),
    "t from 2": (adam(late=1), "Adam", B, "steps are counted from 2"),
    "Ng's momentum": (sgd("average"), "SGD", M, "autograd"),
    "decoupled SGD": (sgd("decoupled"), "SGD", {**M, "weight_decay": WD}, "the decay is decoupled"),
    "Nesterov for momentum": (sgd("ahead"), "SGD", M, "the step is Nesterov's"),
    "Lasagne's RMSprop": (rooted(under=True), "RMSprop", R, "eps under the root"),
    "RMSprop of TensorFlow 1": (rooted(1.0, under=True), "RMSprop", R, "the squares begin at 1"),
    "Adagrad of TensorFlow 1": (rooted(0.1, average=False), "Adagrad", A, "begins at 0.1"),
    "Lasagne's Adamax": (adamax("end"), "Adamax", B, "eps is added at the end"),
    "Paddle's Adamax": (adamax("old"), "Adamax", B, "eps is added to the old maximum"),
    "Adadelta of moves": (adadelta("lr"), "Adadelta", D, "the updates are averaged after the multiplication by lr"),
}


def judged(rule: tuple[Any, Any], reference: str, hyper: dict[str, Any], count: int | None) -> list[Any]:
    def torchs(params: Any, **h: Any) -> torch.optim.Optimizer:
        own = {k: v for k, v in h.items() if k not in ("b1", "b2")}
        own |= {"betas": (h["b1"], h["b2"])} if "b1" in h else {}
        name, _, nesterov = reference.partition(" ")
        return getattr(torch.optim, name)(params, **own, **({"nesterov": True} if nesterov else {}))

    subject = subjects.update(*rule, reference=torchs, hyperparameters={"lr": LR, **hyper})
    with globals_kept(), patch.object(engine, "Phase", UNSHRUNK):
        return [engine.run(law, examples=5, explain=explain) for law in laws_of(subject)[:count]]


def sparing(names: Any, often: int) -> list[Any]:
    return [pytest.param(n, marks=[pytest.mark.slow] * bool(k % often)) for k, n in enumerate(names)]


@pytest.mark.parametrize("name", sparing(RIGHT, 4))
def test_a_right_port_passes(name: str) -> None:
    results = judged(*RIGHT[name], None)
    assert [r.text() for r in results if r.verdict in ("FAIL", "UNTESTED")] == []


@pytest.mark.parametrize("name", sparing(NAMED, 8))
def test_another_rule_of_that_name_is_named(name: str) -> None:
    rule, reference, hyper, words = NAMED[name]
    (result,) = judged(rule, reference, hyper, 1)
    assert result.verdict == "FAIL"
    assert words in (result.diagnosis or ""), result.diagnosis
