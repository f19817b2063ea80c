"""Update rules that walk over layers, or that are a pair of functions for the first state and for the updates."""

from __future__ import annotations

from tests.foreign.update_files import Written

ONE_LAYER = """
import numpy as np

class Optimizer_SGD:
    def __init__(self, learning_rate=1., decay=0., momentum=0.):
        self.learning_rate = learning_rate
        self.current_learning_rate = learning_rate
        self.decay = decay
        self.iterations = 0
        self.momentum = momentum

    def pre_update_params(self):
        if self.decay:
            self.current_learning_rate = self.learning_rate * (1. / (1. + self.decay * self.iterations))

    def update_params(self, layer):
        if self.momentum:
            if not hasattr(layer, 'weight_momentums'):
                layer.weight_momentums = np.zeros_like(layer.weights)
                layer.bias_momentums = np.zeros_like(layer.biases)
            weight_updates = self.momentum * layer.weight_momentums - self.current_learning_rate * layer.dweights
            layer.weight_momentums = weight_updates
            bias_updates = self.momentum * layer.bias_momentums - self.current_learning_rate * layer.dbiases
            layer.bias_momentums = bias_updates
        else:
            weight_updates = -self.current_learning_rate * layer.dweights
            bias_updates = -self.current_learning_rate * layer.dbiases
        layer.weights += weight_updates
        layer.biases += bias_updates

    def post_update_params(self):
        self.iterations += 1
"""

ONE_LAYER_ADAM = """
import numpy as np

class Optimizer_Adam:
    def __init__(self, learning_rate=0.001, decay=0., epsilon=1e-7, beta_1=0.9, beta_2=0.999):
        self.learning_rate = learning_rate
        self.current_learning_rate = learning_rate
        self.decay = decay
        self.iterations = 0
        self.epsilon = epsilon
        self.beta_1 = beta_1
        self.beta_2 = beta_2

    def pre_update_params(self):
        if self.decay:
            self.current_learning_rate = self.learning_rate * (1. / (1. + self.decay * self.iterations))

    def update_params(self, layer):
        if not hasattr(layer, 'weight_cache'):
            layer.weight_momentums = np.zeros_like(layer.weights)
            layer.weight_cache = np.zeros_like(layer.weights)
            layer.bias_momentums = np.zeros_like(layer.biases)
            layer.bias_cache = np.zeros_like(layer.biases)
        layer.weight_momentums = self.beta_1 * layer.weight_momentums + (1 - self.beta_1) * layer.dweights
        layer.bias_momentums = self.beta_1 * layer.bias_momentums + (1 - self.beta_1) * layer.dbiases
        weight_momentums_corrected = layer.weight_momentums / (1 - self.beta_1 ** (self.iterations + 1))
        bias_momentums_corrected = layer.bias_momentums / (1 - self.beta_1 ** (self.iterations + 1))
        layer.weight_cache = self.beta_2 * layer.weight_cache + (1 - self.beta_2) * layer.dweights**2
        layer.bias_cache = self.beta_2 * layer.bias_cache + (1 - self.beta_2) * layer.dbiases**2
        weight_cache_corrected = layer.weight_cache / (1 - self.beta_2 ** (self.iterations + 1))
        bias_cache_corrected = layer.bias_cache / (1 - self.beta_2 ** (self.iterations + 1))
        rate = self.current_learning_rate
        layer.weights += -rate * weight_momentums_corrected / (np.sqrt(weight_cache_corrected) + self.epsilon)
        layer.biases += -rate * bias_momentums_corrected / (np.sqrt(bias_cache_corrected) + self.epsilon)

    def post_update_params(self):
        self.iterations += 1
"""

KEPT_LAYERS = """
import numpy as np

class SGD:
    def __init__(self, layers, lr=0.01):
        self.layers = layers
        self.lr = lr

    def step(self):
        for layer in self.layers:
            layer.W -= self.lr * layer.dW
            layer.b -= self.lr * layer.db
"""

WALKING_FUNCTION = """
import numpy as np

def momentum_step(layers, lr=0.01, momentum=0.9):
    for layer in layers:
        if not hasattr(layer, "vW"):
            layer.vW = np.zeros_like(layer.W)
            layer.vb = np.zeros_like(layer.b)
        layer.vW = momentum * layer.vW + layer.dW
        layer.vb = momentum * layer.vb + layer.db
        layer.W -= lr * layer.vW
        layer.b -= lr * layer.vb
"""

DICTS_OF_LAYERS = """
import numpy as np

class Momentum:
    def __init__(self, lr=0.1, momentum=0.9):
        self.lr = lr
        self.momentum = momentum
        self.velocity = {}

    def update(self, layers):
        for i, layer in enumerate(layers):
            for name in layer.params:
                key = (i, name)
                v = self.velocity.get(key, np.zeros_like(layer.params[name]))
                v = self.momentum * v - self.lr * layer.grads[name]
                self.velocity[key] = v
                layer.params[name] += v
"""

