"""Runs in an environment that contains only the wheel of mlp_core and its dependencies: the core works, and is the
installed one."""

import sys
from pathlib import Path

import torch

import mlp_core

assert Path(mlp_core.__file__).is_relative_to(sys.prefix), mlp_core.__file__
model, x = mlp_core.MLP([2, 3, 1]), torch.ones(4, 2)
mlp_core.backprop(model, model.trace(x), torch.ones(4, 1))
by_hand = [weight.grad.clone() for weight in model.weights]
model.zero_grad()
model(x).sum().backward()
assert all(torch.equal(mine, weight.grad) for mine, weight in zip(by_hand, model.weights, strict=True))
print(f"mlp_core {mlp_core.__version__} of {sys.prefix} gives the gradient that autograd gives")
