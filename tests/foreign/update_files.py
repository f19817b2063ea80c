"""Update rules as courses and books write them, each with mistakes that people make in it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Written:
    """A right file, what is said about it, and mistakes: old text, new text, and a part of the diagnosis."""

    source: str
    found: str
    wrong: tuple[tuple[str, str, str], ...]


DESCENT = """
def update_parameters(parameters, grads, learning_rate=1.2):
    for l in range(1, len(parameters) // 2 + 1):
        parameters["W" + str(l)] -= learning_rate * grads["dW" + str(l)]
        parameters["b" + str(l)] = parameters["b" + str(l)] - learning_rate * grads["db" + str(l)]
    return parameters
"""

COURSE_ADAM = """
import numpy as np

def initialize_adam(parameters):
    v, s = {}, {}
    for l in range(1, len(parameters) // 2 + 1):
        for k in ("W", "b"):
            v[f"d{k}{l}"] = np.zeros_like(parameters[f"{k}{l}"])
            s[f"d{k}{l}"] = np.zeros_like(parameters[f"{k}{l}"])
    return v, s

def update_parameters_with_adam(parameters, grads, v, s, t, learning_rate=0.01, beta1=0.9, beta2=0.999, epsilon=1e-8):
    v_corrected, s_corrected = {}, {}
    for l in range(1, len(parameters) // 2 + 1):
        for k in ("W", "b"):
            key = f"d{k}{l}"
            v[key] = beta1 * v[key] + (1 - beta1) * grads[key]
            v_corrected[key] = v[key] / (1 - beta1**t)
            s[key] = beta2 * s[key] + (1 - beta2) * grads[key] ** 2
            s_corrected[key] = s[key] / (1 - beta2**t)
            parameters[f"{k}{l}"] -= learning_rate * v_corrected[key] / (np.sqrt(s_corrected[key]) + epsilon)
    return parameters, v, s, v_corrected, s_corrected
"""

COURSE_MOMENTUM = """
import numpy as np

def initialize_velocity(parameters):
    return {f"d{key}": np.zeros(value.shape) for key, value in parameters.items()}

def update_parameters_with_momentum(parameters, grads, v, beta, learning_rate):
    for key in list(parameters):
        v["d" + key] = beta * v["d" + key] + (1 - beta) * grads["d" + key]
        parameters[key] = parameters[key] - learning_rate * v["d" + key]
    return parameters, v
"""

CONFIG_MOMENTUM = """
import numpy as np

def sgd_momentum(w, dw, config=None):
    if config is None:
        config = {}
    config.setdefault("learning_rate", 1e-2)
    config.setdefault("momentum", 0.9)
    v = config.get("velocity", np.zeros_like(w))
    v = config["momentum"] * v - config["learning_rate"] * dw
    next_w = w + v
    config["velocity"] = v
    return next_w, config
"""

CONFIG_ADAM = """
import numpy as np

def adam(w, dw, config=None):
    config = config or {}
    config.setdefault("learning_rate", 1e-3)
    config.setdefault("beta1", 0.9)
    config.setdefault("beta2", 0.999)
    config.setdefault("epsilon", 1e-8)
    config.setdefault("m", np.zeros_like(w))
    config.setdefault("v", np.zeros_like(w))
    config.setdefault("t", 0)
    config["t"] += 1
    config["m"] = config["beta1"] * config["m"] + (1 - config["beta1"]) * dw
    config["v"] = config["beta2"] * config["v"] + (1 - config["beta2"]) * dw**2
    m = config["m"] / (1 - config["beta1"] ** config["t"])
    v = config["v"] / (1 - config["beta2"] ** config["t"])
    return w - config["learning_rate"] * m / (np.sqrt(v) + config["epsilon"]), config
"""

CLASS_ADAM = """
import numpy as np

class Adam:
    def __init__(self, lr=0.001, beta1=0.9, beta2=0.999):
        self.lr, self.beta1, self.beta2 = lr, beta1, beta2
        self.iter, self.m, self.v = 0, None, None

    def update(self, params, grads):
        if self.m is None:
            self.m = {key: np.zeros_like(value) for key, value in params.items()}
            self.v = {key: np.zeros_like(value) for key, value in params.items()}
        self.iter += 1
        rate = self.lr * np.sqrt(1.0 - self.beta2**self.iter) / (1.0 - self.beta1**self.iter)
        for key in params:
            self.m[key] += (1 - self.beta1) * (grads[key] - self.m[key])
            self.v[key] += (1 - self.beta2) * (grads[key] ** 2 - self.v[key])
            params[key] -= rate * self.m[key] / (np.sqrt(self.v[key]) + 1e-7)
"""

CLASS_ADAGRAD = """
import numpy as np

class AdaGrad:
    def __init__(self, lr=0.01):
        self.lr, self.h = lr, None

    def update(self, params, grads):
        if self.h is None:
            self.h = [np.zeros_like(p) for p in params]
        for i in range(len(params)):
            self.h[i] += grads[i] * grads[i]
            params[i] -= self.lr * grads[i] / (np.sqrt(self.h[i]) + 1e-7)
"""

CLASS_RMSPROP = """
import numpy as np

class RMSprop():
    def __init__(self, learning_rate=0.01, rho=0.9):
        self.learning_rate, self.rho = learning_rate, rho
        self.Eg, self.eps = None, 1e-8

    def update(self, w, grad_wrt_w):
        if self.Eg is None:
            self.Eg = np.zeros(np.shape(grad_wrt_w))
        self.Eg = self.rho * self.Eg + (1 - self.rho) * np.power(grad_wrt_w, 2)
        return w - self.learning_rate * grad_wrt_w / np.sqrt(self.Eg + self.eps)
"""

SPREAD = """
def update_params(W1, b1, W2, b2, dW1, db1, dW2, db2, alpha):
    W1 = W1 - alpha * dW1
    b1 = b1 - alpha * db1
    W2 = W2 - alpha * dW2
    b2 = b2 - alpha * db2
    return W1, b1, W2, b2
"""

OBJECTS = """
class SGD:
    def __init__(self, parameters, lr=0.1, momentum=0.0):
        self.parameters, self.lr, self.momentum = list(parameters), lr, momentum
        self.v = [0.0 for _ in self.parameters]

    def zero_grad(self):
        for p in self.parameters:
            p.grad = None

    def step(self):
        for i, p in enumerate(self.parameters):
            self.v[i] = self.momentum * self.v[i] + p.grad
            p.data = p.data - self.lr * self.v[i]
"""

FILES = {
    "descent on dicts": Written(DESCENT, "on dicts (W1 and dW1); compared with SGD", (
        ("-= learning_rate *", "+= learning_rate *", ""),
        ('- learning_rate * grads["db"', '- grads["db"', ""),
    )),
    "Adam on dicts": Written(COURSE_ADAM, "on dicts (W1 and dW1); t from 1; compared with Adam", (
        ("grads[key] ** 2", "grads[key]", ""),
        (" / (1 - beta2**t)", "", "the second moment's bias is not corrected"),
        ("np.sqrt(s_corrected[key]) + epsilon", "np.sqrt(s_corrected[key] + epsilon)", "eps is added under the root"),
        ("(np.sqrt(s_corrected[key]) + epsilon)", "(s_corrected[key] + epsilon)", "instead of by its root"),
        ("return parameters, v, s,", "return parameters, {key: 0.0 for key in v}, s,", ""),
    )),
    "Adam from t = 0": Written(COURSE_ADAM.replace("**t", "**(t + 1)"), "t from 0; compared with Adam", (
        ("-= learning_rate", "+= learning_rate", "sign"),
    )),
    "momentum on dicts": Written(COURSE_MOMENTUM, "SGD, the velocity is an average", (
        ("learning_rate * v[", "learning_rate * grads[", ""),
        ('v["d" + key] = beta', 'v["d" + key] = v["d" + key] + beta', ""),
    )),
    "momentum with a config": Written(CONFIG_MOMENTUM, "with a config; compared with SGD", (
        ('    config["velocity"] = v\n', "", ""),
        ("- config", "+ config", "sign"),
    )),
    "Adam with a config": Written(CONFIG_ADAM, "with a config; compared with Adam", (
        ('    config["t"] += 1\n', '    config["t"] = 1\n', ""),
        ("dw**2", "dw", ""),
    )),
    "a class of Adam on dicts": Written(CLASS_ADAM, "same keys; compared with Adam (eps 1e-07), eps before", (
        ("- self.beta2**self.iter", "- self.beta2", ""),
        ("rate * self.m", "self.lr * self.m", "no bias correction"),
    )),
    "a class of Adagrad on lists": Written(CLASS_ADAGRAD, "on lists; compared with Adagrad (eps 1e-07)", (
        ("+= grads[i] * grads[i]", "= grads[i] * grads[i]", ""),
        ("+= grads[i] * grads[i]", "+= abs(grads[i])", ""),
    )),
    "a class of RMSprop, array by array": Written(CLASS_RMSPROP, "array by array; compared with RMSprop (eps", (
        ("self.rho * self.Eg + (1 - self.rho)", "(1 - self.rho) * self.Eg + self.rho", ""),
        ("np.power(grad_wrt_w, 2)", "grad_wrt_w", ""),
    )),
    "each array by its name": Written(SPREAD, "on 4 arrays; compared with SGD", (
        ("b2 - alpha * db2", "b2 - alpha * dW2", ""),
        ("W1 = W1 - alpha", "W1 = W1 + alpha", ""),
    )),
    "objects with data and grad": Written(OBJECTS, "on objects with data and grad; compared with SGD", (
        ("+ p.grad", "- p.grad", "sign"),
        ("self.v[i] = self.momentum * self.v[i]", "self.v[i] = self.momentum", ""),
    )),
}  # fmt: skip
