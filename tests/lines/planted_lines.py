"""Right code of every form, and mistakes planted in it by replacing words of one line."""

from __future__ import annotations

import ast
import linecache
import sys
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

from mlp_core.testing import subjects
from mlp_core.testing.subjects.doors.script import ScriptSubject
from mlp_core.testing.verification.names import resolve

COURSE = """\
import torch


def backpropagation(model, y_true, y_pred):
    with torch.no_grad():
        delta = -2 * (y_true - y_pred) * model.df[model.L](model.z[model.L])
        for l in range(model.L, 0, -1):
            model.dL_dw[l] = delta.T @ model.a[l - 1]
            model.dL_db[l] = delta.sum(0)
            if l > 1:
                delta = (delta @ model.fc[str(l)].weight) * model.df[l - 1](model.z[l - 1])
"""

HELPERS = """\
import torch


def error(model, y_true, y_pred):
    e = y_pred - y_true
    return 2 * e * model.df[model.L](model.z[model.L])


def layer(delta, a):
    w = torch.zeros(delta.shape[1], a.shape[1], dtype=a.dtype)
    for s in range(len(delta)):
        w += torch.outer(delta[s], a[s])
    return w, delta.sum(0)


def backpropagation(model, y_true, y_pred):
    with torch.no_grad():
        deltas = {model.L: error(model, y_true, y_pred)}
        for l in range(model.L - 1, 0, -1):
            back = deltas[l + 1] @ model.fc[str(l + 1)].weight
            slope = model.df[l](model.z[l])
            deltas[l] = back * slope
        for l in range(1, model.L + 1):
            model.dL_dw[l], model.dL_db[l] = layer(deltas[l], model.a[l - 1])
"""

NORM = """\
import numpy as np


def norm_forward(x, gamma, beta):
    mu = x.mean(0)
    std = np.sqrt(x.var(0) + 1e-5)
    xhat = (x - mu) / std
    return gamma * xhat + beta, (xhat, gamma, std)


def norm_backward(dout, cache):
    xhat, gamma, std = cache
    n = len(dout)
    dbeta = dout.sum(axis=0)
    dgamma = np.sum(dout * xhat, axis=0)
    dxhat = dout * gamma
    second = dxhat.sum(axis=0)
    third = xhat * np.sum(dxhat * xhat, axis=0)
    dx = (n * dxhat - second - third) / (n * std)
    return dx, dgamma, dbeta
"""

SQUARE = """\
import torch


class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, w):
        z = x @ w
        ctx.save_for_backward(x, w, z)
        return z ** 2

    @staticmethod
    def backward(ctx, grad):
        x, w, z = ctx.saved_tensors
        dz = 2 * z * grad
        dx = dz @ w.T
        dw = x.T @ dz
        return dx, dw
"""

DENSE = """\
import numpy as np


class Dense:
    def __init__(self):
        numbers = np.random.default_rng(0)
        self.W, self.b = numbers.normal(size=(3, 2)), numbers.normal(size=2)

    def forward(self, x):
        self.x = x
        self.h = np.tanh(x @ self.W + self.b)
        return self.h

    def backward(self, dout):
        dz = dout * (1 - self.h ** 2)
        self.dW = self.x.T @ dz
        self.db = dz.sum(axis=0)
        dx = np.zeros_like(self.x)
        for i in range(len(dz)):
            dx[i] = self.W @ dz[i]
        return dx
"""

RIDGE = """\
import numpy as np


def ridge(w, x, y):
    r = x @ w - y
    value = 0.5 * np.sum(r ** 2) + 0.1 * np.sum(w ** 2)
    grad = x.T @ r
    grad += 0.2 * w
    return value, grad
"""

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


LOGISTIC = """\
import numpy as np


def sigmoid(s):
    return 1 / (1 + np.exp(-s))


def logistic(y_true, y_pred):
    p = sigmoid(y_pred)
    slope = p * (1 - p)
    return p - y_true, slope


def log_loss(y_true, y_pred):
    return np.sum(np.log1p(np.exp(y_pred)) - y_true * y_pred)
"""

