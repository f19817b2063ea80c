"""Networks as courses and books write them: a forward that takes the target and gives the loss last, a backward that
calls the forward it is given, or that takes all that the forward returns."""

from __future__ import annotations

from pathlib import Path

import pytest
from pairs_of_strangers import Case, holds

LOSS_LAST = """\
import numpy as np

def softmax(x):
    x = x - np.max(x, axis=1, keepdims=True)
    e = np.exp(x)
    return e / e.sum(axis=1, keepdims=True)

def sigmoid(x):
    return 1 / (1 + np.exp(-x))

def forward_prop(data, labels, params):
    hidden = sigmoid(data @ params['W1'] + params['b1'])
    output = softmax(hidden @ params['W2'] + params['b2'])
    loss = -np.sum(labels * np.log(output)) / len(data)
    return hidden, output, loss

def backward_prop(data, labels, params, forward_prop_func):
    hidden, output, loss = forward_prop_func(data, labels, params)
    delta = (output - labels) / len(data)
    gradW2 = hidden.T @ delta
    gradb2 = delta.sum(axis=0)
    delta1 = delta @ params['W2'].T * hidden * (1 - hidden)
    gradW1 = data.T @ delta1
    gradb1 = delta1.sum(axis=0)
    return {'W1': gradW1, 'b1': gradb1, 'W2': gradW2, 'b2': gradb2}
"""

FROM_RESULTS = """\
import numpy as np

def sigmoid(z):
    return 1. / (1. + np.exp(-z))

def int_to_onehot(y, num_labels):
    ary = np.zeros((y.shape[0], num_labels))
    for i, val in enumerate(y):
        ary[i, val] = 1
    return ary

class NeuralNetMLP:
    def __init__(self, num_features, num_hidden, num_classes, random_seed=123):
        super().__init__()
        self.num_classes = num_classes
        rng = np.random.RandomState(random_seed)
        self.weight_h = rng.normal(loc=0.0, scale=0.1, size=(num_hidden, num_features))
        self.bias_h = np.zeros(num_hidden)
        self.weight_out = rng.normal(loc=0.0, scale=0.1, size=(num_classes, num_hidden))
        self.bias_out = np.zeros(num_classes)

    def forward(self, x):
        z_h = np.dot(x, self.weight_h.T) + self.bias_h
        a_h = sigmoid(z_h)
        z_out = np.dot(a_h, self.weight_out.T) + self.bias_out
        a_out = sigmoid(z_out)
        return a_h, a_out

    def backward(self, x, a_h, a_out, y):
        y_onehot = int_to_onehot(y, self.num_classes)
        d_loss__d_a_out = 2. * (a_out - y_onehot) / y.shape[0]
        d_a_out__d_z_out = a_out * (1. - a_out)
        delta_out = d_loss__d_a_out * d_a_out__d_z_out
        d_z_out__dw_out = a_h
        d_loss__dw_out = np.dot(delta_out.T, d_z_out__dw_out)
        d_loss__db_out = np.sum(delta_out, axis=0)
        d_z_out__a_h = self.weight_out
        d_loss__a_h = np.dot(delta_out, d_z_out__a_h)
        d_a_h__d_z_h = a_h * (1. - a_h)
        d_z_h__d_w_h = x
        d_loss__d_w_h = np.dot((d_loss__a_h * d_a_h__d_z_h).T, d_z_h__d_w_h)
        d_loss__d_b_h = np.sum((d_loss__a_h * d_a_h__d_z_h), axis=0)
        return (d_loss__dw_out, d_loss__db_out, d_loss__d_w_h, d_loss__d_b_h)
"""

POLICY = """\
import numpy as np

def policy(theta, s):
    e = np.exp(s @ theta - np.max(s @ theta))
    return e / e.sum()

def log_pi(theta, s, a):
    return np.log(policy(theta, s)[a])

def grad_log_pi(theta, s, a):
    d = -policy(theta, s)
    d[a] += 1
    return np.outer(s, d)
"""

CASES = {
    "an action": Case(POLICY, "d = -policy(theta, s)", "d = np.zeros(len(theta.T))", ("log_pi",), "gradient of theta"),
    "the loss last": Case(
        LOSS_LAST, "* hidden * (1 - hidden)", "* hidden", ("backward_prop",), "gradient of W1"
    ),
    "all results of the forward": Case(
        FROM_RESULTS, "d_a_h__d_z_h = a_h * (1. - a_h)", "d_a_h__d_z_h = 1. - a_h", ("NeuralNetMLP.backward",),
        "gradient of weight_h"
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_right_is_lawful_and_wrong_is_wrong(case: Case, tmp_path: Path) -> None:
    holds(tmp_path, case)
