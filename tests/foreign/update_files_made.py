"""Update rules that a function makes, as (init, update) or (init, update, get_params), and rules that take pairs of a
gradient and a variable."""

from __future__ import annotations

from tests.foreign.update_files import Written

OPTAX = """
import numpy as np
from collections import namedtuple

AdamState = namedtuple("AdamState", ["count", "mu", "nu"])

def adam(learning_rate, b1=0.9, b2=0.999, eps=1e-8):
    def init(params):
        return AdamState(0, [np.zeros_like(p) for p in params], [np.zeros_like(p) for p in params])

    def update(grads, state, params=None):
        count = state.count + 1
        mu = [b1 * m + (1 - b1) * g for m, g in zip(state.mu, grads)]
        nu = [b2 * v + (1 - b2) * g * g for v, g in zip(state.nu, grads)]
        updates = [
            -learning_rate * (m / (1 - b1 ** count)) / (np.sqrt(v / (1 - b2 ** count)) + eps) for m, v in zip(mu, nu)
        ]
        return updates, AdamState(count, mu, nu)

    return init, update
"""

TRANSFORMATION = """
import numpy as np
from typing import NamedTuple, Callable

class GradientTransformation(NamedTuple):
    init: Callable
    update: Callable

def sgd(learning_rate=0.01, momentum=0.9):
    def init_fn(params):
        return {name: np.zeros_like(p) for name, p in params.items()}

    def update_fn(updates, state, params=None):
        trace = {name: momentum * state[name] + updates[name] for name in updates}
        return {name: -learning_rate * t for name, t in trace.items()}, trace

    return GradientTransformation(init_fn, update_fn)
"""

TRIPLE = """
import numpy as np

def rmsprop(step_size, gamma=0.9, eps=1e-8):
    def init(x0):
        return x0, np.zeros_like(x0)

    def update(i, g, state):
        x, avg_sq_grad = state
        avg_sq_grad = avg_sq_grad * gamma + np.square(g) * (1.0 - gamma)
        x = x - step_size * g / (np.sqrt(avg_sq_grad) + eps)
        return x, avg_sq_grad

    def get_params(state):
        x, _ = state
        return x

    return init, update, get_params
"""

TRIPLE_ADAM = """
import numpy as np

def adam(step_size, b1=0.9, b2=0.999, eps=1e-8):
    def init(x0):
        m0 = np.zeros_like(x0)
        v0 = np.zeros_like(x0)
        return x0, m0, v0

    def update(i, g, state):
        x, m, v = state
        m = (1 - b1) * g + b1 * m
        v = (1 - b2) * np.square(g) + b2 * v
        mhat = m / (1 - b1 ** (i + 1))
        vhat = v / (1 - b2 ** (i + 1))
        x = x - step_size * mhat / (np.sqrt(vhat) + eps)
        return x, m, v

    def get_params(state):
        x, _, _ = state
        return x

    return init, update, get_params
"""

STEP = """
import torch

def make_sgd_momentum(lr=0.1, momentum=0.9):
    def init(params):
        return [torch.zeros_like(p) for p in params]

    def step(params, grads, state):
        state = [momentum * v + g for v, g in zip(state, grads)]
        params = [p - lr * v for p, v in zip(params, state)]
        return params, state

    return init, step
"""

PAIRS = """
import numpy as np

class Nesterov:
    def __init__(self, learning_rate=0.01, momentum=0.9):
        self.learning_rate = learning_rate
        self.momentum = momentum
        self.velocity = {}

    def apply_gradients(self, grads_and_vars):
        for i, (g, w) in enumerate(grads_and_vars):
            v_prev = self.velocity.get(i, np.zeros_like(w))
            v = self.momentum * v_prev - self.learning_rate * g
            w += -self.momentum * v_prev + (1 + self.momentum) * v
            self.velocity[i] = v
"""

PAIRS_ADAM = """
import numpy as np

class Adam:
    def __init__(self, lr=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
        self.lr, self.beta_1, self.beta_2, self.epsilon = lr, beta_1, beta_2, epsilon
        self.m, self.v, self.t = None, None, 0

    def step(self, params_and_grads):
        if self.m is None:
            self.m = [np.zeros_like(p) for p, g in params_and_grads]
            self.v = [np.zeros_like(p) for p, g in params_and_grads]
        self.t += 1
        for i, (p, g) in enumerate(params_and_grads):
            self.m[i] = self.beta_1 * self.m[i] + (1 - self.beta_1) * g
            self.v[i] = self.beta_2 * self.v[i] + (1 - self.beta_2) * g ** 2
            m_hat = self.m[i] / (1 - self.beta_1 ** self.t)
            v_hat = self.v[i] / (1 - self.beta_2 ** self.t)
            p -= self.lr * m_hat / (np.sqrt(v_hat) + self.epsilon)
"""

MADE = {
    "a pair (init, update) that a function makes": Written(
        OPTAX, "made by a function, on lists; its updates are added; compared with Adam",
        (
            ("count = state.count + 1", "count = 1", "the bias is corrected by 1 - beta in every step"),
            ("nu = [b2 * v + (1 - b2) * g * g", "nu = [b2 * v + (1 - b2) * g", ""),
        ),
    ),
    "a transformation that a function makes": Written(
        TRANSFORMATION, "made by a function, on dicts with the same keys; its updates are added; compared with SGD",
        (("-learning_rate * t for", "-learning_rate * updates[name] for", ""),),
    ),
    "three functions that a function makes": Written(
        TRIPLE, "made by a function, array by array; compared with RMSprop",
        (("np.square(g) * (1.0 - gamma)", "np.square(g)", ""),),
    ),
    "three functions of Adam": Written(
        TRIPLE_ADAM, "made by a function, array by array; i from 0; compared with Adam",
        (("(1 - b2 ** (i + 1))", "(1 - b2)", ""), ("b1 ** (i + 1)", "b1 ** (i + 2)", "")),
    ),
    "a step on parameters that a function makes": Written(
        STEP, "made by a function, on lists; compared with SGD", (("[momentum * v + g for", "[v + g for", ""),),
    ),
    "pairs of a gradient and a variable": Written(
        PAIRS, "on pairs of a gradient and a parameter; compared with SGD",
        (("-self.momentum * v_prev + (1 + self.momentum) * v", "-self.momentum * v_prev + self.momentum * v", ""),),
    ),
    "pairs of a parameter and a gradient": Written(
        PAIRS_ADAM, "on pairs of a parameter and a gradient; compared with Adam",
        (("(1 - self.beta_2) * g ** 2", "(1 - self.beta_1) * g ** 2", ""),),
    ),
}  # fmt: skip
