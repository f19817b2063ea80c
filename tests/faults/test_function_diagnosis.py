"""The mistake of a gradient beside its loss in torch (`subjects.gradient`) is named in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import strategies as st
from torch import Tensor

from mlp_core.testing import subjects
from mlp_core.testing.diagnosis.functions import diagnose

Gradients = Callable[..., list[Tensor]]


def examples(seed: int, n: int, d: int, h: int) -> Any:
    """Parameters and data of a linear regression with several targets."""
    generator = torch.Generator().manual_seed(seed)

    def draw(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    return [draw(d, h), draw(h)], draw(n, d), draw(n, h)


INPUTS = st.builds(examples, st.integers(0, 2**20), st.integers(1, 6), st.integers(1, 4), st.integers(1, 3))
L2 = 0.3


def loss(params: Any, x: Tensor, y: Tensor) -> Tensor:
    W, b = params
    return ((x @ W + b - y) ** 2).sum() / (2 * len(x)) + L2 / 2 * (W**2).sum()


def right(params: Any, x: Tensor, y: Tensor) -> list[Tensor]:
    W, b = params
    r = (x @ W + b - y) / len(x)
    return [x.T @ r + L2 * W, r.sum(0)]


def changed(change: Callable[..., list[Tensor]]) -> Gradients:
    """The right gradient with one change: change(W's gradient, b's gradient, params, x, y)."""
    return lambda params, x, y: change(*right(params, x, y), params, x, y)




NAMED = {
    "params[0] has the wrong sign": changed(lambda dW, db, *_: [-dW, db]),
    "no gradient comes to params[1]": changed(lambda dW, db, *_: [dW, 0 * db]),
    "the gradient of params[1] is twice": changed(lambda dW, db, *_: [dW, 2 * db]),
    "the gradient of params[0] is half": changed(lambda dW, db, *_: [dW / 2, db]),
    "the gradient of params[0], params[1] is a sum instead of a mean": changed(
        lambda dW, db, params, x, y: [len(x) * dW, len(x) * db]
    ),
    "the gradient of params[1] is a mean instead of a sum": changed(lambda dW, db, p, x, y: [dW, db / len(x)]),
    "every entry of the gradient of params[1] is the sum": changed(
        lambda dW, db, *_: [dW, db.sum().expand_as(db).clone()]
    ),
    "params[0] is off by a multiple of params[0] itself": changed(lambda dW, db, p, *_: [dW - L2 * p[0], db]),
    "params[0] is 0.3 times": changed(lambda dW, db, *_: [0.3 * dW, db]),
    "params[0] is clipped to [-0.125, 0.125]": changed(lambda dW, db, *_: [dW.clamp(-0.125, 0.125), db]),
}


@pytest.mark.parametrize("words", NAMED)
def test_a_relation_to_autograd_is_named(words: str) -> None:
    named = diagnose(subjects.gradient(loss, NAMED[words], INPUTS), [])
    assert named is not None
    assert words in named


def plain_loss(params: Any, x: Tensor, y: Tensor) -> Tensor:
    W, b = params
    return ((x @ W + b - y) ** 2).sum() / (2 * len(x))


@pytest.mark.parametrize(("left_out", "kept"), [("last", slice(None, -1)), ("first", slice(1, None))])
@pytest.mark.parametrize("divided", [True, False])
def test_a_sample_that_is_left_out_is_named(left_out: str, kept: slice, *, divided: bool) -> None:
    def gradient(params: Any, x: Tensor, y: Tensor) -> list[Tensor]:
        W, b = params
        r = (x @ W + b - y)[kept] / (len(x) if divided else max(1, len(x[kept])))
        return [x[kept].T @ r, r.sum(0)]

    named = diagnose(subjects.gradient(plain_loss, gradient, INPUTS), [])
    assert named is not None
    assert f"the {left_out} sample is left out" in named


def test_the_gradient_of_another_parameter_is_named() -> None:
    def dot(params: Any) -> Tensor:
        return params[0] @ params[1]

    alike = st.builds(lambda seed, n: (examples(seed, 1, n, 1)[0][0].T, examples(seed + 1, 1, n, 1)[0][0]),
                      st.integers(0, 99), st.integers(2, 5))  # fmt: skip
    inputs = alike.map(lambda both: ([both[0][0], both[1][:, 0]],))
    named = diagnose(subjects.gradient(dot, lambda params: [params[0], params[0]], inputs), [])
    assert named is not None
    assert "the gradient of params[0] is that of params[1]" in named


@pytest.mark.parametrize("gradient", [right, changed(lambda dW, db, *_: [dW, db + torch.rand_like(db)])])
def test_nothing_is_named_for_a_right_gradient_or_for_noise(gradient: Gradients) -> None:
    assert diagnose(subjects.gradient(loss, gradient, INPUTS), []) is None
