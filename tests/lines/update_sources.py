"""Correct optimizers, update rules and training loops, as text. `planted_lines.py` plants mistakes in them."""

ADAM = """\
import torch


class Adam(torch.optim.Optimizer):
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps))

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for p in group["params"]:
                state = self.state[p]
                if not state:
                    state["step"] = 0
                    state["exp_avg"] = torch.zeros_like(p)
                    state["exp_avg_sq"] = torch.zeros_like(p)
                state["step"] += 1
                m, v = state["exp_avg"], state["exp_avg_sq"]
                m.mul_(beta1).add_(p.grad, alpha=1 - beta1)
                v.mul_(beta2).addcmul_(p.grad, p.grad, value=1 - beta2)
                c1 = 1 - beta1 ** state["step"]
                c2 = 1 - beta2 ** state["step"]
                denom = (v / c2).sqrt() + group["eps"]
                p.addcdiv_(m / c1, denom, value=-group["lr"])
"""

RULE = """\
from dataclasses import dataclass
from typing import ClassVar

from torch.optim import SGD

from mlp_core.rules import UpdateRule


@dataclass(frozen=True)
class Momentum(UpdateRule):
    lr: float = 1e-2
    beta: float = 0.9
    slots: ClassVar = ("momentum_buffer",)

    def step(self, p, g, t, v):
        v.mul_(self.beta).add_(g)
        p.add_(v, alpha=-self.lr)

    def twin(self, params):
        return SGD(params, self.lr, self.beta, foreach=False)
"""

TRAIN = """\
import torch


def train(model, loss_fn, loader, n_epochs, lr, momentum=0.0, weight_decay=0.0):
    velocity = {p: torch.zeros_like(p) for p in model.parameters()}
    for epoch in range(n_epochs):
        for x, y in loader:
            model.zero_grad()
            loss = loss_fn(model(x), y)
            loss.backward()
            with torch.no_grad():
                for p in model.parameters():
                    g = p.grad + weight_decay * p
                    velocity[p] = momentum * velocity[p] + g
                    p -= lr * velocity[p]
"""

UPDATE = """\
import numpy as np


def init(params):
    return [np.zeros_like(p) for p in params]


def step(grads, state, params, lr=0.1, beta=0.9):
    kept = []
    for v, g in zip(state, grads):
        faded = beta * v
        kept.append(faded + g)
    new = []
    for p, v in zip(params, kept):
        move = lr * v
        new.append(p - move)
    return new, kept
"""
