"""Correct update rules that are written differently from torch's: another algebraic form, another order of operations.

No law may fail for them. Each equals the rule of the same name, and has its hyperparameters.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

Group = dict[str, Any]

State = dict[str, Any]


class Written(torch.optim.Optimizer):
    """Moves every parameter with `move`, which receives the values it needs and may keep state in `s`."""

    def __init__(self, params: Any, **hyper: Any) -> None:
        super().__init__(params, hyper)

    @staticmethod
    def move(p: Tensor, g: Tensor, t: int, h: Group, s: State) -> Tensor:
        """The new value of parameter p with gradient g in its step t, with the hyperparameters h."""
        raise NotImplementedError

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]  # it returns no loss
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    s = self.state[p]
                    s["t"] = s.get("t", 0) + 1
                    p.copy_(self.move(p.clone(), p.grad.clone(), s["t"], group, s))


def pulled(p: Tensor, g: Tensor, h: Group) -> Tensor:
    """The sign is applied at the end, where torch applies it first: w p - g is -(g - w p)."""
    return h["weight_decay"] * p - g if h["maximize"] else g + h["weight_decay"] * p


def averages(g: Tensor, h: Group, s: State) -> tuple[Tensor, Tensor]:
    """Weighted sums instead of torch's interpolation."""
    b1, b2 = h["betas"]
    s["m"] = b1 * s.get("m", torch.zeros_like(g)) + (1 - b1) * g
    s["v"] = b2 * s.get("v", torch.zeros_like(g)) + (1 - b2) * (g * g)
    return s["m"], s["v"]


class SGD(Written):
    @staticmethod
    def move(p: Tensor, g: Tensor, t: int, h: Group, s: State) -> Tensor:
        g = pulled(p, g, h)
        s["v"] = g if t == 1 else (1 - h["dampening"]) * g + h["momentum"] * s["v"]
        ahead = g + s["v"] * h["momentum"] if h["nesterov"] else s["v"]
        return p - h["lr"] * (ahead if h["momentum"] else g)


class Adam(Written):
    @staticmethod
    def move(p: Tensor, g: Tensor, t: int, h: Group, s: State) -> Tensor:
        m, v = averages(pulled(p, g, h), h, s)
        if h["amsgrad"]:
            v = s["top"] = torch.where(v > s.get("top", torch.zeros_like(v)), v, s.get("top", torch.zeros_like(v)))
        (b1, b2), lr = h["betas"], h["lr"]
        return p - lr * (m / (1 - b1**t)) / ((v / (1 - b2**t)).sqrt() + h["eps"])


class AdamW(Adam):
    @staticmethod
    def move(p: Tensor, g: Tensor, t: int, h: Group, s: State) -> Tensor:
        decayed = p - (h["lr"] * h["weight_decay"]) * p
        return Adam.move(decayed, g, t, {**h, "weight_decay": 0.0}, s)


class RMSprop(Written):
    @staticmethod
    def move(p: Tensor, g: Tensor, t: int, h: Group, s: State) -> Tensor:
        g, a, zero = pulled(p, g, h), h["alpha"], torch.zeros_like(p)
        v = s["v"] = s.get("v", zero) + (1 - a) * (g * g - s.get("v", zero))
        if h["centered"]:
            m = s["m"] = a * s.get("m", zero) + (1 - a) * g
            v = v - m**2
        b = s["b"] = h["momentum"] * s.get("b", zero) + g / (v.sqrt() + h["eps"])
        return p - h["lr"] * b


class Adagrad(Written):
    @staticmethod
    def move(p: Tensor, g: Tensor, t: int, h: Group, s: State) -> Tensor:
        g = pulled(p, g, h)
        s["sum"] = s.get("sum", torch.full_like(p, h["initial_accumulator_value"])) + g**2
        return p - g * (h["lr"] / (1 + h["lr_decay"] * (t - 1)) / (s["sum"] ** 0.5 + h["eps"]))


class Adadelta(Written):
    @staticmethod
    def move(p: Tensor, g: Tensor, t: int, h: Group, s: State) -> Tensor:
        g, r, zero = pulled(p, g, h), h["rho"], torch.zeros_like(p)
        v = s["v"] = r * s.get("v", zero) + (1 - r) * g * g
        d = g * ((s.get("u", zero) + h["eps"]) / (v + h["eps"])).sqrt()
        s["u"] = r * s.get("u", zero) + (1 - r) * d * d
        return p - h["lr"] * d


class Adamax(Written):
    @staticmethod
    def move(p: Tensor, g: Tensor, t: int, h: Group, s: State) -> Tensor:
        g, (b1, b2), zero = pulled(p, g, h), h["betas"], torch.zeros_like(p)
        m = s["m"] = b1 * s.get("m", zero) + (1 - b1) * g
        u = s["u"] = torch.stack([b2 * s.get("u", zero), g.abs() + h["eps"]]).amax(0)
        return p - (h["lr"] / (1 - b1**t)) * (m / u)


