"""A loss and its gradient of reinforcement learning, of word vectors, of a random field, of a time series."""

from __future__ import annotations

from pathlib import Path

import pytest
from pairs_of_strangers import Case, holds

POLICY = """\
import numpy as np


def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)

def policy_loss(theta, states, actions, returns):
    chosen = softmax(states @ theta)[np.arange(len(actions)), actions]
    return -np.mean(np.log(chosen) * returns)

def policy_gradient(theta, states, actions, returns):
    dlog = -softmax(states @ theta)
    dlog[np.arange(len(actions)), actions] += 1
    return -states.T @ (dlog * returns[:, None]) / len(actions)
"""

WORDS = """\
import numpy as np


def naiveSoftmaxLossAndGradient(centerWordVec, outsideWordIdx, outsideVectors, dataset):
    scores = outsideVectors @ centerWordVec
    d = np.exp(scores - scores.max())
    d /= d.sum()
    loss = -np.log(d[outsideWordIdx])
    d[outsideWordIdx] -= 1
    gradCenterVec = outsideVectors.T @ d
    gradOutsideVecs = np.outer(d, centerWordVec)
    return loss, gradCenterVec, gradOutsideVecs
"""

FIELD = """\
import numpy as np


def crf_nll_and_grad(emissions, transitions, tags):
    T, K = emissions.shape
    alpha, beta = np.zeros((T, K)), np.zeros((T, K))
    alpha[0] = emissions[0]
    for t in range(1, T):
        alpha[t] = emissions[t] + np.logaddexp.reduce(alpha[t - 1][:, None] + transitions, axis=0)
    for t in range(T - 2, -1, -1):
        beta[t] = np.logaddexp.reduce(transitions + emissions[t + 1] + beta[t + 1], axis=1)
    log_z = np.logaddexp.reduce(alpha[-1])
    nll = log_z - emissions[np.arange(T), tags].sum() - transitions[tags[:-1], tags[1:]].sum()
    d_emissions = np.exp(alpha + beta - log_z)
    d_emissions[np.arange(T), tags] -= 1
    d_transitions = np.zeros((K, K))
    for t in range(T - 1):
        d_transitions += np.exp(alpha[t][:, None] + transitions + emissions[t + 1] + beta[t + 1] - log_z)
        d_transitions[tags[t], tags[t + 1]] -= 1
    return nll, d_emissions, d_transitions
"""

SERIES = """\
import numpy as np


def negloglik(params, y):
    mean, log_scale = params
    return np.sum(log_scale + 0.5 * ((y - mean) / np.exp(log_scale)) ** 2)

def negloglik_jac(params, y):
    mean, log_scale = params
    z = (y - mean) / np.exp(log_scale)
    return np.array([-np.sum(z) / np.exp(log_scale), np.sum(1 - z**2)])
"""

PROCESS = """\
import numpy as np


class GaussianProcess:
    def __init__(self, X, y, noise=1e-2):
        self.X, self.y, self.noise = X, y, noise

    def kernel(self, theta):
        d2 = ((self.X[:, None, :] - self.X[None, :, :]) ** 2).sum(-1)
        return np.exp(2 * theta[1] - 0.5 * d2 / np.exp(2 * theta[0])), d2

    def nll(self, theta):
        Ky = self.kernel(theta)[0] + self.noise * np.eye(len(self.X))
        return 0.5 * self.y @ np.linalg.solve(Ky, self.y) + 0.5 * np.linalg.slogdet(Ky)[1]

    def nll_grad(self, theta):
        K, d2 = self.kernel(theta)
        Kinv = np.linalg.inv(K + self.noise * np.eye(len(self.X)))
        alpha = Kinv @ self.y
        inner = np.outer(alpha, alpha) - Kinv
        d_length, d_size = K * d2 / np.exp(2 * theta[0]), 2 * K
        return np.array([-0.5 * np.sum(inner * d_length), -0.5 * np.sum(inner * d_size)])
"""

CASES = {
    "a policy": Case(POLICY, "return -states.T", "return states.T", ("policy_loss",), "gradient of theta"),
    "word vectors": Case(
        WORDS, "np.outer(d, centerWordVec)", "np.outer(d, centerWordVec) / 2", ("naiveSoftmaxLossAndGradient",),
        "gradient of outsideVectors",
    ),
    "a random field": Case(
        FIELD, "tags[t + 1]] -= 1", "tags[t + 1]] = -1", ("crf_nll_and_grad",), "gradient of transitions"
    ),
    "a Gaussian process": Case(
        PROCESS, "theta[0]), 2 * K", "theta[0]), K", ("GaussianProcess.nll_grad",), "gradient of theta"
    ),
    "a likelihood and its Jacobian": Case(SERIES, "1 - z**2", "1 - z", ("negloglik",), "gradient of params"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_right_is_lawful_and_wrong_is_wrong(case: Case, tmp_path: Path) -> None:
    holds(tmp_path, case)
