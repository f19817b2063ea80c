"""Optimizers of Keras and MLX as functional rules, as they are installed: equal to torch's, or named."""

from __future__ import annotations

import os
import sys
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

LR, MU = st.floats(1e-3, 0.5), st.floats(0.1, 0.9)
B = {"beta1": st.floats(0.5, 0.95), "beta2": st.floats(0.5, 0.999), "eps": st.floats(1e-4, 1e-2)}


def keras(name: str) -> Any:
    """A maker of pairs, on jax."""
    os.environ.setdefault("KERAS_BACKEND", "jax")
    module = pytest.importorskip("keras", reason="keras is not installed: pip install keras jax")
    pytest.importorskip("jax").config.update("jax_enable_x64", True)

    def make(lr: float, **hyper: Any) -> Any:
        names = {"beta1": "beta_1", "beta2": "beta_2", "eps": "epsilon"}

        def init(params: list[Any]) -> Any:
            module.config.set_floatx("float64")
            variables = [module.Variable(p) for p in params]
            rule = getattr(module.optimizers, name)(lr, **{names.get(k, k): v for k, v in hyper.items()})
            rule.build(variables)
            return rule, variables

        def step(grads: Any, state: Any, params: Any) -> Any:
            rule, variables = state
            for variable, value in zip(variables, params, strict=True):
                variable.assign(value)
            rule.apply([module.ops.convert_to_tensor(g) for g in grads], variables)
            return [np.asarray(v) for v in variables], state

        return init, step

    return make


def mlx(name: str) -> Any:
    """A maker of pairs: MLX in float32."""
    mx = pytest.importorskip("mlx.core", reason="mlx is not installed: pip install mlx")
    optimizers = pytest.importorskip("mlx.optimizers")

    def make(lr: float, **hyper: Any) -> Any:
        if "beta1" in hyper:
            hyper["betas"] = [hyper.pop("beta1"), hyper.pop("beta2")]

        def init(params: list[Any]) -> Any:
            return getattr(optimizers, name)(learning_rate=lr, **hyper)

        def step(grads: Any, state: Any, params: Any) -> Any:
            g, p = ({str(k): mx.array(v.astype(np.float32)) for k, v in enumerate(one)} for one in (grads, params))
            found = state.apply_gradients(g, p)
            return [np.array(found[str(k)]) for k in range(len(params))], state

        return init, step

    return make


def torchs(name: str, **fixed: Any) -> Any:
    def reference(params: Any, **h: Any) -> torch.optim.Optimizer:
        own = {k: v for k, v in h.items() if k not in ("beta1", "beta2")}
        own.update({"betas": (h["beta1"], h["beta2"])} if "beta1" in h else {})
        return getattr(torch.optim, name)(params, **own, **fixed)

    return reference


CASES: dict[str, tuple[Any, str, Any, dict[str, Any], str]] = {
    "Keras SGD": (keras, "SGD", torchs("SGD"), {"momentum": MU}, ""),
    "Keras Adam": (keras, "Adam", torchs("Adam"), B, "eps is added before the bias correction"),
    "MLX SGD": (mlx, "SGD", torchs("SGD"), {"momentum": MU}, ""),
    "MLX Adam": (mlx, "Adam", torchs("Adam"), B, "no bias correction"),
}
"""the door, its rule, what it is held to, hyperparameters, and what it does otherwise"""


@pytest.fixture(autouse=True)
def _as_before() -> Any:
    yield
    if "jax" in sys.modules:
        sys.modules["jax"].config.update("jax_enable_x64", False)


@pytest.mark.parametrize("case", CASES)
def test_an_installed_rule_equals_torch_s_or_is_named(case: str) -> None:
    door, name, reference, hyper, words = CASES[case]
    subject = subjects.update(door(name), reference=reference, hyperparameters={"lr": LR, **hyper})
    with globals_kept(), patch.object(engine, "Phase", UNSHRUNK):
        first, *_ = [engine.run(law, examples=3, explain=explain) for law in laws_of(subject)[:1]]
    assert first.verdict == ("FAIL" if words else "PASS"), first.text()
    assert words in (first.diagnosis or ""), first.text()
