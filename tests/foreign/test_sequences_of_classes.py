"""Indices that are called x, and sequences of classes, as a course on recurrent networks has them."""

from __future__ import annotations

from pathlib import Path

import pytest
from pairs_of_strangers import Case, holds

EMBEDDING = """\
import numpy as np

def word_embedding_forward(x, W):
    return W[x], (x, W)

def word_embedding_backward(dout, cache):
    x, W = cache
    dW = np.zeros_like(W)
    np.add.at(dW, x, dout)
    return dW
"""

TEMPORAL = """\
import numpy as np

def temporal_softmax_loss(x, y, mask, verbose=False):
    N, T, V = x.shape
    flat, labels, mask = x.reshape(N * T, V), y.reshape(N * T), mask.reshape(N * T)
    probs = np.exp(flat - flat.max(axis=1, keepdims=True))
    probs /= probs.sum(axis=1, keepdims=True)
    loss = -np.sum(mask * np.log(probs[np.arange(N * T), labels])) / N
    dx = probs.copy()
    dx[np.arange(N * T), labels] -= 1
    dx /= N
    dx *= mask[:, None]
    dx = dx.reshape(N, T, V)
    return loss, dx
"""

CASES = {
    "an embedding": Case(EMBEDDING, "np.add.at(dW, x, dout)", "dW[x] += dout", ("word_embedding",), "gradient of W"),
    "a mask": Case(TEMPORAL, "    dx *= mask[:, None]\n", "", ("temporal_softmax_loss",), "gradient of x"),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_right_is_lawful_and_wrong_is_wrong(case: Case, tmp_path: Path) -> None:
    holds(tmp_path, case)
