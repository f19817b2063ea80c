"""Classes of losses whose backward takes the prediction, and keeps the gradient of the mean loss."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_gradients_alone import judged

BASE = """
class Loss:
    def calculate(self, output, y):
        return np.mean(self.forward(output, y))
"""

CATEGORICAL = BASE + """
class Loss_CategoricalCrossentropy(Loss):
    def forward(self, y_pred, y_true):
        samples = len(y_pred)
        clipped = np.clip(y_pred, 1e-7, 1 - 1e-7)
        if len(y_true.shape) == 1:
            confidences = clipped[range(samples), y_true]
        elif len(y_true.shape) == 2:
            confidences = np.sum(clipped * y_true, axis=1)
        return -np.log(confidences)
    def backward(self, dvalues, y_true):
        samples = len(dvalues)
        labels = len(dvalues[0])
        if len(y_true.shape) == 1:
            y_true = np.eye(labels)[y_true]
        self.dinputs = -y_true / dvalues
        self.dinputs = self.dinputs / samples
"""

BINARY = BASE + """
class Loss_BinaryCrossentropy(Loss):
    def forward(self, y_pred, y_true):
        p = np.clip(y_pred, 1e-7, 1 - 1e-7)
        losses = -(y_true * np.log(p) + (1 - y_true) * np.log(1 - p))
        return np.mean(losses, axis=-1)
    def backward(self, dvalues, y_true):
        samples = len(dvalues)
        outputs = len(dvalues[0])
        p = np.clip(dvalues, 1e-7, 1 - 1e-7)
        self.dinputs = -(y_true / p - (1 - y_true) / (1 - p)) / outputs
        self.dinputs = self.dinputs / samples
"""

SQUARED = BASE + """
class Loss_MeanSquaredError(Loss):
    def forward(self, y_pred, y_true):
        return np.mean((y_true - y_pred)**2, axis=-1)
    def backward(self, dvalues, y_true):
        samples = len(dvalues)
        outputs = len(dvalues[0])
        self.dinputs = -2 * (y_true - dvalues) / outputs
        self.dinputs = self.dinputs / samples
"""

COMBINED = CATEGORICAL + """
class Activation_Softmax:
    def forward(self, inputs):
        e = np.exp(inputs - np.max(inputs, axis=1, keepdims=True))
        self.output = e / np.sum(e, axis=1, keepdims=True)

class Activation_Softmax_Loss_CategoricalCrossentropy():
    def __init__(self):
        self.activation = Activation_Softmax()
        self.loss = Loss_CategoricalCrossentropy()
    def forward(self, inputs, y_true):
        self.activation.forward(inputs)
        self.output = self.activation.output
        return self.loss.calculate(self.output, y_true)
    def backward(self, dvalues, y_true):
        samples = len(dvalues)
        if len(y_true.shape) == 2:
            y_true = np.argmax(y_true, axis=1)
        self.dinputs = dvalues.copy()
        self.dinputs[range(samples), y_true] -= 1
        self.dinputs = self.dinputs / samples
"""

LOSSES = {
    "categorical": (CATEGORICAL, "self.dinputs = -y_true / dvalues", "self.dinputs = y_true / dvalues"),
    "binary": (BINARY, "(1 - y_true) / (1 - p)) / outputs", "(1 - y_true) / (1 - p))"),
    "squared": (SQUARED, "self.dinputs = self.dinputs / samples", "pass"),
    "softmax and loss": (COMBINED, "self.dinputs[range(samples), y_true] -= 1", "self.dinputs[0, y_true] -= 1"),
}


@pytest.mark.parametrize("kind", LOSSES)
def test_a_right_loss_is_lawful(kind: str, tmp_path: Path) -> None:
    subject, results = judged(tmp_path, LOSSES[kind][0])
    assert [(r.law, r.got, r.expected, r.reason) for r in results if r.verdict not in ("PASS", "SKIP")] == []
    assert "the mean loss of the samples" in subject.found


@pytest.mark.parametrize("kind", LOSSES)
def test_a_wrong_loss_is_broken(kind: str, tmp_path: Path) -> None:
    text, right, wrong = LOSSES[kind]
    assert text.count(right) == 1
    _, results = judged(tmp_path, text.replace(right, wrong))
    assert "is the derivative of its own forward" in [r.law for r in results if r.verdict == "FAIL"]
