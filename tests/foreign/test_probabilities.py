"""Losses of probabilities: their arguments are drawn between 0 and 1, where the logarithm is meant. And losses whose
values are an array, of which the gradient is that of the sum or of the mean.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pairs_of_strangers import Case, holds, said

from mlp_core.testing.foreign.child import laws_of
from mlp_core.testing.foreign.load import found_in, loaded
from mlp_core.testing.verification.verify import checked

FUNCTIONS = """\
import numpy as np


def binary_cross_entropy(y_true, y_pred):
    y_pred = np.clip(y_pred, 1e-7, 1 - 1e-7)
    return np.mean(-y_true * np.log(y_pred) - (1 - y_true) * np.log(1 - y_pred))

def binary_cross_entropy_prime(y_true, y_pred):
    y_pred = np.clip(y_pred, 1e-7, 1 - 1e-7)
    return ((1 - y_true) / (1 - y_pred) - y_true / y_pred) / np.size(y_true)
"""

ONE_FUNCTION = """\
import numpy as np


def bce_loss(y_pred, y_true, eps=1e-12):
    p = np.clip(y_pred, eps, 1 - eps)
    loss = -np.mean(y_true * np.log(p) + (1 - y_true) * np.log(1 - p))
    grad = (p - y_true) / (p * (1 - p)) / y_true.size
    return loss, grad
"""

PAIR = """\
import numpy as np


def bce_forward(pred, target):
    p = np.clip(pred, 1e-7, 1 - 1e-7)
    return -(target * np.log(p) + (1 - target) * np.log(1 - p)).mean(), (p, target)

def bce_backward(dout, cache):
    p, t = cache
    return dout * (p - t) / (p * (1 - p)) / t.size
"""

FUNCTION = """\
import torch


class BCE(torch.autograd.Function):
    @staticmethod
    def forward(ctx, p, t):
        ctx.save_for_backward(p, t)
        p = p.clamp(1e-7, 1 - 1e-7)
        return -(t * p.log() + (1 - t) * (1 - p).log()).mean()

    @staticmethod
    def backward(ctx, g):
        p, t = ctx.saved_tensors
        return g * (p - t) / (p * (1 - p)) / t.numel(), None
"""

ON_THE_OBJECT = """\
import numpy as np


class CrossEntropyLoss:
    def forward(self, predictions, targets):
        self.predictions, self.targets = np.clip(predictions, 1e-9, 1 - 1e-9), targets
        return -np.sum(targets * np.log(self.predictions)) / predictions.shape[0]

    def backward(self):
        return -self.targets / self.predictions / self.targets.shape[0]
"""

WITHOUT_A_CLIP = """\
import numpy as np


class BCELoss:
    def __call__(self, y_pred, y):
        self.y_pred, self.y = y_pred, y
        return -(y * np.log(y_pred + 1e-10) + (1 - y) * np.log(1 - y_pred + 1e-10)).mean()

    def backward(self):
        return -(self.y / (self.y_pred + 1e-10) - (1 - self.y) / (1 - self.y_pred + 1e-10)) / self.y.size
"""

PER_ENTRY = """\
import numpy as np


class CrossEntropy:
    @staticmethod
    def loss(y, p):
        p = np.clip(p, 1e-15, 1 - 1e-15)
        return -y * np.log(p) - (1 - y) * np.log(1 - p)

    @staticmethod
    def gradient(y, p):
        p = np.clip(p, 1e-15, 1 - 1e-15)
        return -(y / p) + (1 - y) / (1 - p)
"""

PER_SAMPLE = """\
import numpy as np


class MSELoss:
    def forward(self, y_pred, y_true):
        return np.mean((y_pred - y_true) ** 2, axis=-1)

    def backward(self, y_pred, y_true):
        return 2 * (y_pred - y_true) / y_pred.size
"""

CASES = {
    "two functions": Case(
        FUNCTIONS, "(1 - y_pred) - y_true / y_pred", "(1 - y_pred) + y_true / y_pred", ("binary_cross_entropy",),
        "gradient of y_pred",
    ),
    "one function": Case(ONE_FUNCTION, "/ y_true.size", "/ len(y_true)", ("bce_loss",), "gradient of y_pred"),
    "a pair": Case(PAIR, "/ (p * (1 - p))", "/ p", ("bce",), "gradient of pred"),
    "an autograd.Function": Case(FUNCTION, "/ t.numel()", "", ("BCE",), "gradient of p"),
    "a class": Case(ON_THE_OBJECT, "return -self", "return self", ("CrossEntropyLoss.backward",), "predictions"),
    "logarithms of y_pred + 1e-10": Case(
        WITHOUT_A_CLIP, "- (1 - self.y) /", "+ (1 - self.y) /", ("BCELoss.backward",), "gradient of y_pred"
    ),
    "static methods, a loss per entry": Case(
        PER_ENTRY, "+ (1 - y)", "- (1 - y)", ("CrossEntropy.gradient",), "gradient of p"
    ),
    "a loss per sample": Case(
        PER_SAMPLE, "return 2 * (y_pred", "return (y_pred", ("MSELoss.backward",), "gradient of y_pred"
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_right_is_lawful_and_wrong_is_wrong(case: Case, tmp_path: Path) -> None:
    holds(tmp_path, case)


CLAMPED = """\
import numpy as np


def clamp_forward(x):
    return np.clip(x, LOW, HIGH), x

def clamp_backward(dout, x):
    return dout * (x > LOW) * (x < HIGH)
"""


@pytest.mark.parametrize(("low", "high"), [("0", "1"), ("-1", "1"), ("0", "6"), ("1e-7", "1 - 1e-7")])
def test_an_argument_that_is_only_clipped_is_drawn_everywhere(low: str, high: str, tmp_path: Path) -> None:
    """Drawn between 0 and 1 alone, a backward that forgets the clip would pass."""
    text = CLAMPED.replace("LOW", low).replace("HIGH", f"({high})")
    assert all(verdict in ("PASS", "SKIP") for _, verdict, _, _ in said(tmp_path, text)["clamp"])
    forgets = text.replace(f"dout * (x > {low}) * (x < ({high}))", "dout")
    assert forgets != text
    assert any(verdict == "FAIL" for _, verdict, _, _ in said(tmp_path, forgets)["clamp"])


@pytest.mark.parametrize("case", [FUNCTIONS, WITHOUT_A_CLIP], ids=["clipped", "not finite"])
def test_the_report_says_where_it_is_drawn(case: str, tmp_path: Path) -> None:
    path = tmp_path / "theirs.py"
    path.write_text(case, encoding="utf-8")
    (name,) = found_in(str(path))
    (subject, *_) = (law.subject for law in laws_of(*loaded(name), 8, checked))
    assert "y_pred is drawn between 0 and 1" in subject.found


def test_which_values_a_gradient_belongs_to_is_said(tmp_path: Path) -> None:
    for text, word in ((PER_SAMPLE, "mean"), (PER_ENTRY, "sum")):
        path = tmp_path / f"{word}.py"
        path.write_text(text, encoding="utf-8")
        (name,) = found_in(str(path))
        with np.errstate(all="ignore"):
            (subject, *_) = (law.subject for law in laws_of(*loaded(name), 8, checked))
        assert f"the gradient is that of the {word} of its values" in subject.found