NETWORK = """
import numpy as np

class Dense:
    def __init__(self, n_in, n_out):
        self.W = np.random.randn(n_in, n_out) * 0.1
        self.b = np.zeros((1, n_out))
    def forward(self, x):
        self.x = x
        return x @ self.W + self.b
    def backward(self, dout):
        self.dW = self.x.T @ dout
        self.db = dout.sum(axis=0, keepdims=True)
        return dout @ self.W.T

class Network:
    def __init__(self, sizes):
        self.layers = [Dense(a, b) for a, b in zip(sizes, sizes[1:])]
    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x
    def backward(self, dout):
        for layer in reversed(self.layers):
            dout = layer.backward(dout)
        return dout
    def update(self, lr):
        for layer in self.layers:
            layer.W -= lr * layer.dW
            layer.b -= lr * layer.db
"""

PAIR = """
import numpy as np

def adam_init(params):
    return {"m": [np.zeros_like(p) for p in params], "v": [np.zeros_like(p) for p in params], "t": 0}

def adam_update(grads, state, params=None, lr=1e-3, b1=0.9, b2=0.999, eps=1e-8):
    t = state["t"] + 1
    m = [b1 * m + (1 - b1) * g for m, g in zip(state["m"], grads)]
    v = [b2 * v + (1 - b2) * g * g for v, g in zip(state["v"], grads)]
    updates = [-lr * (m_ / (1 - b1**t)) / (np.sqrt(v_ / (1 - b2**t)) + eps) for m_, v_ in zip(m, v)]
    return updates, {"m": m, "v": v, "t": t}
"""

PAIR_OF_DICTS = """
from typing import NamedTuple
import numpy as np

class State(NamedTuple):
    t: int
    m: dict
    v: dict

def init(params):
    zeros = {k: np.zeros_like(p) for k, p in params.items()}
    return State(0, zeros, {k: z.copy() for k, z in zeros.items()})

def adam_update(grads, state, params, learning_rate=1e-3, b1=0.9, b2=0.999, eps=1e-8):
    t = state.t + 1
    m = {k: b1 * state.m[k] + (1 - b1) * g for k, g in grads.items()}
    v = {k: b2 * state.v[k] + (1 - b2) * g * g for k, g in grads.items()}
    new = {k: params[k] - learning_rate * m[k] / (1 - b1**t) / (np.sqrt(v[k] / (1 - b2**t)) + eps) for k in params}
    return new, State(t, m, v)
"""

APPLIED = """
import numpy as np

def init_momentum(params):
    return {"velocity": {k: np.zeros_like(p) for k, p in params.items()}}

def momentum_update(grads, state, lr=0.1, mu=0.9):
    velocity = {k: mu * state["velocity"][k] + g for k, g in grads.items()}
    updates = {k: lr * v for k, v in velocity.items()}
    return updates, {"velocity": velocity}

def apply_updates(params, updates):
    return {k: params[k] - updates[k] for k in params}
"""

LAYERED = {
    "one layer at a time": Written(ONE_LAYER, "one layer at a time; compared with SGD", (
        ("layer.bias_momentums = bias_updates", "layer.bias_momentums = weight_updates.sum()", ""),
        ("-self.current_learning_rate * layer.dbiases\n", "self.current_learning_rate * layer.dbiases\n", ""),
        ("layer.biases += bias_updates", "layer.biases = bias_updates", ""),
    )),
    "Adam, one layer at a time": Written(ONE_LAYER_ADAM, "one layer at a time; compared with Adam", (
        ("(1 - self.beta_1 ** (self.iterations + 1))\n        bias", "(1 - self.beta_1)\n        bias", ""),
        ("layer.dbiases**2", "layer.dbiases", ""),
        ("self.iterations += 1", "self.iterations = 1", ""),
    )),
    "an optimizer with its layers": Written(KEPT_LAYERS, "walks over layers; compared with SGD", (
        ("self.lr * layer.db", "layer.db", ""),
        ("layer.W -= self.lr", "layer.W += self.lr", ""),
    )),
    "a function over layers": Written(WALKING_FUNCTION, "walks over layers; compared with SGD", (
        ("layer.vb = momentum * layer.vb", "layer.vb = momentum * layer.vW.sum()", ""),
        ("lr * layer.vb", "lr * layer.db", ""),
    )),
    "layers with dicts": Written(DICTS_OF_LAYERS, "walks over layers; compared with SGD", (
        ("                self.velocity[key] = v\n", "", ""),
    )),
    "a pair that returns updates": Written(PAIR, "on lists; its updates are added; compared with Adam", (
        ('"t": t}', '"t": 0}', ""),
        ("np.sqrt(v_ / (1 - b2**t))", "np.sqrt(v_)", "the second moment's bias is not corrected"),
    )),
    "a pair that returns parameters": Written(PAIR_OF_DICTS, "on dicts with the same keys; compared with Adam", (
        ("g * g", "g", ""),
    )),
    "updates that are applied": Written(APPLIED, "its updates are applied by a function; compared with SGD", (
        ("params[k] - updates[k]", "params[k] + updates[k]", "sign"),
        ("mu * state", "state", ""),
    )),
}  # fmt: skip
