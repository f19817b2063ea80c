"""Transformations of optax as they are, against torch or the translation that docs/same-name.md prints."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import pytest
import torch
from hypothesis import strategies as st
from planted import UNSHRUNK

from mlp_core.testing import subjects
from mlp_core.testing.diagnosis.explain import explain
from mlp_core.testing.engine import runner as engine
from mlp_core.testing.engine.guards import globals_kept
from mlp_core.testing.laws.books import laws_of

optax = pytest.importorskip("optax", reason="optax is not installed: pip install optax jax")
jax = pytest.importorskip("jax", reason="jax is not installed: pip install jax")

EXAMPLES = 6

LR = {"learning_rate": st.floats(1e-3, 0.5)}
B = {"b1": st.floats(0.5, 0.95), "b2": st.floats(0.5, 0.999), "eps": st.floats(1e-6, 1e-2)}
MU = {"momentum": st.floats(0.1, 0.9)}
WD = {"weight_decay": st.floats(0.01, 0.3)}


@pytest.fixture(autouse=True)
def _in_double_precision() -> Any:
    jax.config.update("jax_enable_x64", True)
    yield
    jax.config.update("jax_enable_x64", False)


def nesterov(learning_rate: float, momentum: float) -> Any:
    return optax.sgd(learning_rate, momentum, nesterov=True)


def rmsprop(learning_rate: float, decay: float, eps: float, momentum: float) -> Any:
    return optax.rmsprop(learning_rate, decay, eps, momentum=momentum, eps_in_sqrt=False)


def centered(learning_rate: float, decay: float, eps: float) -> Any:
    return optax.rmsprop(learning_rate, decay, eps, centered=True, eps_in_sqrt=False)


def coupled(learning_rate: float, weight_decay: float) -> Any:
    return optax.chain(optax.add_decayed_weights(weight_decay), optax.adam(learning_rate))


def adagrad(learning_rate: float) -> Any:
    return optax.adagrad(learning_rate, initial_accumulator_value=0.25, eps=1e-3)


def T(name: str, **fixed: Any) -> Any:
    """The optimizer of torch, with hyperparameters by optax's names."""

    def made(params: Any, **h: Any) -> torch.optim.Optimizer:
        own = {"lr": h["learning_rate"], **fixed}
        if "b1" in h:
            own["betas"] = h["b1"], h["b2"]
        own.update({key: h[key] for key in ("eps", "momentum", "weight_decay") if key in h})
        own.update({"alpha": h["decay"]} if "decay" in h else {})
        own.update({"rho": h["rho"]} if "rho" in h else {})
        return getattr(torch.optim, name)(params, **own)

    made.__name__ = f"torch_{name}"
    return made


ALPHA = {"decay": st.floats(0.5, 0.99), "eps": st.floats(1e-6, 1e-2)}

EQUAL: dict[str, tuple[Any, Any, dict[str, Any]]] = {
    "sgd": (optax.sgd, T("SGD"), LR),
    "sgd, momentum": (optax.sgd, T("SGD"), {**LR, **MU}),
    "sgd, nesterov": (nesterov, T("SGD", nesterov=True), {**LR, **MU}),
    "adam": (optax.adam, T("Adam"), {**LR, **B}),
    "adam, coupled decay": (coupled, T("Adam"), {**LR, **WD}),
    "adamw": (optax.adamw, T("AdamW"), {**LR, **B, **WD}),
    "adamax": (optax.adamax, T("Adamax"), {**LR, **B}),
    "adadelta": (optax.adadelta, T("Adadelta"), {**LR, "rho": st.floats(0.5, 0.95), "eps": st.floats(1e-6, 1e-2)}),
    "nadam": (optax.nadam, T("NAdam", momentum_decay=1e9), {**LR, **B}),
    "rmsprop(eps_in_sqrt=False)": (rmsprop, T("RMSprop"), {**LR, **ALPHA, **MU}),
    "rmsprop(centered, eps_in_sqrt=False)": (centered, T("RMSprop", centered=True), {**LR, **ALPHA}),
    "adagrad": (adagrad, T("Adagrad", initial_accumulator_value=0.25 + 1e-3, eps=0.0), LR),
}
"""a transformation, what it equals, its hyperparameters"""

OTHERWISE: dict[str, tuple[Any, Any, dict[str, Any], str]] = {
    "amsgrad": (optax.amsgrad, T("Adam", amsgrad=True), {**LR, **B}, "the maximum is taken of corrected moments"),
    "nadam": (optax.nadam, T("NAdam"), {**LR, **B}, "no schedule of mu"),
    "rmsprop": (optax.rmsprop, T("RMSprop"), {**LR, **ALPHA}, "eps under the root"),
    "rprop": (optax.rprop, T("Rprop"), LR, "every step comes one step late"),
    "radam": (optax.radam, T("RAdam"), {**LR, **B}, "eps is added after the bias correction"),
    "adagrad": (optax.adagrad, T("Adagrad", eps=1e-7), LR, "the accumulator begins at 0.1 and eps is under the root"),
}
"""a transformation, what it does not equal, its hyperparameters, what it does otherwise"""


def judged(make: Any, reference: Any, hyper: dict[str, Any]) -> Any:
    subject = subjects.update(make, reference=reference, hyperparameters=hyper)
    assert (subject.form.library, subject.form.updates) == ("jax", True)
    with globals_kept(), patch.object(engine, "Phase", UNSHRUNK):
        return [engine.run(law, examples=EXAMPLES, explain=explain) for law in laws_of(subject)]


@pytest.mark.parametrize("name", EQUAL)
def test_a_transformation_equals_torch_s(name: str) -> None:
    results = judged(*EQUAL[name])
    assert [r.text() for r in results if r.verdict in ("FAIL", "UNTESTED")] == []
    assert results[0].verdict == "PASS"


@pytest.mark.parametrize("name", OTHERWISE)
def test_a_transformation_of_the_same_name_does_something_else_and_is_named(name: str) -> None:
    make, reference, hyper, words = OTHERWISE[name]
    first, *others = judged(make, reference, hyper)
    assert first.verdict == "FAIL"
    assert words in (first.diagnosis or ""), first.text()
    assert not [r.text() for r in others if r.verdict == "FAIL"]