AVERAGE = """\
import numpy as np


def reference(weights, x):
    total = np.zeros_like(x[0])
    for w, row in zip(weights, x):
        total = total + w * row
    return total / np.abs(weights).sum(), float(np.sum(x ** 2))


def mine(weights, x):
    size = np.abs(weights)
    parts = weights[:, None] * x
    power = np.sum(x * x)
    mean = parts.sum(0) / size.sum()
    return mean, float(power)
"""

SCRIPT = """\
import torch

torch.manual_seed(1)
x, t = torch.randn(8, 3), torch.randn(8, 2)
W, b = torch.randn(3, 2, requires_grad=True), torch.randn(2, requires_grad=True)
y = torch.tanh(x @ W + b)
loss = ((y - t) ** 2).mean()
loss.backward()

size = t.numel()
dy = 2 * (y - t) / size
dz = dy * (1 - y ** 2)
dW = x.T @ dz
db = dz.sum(0)
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


DERIVATIVES = """\
import math

import numpy as np


class Logloss:
    def calc_ders_range(self, approxes, targets, weights):
        found = []
        for s, y in zip(approxes, targets):
            p = 1 / (1 + math.exp(-s))
            slope = p * (1 - p)
            found.append((y - p, -slope))
        return found


def log_loss(y_true, y_pred):
    return np.sum(np.log1p(np.exp(y_pred)) - y_true * y_pred)
"""


def script_of(module: ModuleType) -> Any:
    """The text of a module as a script."""
    lines = linecache.cache[f"{module.__name__}.py"][2]
    nodes = ast.parse("".join(lines)).body
    codes = [compile(ast.Module([n], type_ignores=[]), f"{module.__name__}.py", "exec") for n in nodes]
    return ScriptSubject("script", codes, Path(f"{module.__name__}.py"))


@dataclass(frozen=True)
class Form:
    """A form: its right source, and the subject of a module that has it."""

    source: str
    subject: Callable[[Any], Any]


FORMS = {
    "course": Form(COURSE, lambda m: resolve(m.backpropagation, (1, 8))),
    "helpers": Form(HELPERS, lambda m: resolve(m.backpropagation, (1, 8))),
    "pair": Form(
        NORM, lambda m: subjects.pair(m.norm_forward, m.norm_backward, subjects.arrays("(4,d),(d),(d)"))
    ),
    "function": Form(SQUARE, lambda m: subjects.function(m.Square, subjects.arrays("(n,d),(d,h)", lib="torch"))),
    "layer": Form(DENSE, lambda m: subjects.layer(m.Dense, subjects.arrays("(n,3)"))),
    "value": Form(RIDGE, lambda m: subjects.value_and_gradient(m.ridge, subjects.arrays("(d),(n,d),(n)"))),
    "optimizer": Form(ADAM, lambda m: subjects.optimizer(m.Adam, torch.optim.Adam)),
    "rule": Form(RULE, lambda m: resolve(m.Momentum)),
    "training": Form(TRAIN, lambda m: subjects.training(m.train)),
    "objective": Form(LOGISTIC, lambda m: subjects.objective(m.logistic, m.log_loss, labels="binary")),
    "derivatives": Form(DERIVATIVES, lambda m: subjects.objective(m.Logloss, m.log_loss, labels="binary")),
    "twin": Form(AVERAGE, lambda m: subjects.twin(m.mine, m.reference, subjects.arrays("(n),(n,d)"))),
    "script": Form(SCRIPT, script_of),
    "update": Form(
        UPDATE,
        lambda m: subjects.update(
            m.init, m.step, lambda params, lr, beta: torch.optim.SGD(params, lr, beta), {"lr": 0.3, "beta": 0.75}
        ),
    ),
}  # fmt: skip

numbers = count()


def planted(form: str, right: str = "", wrong: str = "") -> tuple[Any, int]:
    """The subject with `wrong` for `right`, and the line where that is."""
    source = FORMS[form].source
    assert source.count(right) == 1 or not right, right
    name = f"planted_in_{form}_{next(numbers)}"
    text = source.replace(right, wrong) if right else source
    linecache.cache[f"{name}.py"] = len(text), None, text.splitlines(keepends=True), f"{name}.py"
    module = ModuleType(name)
    sys.modules[name] = module
    with torch.random.fork_rng():  # a script draws
        exec(compile(text, f"{name}.py", "exec"), module.__dict__)  # noqa: S102  (ours, above)
    return FORMS[form].subject(module), source[: source.index(right)].count("\n") + 1