class NAdam(Written):
    @staticmethod
    def move(p: Tensor, g: Tensor, t: int, h: Group, s: State) -> Tensor:
        wd, (b1, b2), lr = h["weight_decay"], h["betas"], h["lr"]
        g = pulled(p, g, {**h, "weight_decay": 0.0 if h["decoupled_weight_decay"] else wd})
        p = p * (1 - lr * wd) if h["decoupled_weight_decay"] else p
        m, v = averages(g, h, s)
        mu, following = (b1 * (1 - 0.5 * 0.96 ** (k * h["momentum_decay"])) for k in (t, t + 1))
        product = s["product"] = float(torch.tensor(s.get("product", 1.0) * mu, dtype=torch.float32))
        blend = (1 - mu) / (1 - product) * g + following / (1 - product * following) * m
        return p - lr * blend / ((v / (1 - b2**t)).sqrt() + h["eps"])


class RAdam(Written):
    @staticmethod
    def move(p: Tensor, g: Tensor, t: int, h: Group, s: State) -> Tensor:
        wd, (b1, b2), lr = h["weight_decay"], h["betas"], h["lr"]
        g = pulled(p, g, {**h, "weight_decay": 0.0 if h["decoupled_weight_decay"] else wd})
        p = p - lr * wd * p if h["decoupled_weight_decay"] else p
        m, v = averages(g, h, s)
        longest = (1 + b2) / (1 - b2)
        length = longest - 2 * t * b2**t / (1 - b2**t)
        if length <= 5:
            return p - lr / (1 - b1**t) * m
        r = (((length - 4) / (longest - 4)) * ((length - 2) / (longest - 2)) * (longest / length)) ** 0.5
        return p - (lr * r * (1 - b2**t) ** 0.5 / (1 - b1**t)) * (m / (v.sqrt() + h["eps"]))


class Rprop(Written):
    @staticmethod
    def move(p: Tensor, g: Tensor, t: int, h: Group, s: State) -> Tensor:
        g = -g if h["maximize"] else g
        (down, up), (least, most) = h["etas"], h["step_sizes"]
        before, d = s.get("g", torch.zeros_like(g)), s.get("d", torch.full_like(g, h["lr"]))
        turned, kept = before.sign() * g.sign() < 0, before.sign() * g.sign() > 0
        s["d"] = torch.where(turned, d * down, torch.where(kept, d * up, d)).clamp(least, most)
        s["g"] = torch.where(turned, torch.zeros_like(g), g)
        return p - s["d"] * s["g"].sign()


class ASGD(Written):
    @staticmethod
    def move(p: Tensor, g: Tensor, t: int, h: Group, s: State) -> Tensor:
        eta, lr, lambd = s.get("eta", h["lr"]), h["lr"], h["lambd"]
        eta = float(torch.tensor(eta, dtype=torch.float32))
        s["eta"] = lr * (1 + lambd * lr * t) ** -h["alpha"]
        moved, mu = p - eta * (pulled(p, g, h) + lambd * p), 1 / max(1, t - 1 - h["t0"])
        s["average"] = (1 - mu) * s.get("average", torch.zeros_like(p)) + mu * moved
        return moved


class Lion(Written):
    @staticmethod
    def move(p: Tensor, g: Tensor, t: int, h: Group, s: State) -> Tensor:
        g, (b1, b2) = -g if h["maximize"] else g, h["betas"]
        m = s.get("m", torch.zeros_like(g))
        s["m"] = m + (1 - b2) * (g - m)
        return p * (1 - h["lr"] * h["weight_decay"]) - h["lr"] * torch.sign(g + b1 * (m - g))


class Adafactor(Written):
    @staticmethod
    def move(p: Tensor, g: Tensor, t: int, h: Group, s: State) -> Tensor:
        g = -g if h["maximize"] else g
        eps1, w = torch.finfo(p.dtype).eps if h["eps"][0] is None else h["eps"][0], t ** h["beta2_decay"]
        alpha = max(h["eps"][1], float((p**2).mean().sqrt())) * min(h["lr"], t**-0.5)
        p, square = p - h["lr"] * h["weight_decay"] * p, g * g
        if p.ndim < 2:
            v = s["v"] = (1 - w) * s.get("v", torch.zeros_like(p)) + w * square
        else:
            rows, columns = square.mean(-1), square.mean(-2)
            R = s["R"] = (1 - w) * s.get("R", torch.zeros_like(rows)) + w * rows
            C = s["C"] = (1 - w) * s.get("C", torch.zeros_like(columns)) + w * columns
            v = R[..., None] * C[..., None, :] / R.mean(-1).clamp(min=eps1)[..., None, None]
        u = g / v.sqrt().clamp(min=eps1)
        return p - alpha * u / max(1.0, float((u**2).mean().sqrt()) / h["d"])


EVERY: tuple[type[Written], ...] = (
    SGD, Adam, AdamW, RMSprop, Adagrad, Adadelta, Adamax, NAdam, RAdam, Rprop, ASGD, Lion, Adafactor
)  # fmt: skip
