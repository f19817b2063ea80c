"""The mistake of a gradient in another form is named in its own words, also where the shrunk example is tiny."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from mlp_core.testing import subjects
from mlp_core.testing.diagnosis.doors import diagnose
from mlp_core.testing.faults.doors import attention, flow, normalising, windows
from mlp_core.testing.faults.doors.families import OWN, Family
from mlp_core.testing.subjects import arrays

QUICK = {
    "batchnorm_takes_the_variance_for_constant", "layernorm_takes_the_mean_for_constant", "layernorm_forgets_gamma",
    "softmax_is_its_diagonal", "attention_forgets_the_scale", "attention_forgets_the_transpose_of_the_scores",
}  # fmt: skip
FAULTS = [
    pytest.param(fault, id=fault.name, marks=[pytest.mark.slow] * (fault.name not in QUICK))
    for kind in (attention, flow, normalising, windows)
    for fault in kind.CATALOGUE.faults
    if OWN in fault.laws
]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_wrong_backward_of_the_catalogue_is_named(fault: Any) -> None:
    named = diagnose(fault.subject, [])
    assert named is not None
    assert "{" not in named
    if fault.name in QUICK:
        assert named == fault.words


def test_a_layer_norm_with_another_epsilon_is_no_batch_norm() -> None:
    def forward(x: Any, gamma: Any, beta: Any) -> Any:
        return normalising.layernorm_forward(x, gamma, beta, 1e-8)

    wrong = normalising.layernorm_takes_the_variance_for_constant
    named = diagnose(subjects.pair(forward, getattr(wrong, "thing", wrong), arrays("(n,d),(d),(d)")), [])
    assert named is not None
    assert "the variance of a row" in named


def f(out: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *args: (out(*args), args)


ROWS = arrays("(n,d)")


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def gelu(z: Any) -> Any:
    return 0.5 * z * (1 + np.tanh(0.79788456 * (z + 0.044715 * z**3)))


def gelu_slope(z: Any) -> Any:
    t = np.tanh(0.79788456 * (z + 0.044715 * z**3))
    return 0.5 * (1 + t) + 0.5 * z * (1 - t**2) * 0.79788456 * (1 + 3 * 0.044715 * z**2)


RELATIONS: dict[str, tuple[Any, Any, Any, str]] = {
    "tanh of the input": (f(np.tanh), lambda d, c: d * (1 - c[0] ** 2), ROWS, "by the output, and is taken of"),
    "sigmoid of the input": (f(sigmoid), lambda d, c: d * c[0] * (1 - c[0]), ROWS, "is written by the output"),
    "tanh of the output": (f(np.tanh), lambda d, c: d * (1 - np.tanh(np.tanh(c[0])) ** 2), ROWS,
                           "and is taken of the output"),
    "GELU of the output": (f(gelu), lambda d, c: d * gelu_slope(gelu(c[0])), ROWS, "is written by the input"),
    "half": (f(np.square), lambda d, c: d * c[0], ROWS, "half as large as it should be"),
    "a constant": (f(np.square), lambda d, c: 0.6 * d * c[0], ROWS, "is 0.3 times what it should be"),
    "nothing": (f(lambda x, w: x * w), lambda d, c: (d * c[1], 0 * c[1]), arrays("(n,d),(n,d)"),
                "all of it is 0, though the output depends on it"),
    "clipped": (f(lambda x: x**3), lambda d, c: np.clip(3 * d * c[0] ** 2, -0.5, 0.5), arrays("(4,4)"),
                "clipped to [-0.5, 0.5]"),
    "a scale": (f(lambda q, k: q @ k.T / np.sqrt(q.shape[1])), lambda d, c: (d @ c[1], d.T @ c[0]),
                arrays("(t,3),(s,3)"), "the factor 1 / sqrt(size) is missing"),
    "the diagonal": (f(lambda x: x * x.sum()), lambda d, c: d * (c[0].sum() + c[0]), arrays("(n)"),
                     "only the diagonal"),
}  # fmt: skip


@pytest.mark.parametrize(("forward", "backward", "inputs", "words"), RELATIONS.values(), ids=RELATIONS)
def test_a_relation_to_the_right_gradient_is_named(forward: Any, backward: Any, inputs: Any, words: str) -> None:
    named = diagnose(subjects.pair(forward, backward, inputs, wrt=None), [])
    assert named is not None
    assert words in named


def test_a_transposed_jacobian_is_named() -> None:
    named = diagnose(subjects.jacobian(lambda x, A: A @ x, lambda x, A: A.T, arrays("(3),(3,3)")), [])
    assert named is not None
    assert "is transposed" in named


@pytest.mark.parametrize("family", [attention.ATTENTION, normalising.LAYERNORM], ids=["attention", "layer norm"])
def test_nothing_is_named_where_nothing_is_wrong(family: Family) -> None:
    assert diagnose(family.subject(family.backward), []) is None
