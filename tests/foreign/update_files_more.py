"""More update rules as people write them: Nesterov, RMSprop with momentum, Lion."""

from __future__ import annotations

from tests.foreign.update_files import Written

NESTEROV_CLASS = """
import numpy as np

class Nesterov:
    def __init__(self, lr=0.01, momentum=0.9):
        self.lr = lr
        self.momentum = momentum
        self.v = None

    def update(self, params, grads):
        if self.v is None:
            self.v = {}
            for key, val in params.items():
                self.v[key] = np.zeros_like(val)

        for key in params.keys():
            params[key] += self.momentum * self.momentum * self.v[key]
            params[key] -= (1 + self.momentum) * self.lr * grads[key]
            self.v[key] *= self.momentum
            self.v[key] -= self.lr * grads[key]
"""

NESTEROV_CONFIG = """
import numpy as np

def nesterov_momentum(w, dw, config=None):
    if config is None:
        config = {}
    config.setdefault("learning_rate", 1e-2)
    config.setdefault("momentum", 0.9)
    v = config.get("velocity", np.zeros_like(w))
    mu = config["momentum"]
    v_prev = v
    v = mu * v - config["learning_rate"] * dw
    next_w = w - mu * v_prev + (1 + mu) * v
    config["velocity"] = v
    return next_w, config
"""

NESTEROV_LISTS = """
import numpy as np

def sgd_nesterov(params, grads, velocities, lr=0.01, mu=0.9):
    for i in range(len(params)):
        velocities[i] = mu * velocities[i] + grads[i]
        params[i] = params[i] - lr * (grads[i] + mu * velocities[i])
    return params, velocities
"""

RMSPROP_MOMENTUM = """
import numpy as np

class RMSProp:
    def __init__(self, lr=0.01, rho=0.9, momentum=0.9, eps=1e-8):
        self.lr, self.rho, self.momentum, self.eps = lr, rho, momentum, eps
        self.s, self.v = {}, {}

    def update(self, params, grads):
        for k in params:
            if k not in self.s:
                self.s[k] = np.zeros_like(params[k])
                self.v[k] = np.zeros_like(params[k])
            self.s[k] = self.rho * self.s[k] + (1 - self.rho) * grads[k] ** 2
            self.v[k] = self.momentum * self.v[k] - self.lr * grads[k] / np.sqrt(self.s[k] + self.eps)
            params[k] += self.v[k]
"""

LION = """
import numpy as np

class Lion:
    def __init__(self, lr=1e-4, beta1=0.9, beta2=0.99, weight_decay=0.0):
        self.lr, self.beta1, self.beta2, self.weight_decay = lr, beta1, beta2, weight_decay
        self.m = None

    def step(self, params, grads):
        if self.m is None:
            self.m = [np.zeros_like(p) for p in params]
        for i, g in enumerate(grads):
            c = self.beta1 * self.m[i] + (1 - self.beta1) * g
            params[i] -= self.lr * (np.sign(c) + self.weight_decay * params[i])
            self.m[i] = self.beta2 * self.m[i] + (1 - self.beta2) * g
"""

SWITCHED_ON = """
class SGD:
    def __init__(self, params, lr=0.1, momentum=0.9, weight_decay=0.0, nesterov=True):
        self.params, self.lr, self.momentum = list(params), lr, momentum
        self.weight_decay, self.nesterov = weight_decay, nesterov
        self.buffers = [0.0 for _ in self.params]

    def step(self):
        for i, p in enumerate(self.params):
            g = p.grad + self.weight_decay * p.data
            self.buffers[i] = self.momentum * self.buffers[i] + g
            g = g + self.momentum * self.buffers[i] if self.nesterov else self.buffers[i]
            p.data = p.data - self.lr * g
"""

FALLING_RATE = """
class SGD:
    def __init__(self, lr=0.1, decay=0.01):
        self.lr, self.decay, self.steps = lr, decay, 0

    def update(self, params, grads):
        rate = self.lr / (1 + self.decay * self.steps)
        self.steps += 1
        for k in params:
            params[k] -= rate * grads[k]
"""
"""a rule with a number that no reference has: nothing is compared with it"""

MORE = {
    "Nesterov's class on dicts": Written(NESTEROV_CLASS, "same keys; compared with SGD (nesterov)", (
        ("self.momentum * self.momentum *", "self.momentum *", ""),
        ("(1 + self.momentum) * self.lr", "self.lr", ""),
    )),
    "Nesterov with a config": Written(NESTEROV_CONFIG, "with a config; compared with SGD (nesterov)", (
        ("- mu * v_prev + (1 + mu) * v", "+ v", ""),
        ("- mu * v_prev", "+ mu * v_prev", ""),
    )),
    "Nesterov on lists": Written(NESTEROV_LISTS, "on lists; compared with SGD (nesterov)", (
        ("(grads[i] + mu * velocities[i])", "mu * velocities[i]", "Nesterov's step is beta v instead of g + beta v"),
        ("(grads[i] + mu * velocities[i])", "velocities[i]", ""),
    )),
    "RMSprop with momentum": Written(RMSPROP_MOMENTUM, "compared with RMSprop, eps under the root", (
        ("- self.lr * grads[k] / np.sqrt(self.s[k] + self.eps)", "- self.lr * grads[k]", ""),
        ("self.rho * self.s[k] + (1 - self.rho)", "(1 - self.rho) * self.s[k] + self.rho", ""),
        ("params[k] += self.v[k]", "params[k] -= self.v[k]", ""),
    )),
    "Lion": Written(LION, "on lists; compared with Lion", (
        ("np.sign(c)", "c", ""),
        ("self.beta2 * self.m[i] + (1 - self.beta2)", "self.beta1 * self.m[i] + (1 - self.beta1)", ""),
    )),
    "nesterov is on": Written(SWITCHED_ON, "with data and grad; compared with SGD (nesterov)", (
        ("g + self.momentum * self.buffers[i] if", "self.buffers[i] if", ""),
    )),
}  # fmt: skip
