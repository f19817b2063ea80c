"""Small networks, and what autograd says of them."""

from __future__ import annotations

import torch
from judging import generator, normal
from torch import Tensor

from mlp_core import MLP, ArgumentError, backprop
from mlp_core.model import Trace


def made(activation: str = "tanh", sizes: tuple[int, ...] = (3, 3, 3, 2), seed: int = 0) -> MLP:
    return MLP(list(sizes), activation=activation, dtype=torch.float64, generator=generator(seed))


def data(model: MLP, seed: int = 5) -> tuple[Tensor, Tensor]:
    own = generator(seed)
    return normal(7, model.sizes[0], of=own), normal(7, model.sizes[-1], of=own)


def by_autograd(model: MLP, x: Tensor, above: Tensor) -> dict[str, Tensor]:
    """The gradient of every parameter that has one, by name, of the module as it is."""
    named = {name: p for name, p in model.named_parameters() if p.requires_grad}
    found = torch.autograd.grad(model(x), list(named.values()), above)
    return dict(zip(named, found, strict=True))


def same_gradient_or_refused(model: MLP, trace: Trace, x: Tensor) -> None:
    above = normal(*trace.output.shape, of=generator(9))
    expected = by_autograd(model, x, above)
    try:
        backprop(model, trace, above)
    except ArgumentError:
        return
    for name, p in model.named_parameters():
        if name in expected:
            assert p.grad is not None
            torch.testing.assert_close(p.grad, expected[name], msg=name)
        else:
            assert p.grad is None or not p.grad.any(), f"{name} is frozen, and has a gradient"
