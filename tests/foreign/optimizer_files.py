"""Optimizers of torch as people write them, each with mistakes in it."""

from __future__ import annotations

from tests.foreign.update_files import Written

HEAD = """
import torch
from torch.optim import Optimizer
"""

ADAM = (
    HEAD
    + """
class Adam(Optimizer):
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0):
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            b1, b2 = group["betas"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                g = p.grad
                if group["weight_decay"]:
                    g = g.add(p, alpha=group["weight_decay"])
                s = self.state[p]
                if not s:
                    s["step"], s["m"], s["v"] = 0, torch.zeros_like(p), torch.zeros_like(p)
                s["step"] += 1
                s["m"].mul_(b1).add_(g, alpha=1 - b1)
                s["v"].mul_(b2).addcmul_(g, g, value=1 - b2)
                mhat = s["m"] / (1 - b1 ** s["step"])
                vhat = s["v"] / (1 - b2 ** s["step"])
                p.addcdiv_(mhat, vhat.sqrt() + group["eps"], value=-group["lr"])
"""
)

TRANSFORMERS = (
    HEAD
    + """
class AdamW(Optimizer):
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-6, weight_decay=0.0, correct_bias=True):
        super().__init__(params, dict(
            lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, correct_bias=correct_bias))

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                if len(state) == 0:
                    state["step"] = 0
                    state["exp_avg"] = torch.zeros_like(p)
                    state["exp_avg_sq"] = torch.zeros_like(p)
                beta1, beta2 = group["betas"]
                state["step"] += 1
                state["exp_avg"].mul_(beta1).add_(p.grad, alpha=1.0 - beta1)
                state["exp_avg_sq"].mul_(beta2).addcmul_(p.grad, p.grad, value=1.0 - beta2)
                denom = state["exp_avg_sq"].sqrt().add_(group["eps"])
                size = group["lr"]
                if group["correct_bias"]:
                    size = size * (1.0 - beta2 ** state["step"]) ** 0.5 / (1.0 - beta1 ** state["step"])
                p.addcdiv_(state["exp_avg"], denom, value=-size)
                if group["weight_decay"] > 0.0:
                    p.add_(p, alpha=-group["lr"] * group["weight_decay"])
"""
)

MOMENTUM = (
    HEAD
    + """
class MomentumSGD(Optimizer):
    def __init__(self, params, lr=0.01, momentum=0.9):
        super().__init__(params, dict(lr=lr, momentum=momentum))

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                v = self.state[p].setdefault("v", torch.zeros_like(p))
                v.mul_(group["momentum"]).sub_(group["lr"] * p.grad)
                p.add_(v)
"""
)

RMSPROP = (
    HEAD
    + """
class RMSprop(Optimizer):
    def __init__(self, params, lr=1e-2, alpha=0.99, eps=1e-8):
        super().__init__(params, dict(lr=lr, alpha=alpha, eps=eps))

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                s = self.state[p]
                if len(s) == 0:
                    s["sq"] = torch.zeros_like(p)
                s["sq"] = group["alpha"] * s["sq"] + (1 - group["alpha"]) * p.grad ** 2
                p -= group["lr"] * p.grad / torch.sqrt(s["sq"] + group["eps"])
"""
)

OPTIMIZERS = {
    "Adam": Written(ADAM, "compared with Adam", (
        ("vhat.sqrt() + group", "vhat + group", "divided by the second moment instead of by its root"),
        ("(1 - b2 ** s", "(1 - b1 ** s", ""),
        ("value=1 - b2)", "value=b2)", ""),
    )),
    "AdamW of transformers": Written(
        TRANSFORMERS, "eps before the bias correction and decay after the step, as in transformers", (),
    ),
    "momentum with the rate inside": Written(MOMENTUM, "compared with SGD, lr inside the velocity, as in Keras", (
        (".sub_(group[\"lr\"] * p.grad)", ".add_(group[\"lr\"] * p.grad)", ""),
    )),
    "RMSprop with eps under the root": Written(RMSPROP, "compared with RMSprop, eps under the root", (
        ("(1 - group[\"alpha\"]) * p.grad ** 2", "p.grad ** 2", ""),
    )),
}  # fmt: skip
