"""Training loops whose data are variables of the file, loops over batches alone, one-hot rows made in the loop, weights
that are single numbers, and a rate that is a number in the function."""

from __future__ import annotations

from pathlib import Path

import pytest
from pairs_of_strangers import Case, holds

GLOBALS = """\
import numpy as np

X = np.random.default_rng(0).standard_normal((40, 2))
y = (X[:, 0] > 0).astype(int)
num_examples = len(X)
epsilon = 0.01
reg_lambda = 0.01


def build_model(nn_hdim, num_passes=200, print_loss=False):
    W1, b1 = np.random.randn(2, nn_hdim), np.zeros((1, nn_hdim))
    W2, b2 = np.random.randn(nn_hdim, 2), np.zeros((1, 2))
    model = {}
    for i in range(0, num_passes):
        z1 = X.dot(W1) + b1
        a1 = np.tanh(z1)
        z2 = a1.dot(W2) + b2
        exp_scores = np.exp(z2)
        probs = exp_scores / np.sum(exp_scores, axis=1, keepdims=True)

        delta3 = probs
        delta3[range(num_examples), y] -= 1
        dW2 = (a1.T).dot(delta3)
        db2 = np.sum(delta3, axis=0, keepdims=True)
        delta2 = delta3.dot(W2.T) * (1 - np.power(a1, 2))
        dW1 = np.dot(X.T, delta2)
        db1 = np.sum(delta2, axis=0)

        dW2 += reg_lambda * W2
        dW1 += reg_lambda * W1

        W1 += -epsilon * dW1
        b1 += -epsilon * db1
        W2 += -epsilon * dW2
        b2 += -epsilon * db2
        model = {"W1": W1, "b1": b1, "W2": W2, "b2": b2}
        if print_loss and i % 1000 == 0:
            print(i)
    return model
"""

EPOCH = """\
import numpy as np


def nn_epoch(X, y, W1, W2, lr=0.1, batch=100):
    n, k = X.shape[0], W2.shape[1]
    for i in range(0, n, batch):
        xb, yb = X[i : i + batch], y[i : i + batch]
        Z1 = np.maximum(xb @ W1, 0)
        G2 = np.exp(Z1 @ W2)
        G2 /= G2.sum(axis=1, keepdims=True)
        G2[np.arange(len(yb)), yb] -= 1
        G1 = (Z1 > 0) * (G2 @ W2.T)
        W1 -= lr * (xb.T @ G1 / len(yb))
        W2 -= lr * (Z1.T @ G2 / len(yb))
"""

ONE_HOT = """\
import numpy as np


def softmax_regression_epoch(X, y, theta, lr=0.1, batch=100):
    for i in range(0, X.shape[0], batch):
        xb, yb = X[i : i + batch], y[i : i + batch]
        h = np.exp(xb @ theta)
        h /= h.sum(axis=1, keepdims=True)
        I = np.zeros_like(h)
        I[np.arange(len(yb)), yb] = 1
        theta -= lr / len(yb) * xb.T @ (h - I)
"""

NUMBERS = """\
import numpy as np

def sigmoid(x):
    return 1 / (1 + np.exp(-x))

def deriv_sigmoid(x):
    fx = sigmoid(x)
    return fx * (1 - fx)

class OurNeuralNetwork:
    def __init__(self):
        self.w1 = np.random.normal()
        self.w2 = np.random.normal()
        self.w3 = np.random.normal()
        self.w4 = np.random.normal()
        self.w5 = np.random.normal()
        self.w6 = np.random.normal()
        self.b1 = np.random.normal()
        self.b2 = np.random.normal()
        self.b3 = np.random.normal()

    def feedforward(self, x):
        h1 = sigmoid(self.w1 * x[0] + self.w2 * x[1] + self.b1)
        h2 = sigmoid(self.w3 * x[0] + self.w4 * x[1] + self.b2)
        o1 = sigmoid(self.w5 * h1 + self.w6 * h2 + self.b3)
        return o1

    def train(self, data, all_y_trues):
        learn_rate = 0.1
        epochs = 1000
        for epoch in range(epochs):
            for x, y_true in zip(data, all_y_trues):
                sum_h1 = self.w1 * x[0] + self.w2 * x[1] + self.b1
                h1 = sigmoid(sum_h1)
                sum_h2 = self.w3 * x[0] + self.w4 * x[1] + self.b2
                h2 = sigmoid(sum_h2)
                sum_o1 = self.w5 * h1 + self.w6 * h2 + self.b3
                o1 = sigmoid(sum_o1)
                y_pred = o1
                d_L_d_ypred = -2 * (y_true - y_pred)
                d_ypred_d_w5 = h1 * deriv_sigmoid(sum_o1)
                d_ypred_d_w6 = h2 * deriv_sigmoid(sum_o1)
                d_ypred_d_b3 = deriv_sigmoid(sum_o1)
                d_ypred_d_h1 = self.w5 * deriv_sigmoid(sum_o1)
                d_ypred_d_h2 = self.w6 * deriv_sigmoid(sum_o1)
                d_h1_d_w1 = x[0] * deriv_sigmoid(sum_h1)
                d_h1_d_w2 = x[1] * deriv_sigmoid(sum_h1)
                d_h1_d_b1 = deriv_sigmoid(sum_h1)
                d_h2_d_w3 = x[0] * deriv_sigmoid(sum_h2)
                d_h2_d_w4 = x[1] * deriv_sigmoid(sum_h2)
                d_h2_d_b2 = deriv_sigmoid(sum_h2)
                self.w1 -= learn_rate * d_L_d_ypred * d_ypred_d_h1 * d_h1_d_w1
                self.w2 -= learn_rate * d_L_d_ypred * d_ypred_d_h1 * d_h1_d_w2
                self.b1 -= learn_rate * d_L_d_ypred * d_ypred_d_h1 * d_h1_d_b1
                self.w3 -= learn_rate * d_L_d_ypred * d_ypred_d_h2 * d_h2_d_w3
                self.w4 -= learn_rate * d_L_d_ypred * d_ypred_d_h2 * d_h2_d_w4
                self.b2 -= learn_rate * d_L_d_ypred * d_ypred_d_h2 * d_h2_d_b2
                self.w5 -= learn_rate * d_L_d_ypred * d_ypred_d_w5
                self.w6 -= learn_rate * d_L_d_ypred * d_ypred_d_w6
                self.b3 -= learn_rate * d_L_d_ypred * d_ypred_d_b3
"""

CASES = {
    "single numbers and a rate of 0.1": Case(
        NUMBERS, "d_ypred_d_h2 = self.w6", "d_ypred_d_h2 = self.w5", ("OurNeuralNetwork_train_loop",),
        "gradient of w3"
    ),
    "variables of the file": Case(
        GLOBALS, "(1 - np.power(a1, 2))", "(1 - a1)", ("build_model_loop",), "gradient of W1"
    ),
    "an epoch": Case(EPOCH, "(Z1 > 0) * (G2 @ W2.T)", "G2 @ W2.T", ("nn_epoch_loop",), "gradient of W1"),
    "one-hot rows": Case(
        ONE_HOT, "(h - I)", "(I - h)", ("softmax_regression_epoch_loop",), "gradient of theta"
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_right_is_lawful_and_wrong_is_wrong(case: Case, tmp_path: Path) -> None:
    holds(tmp_path, case)
