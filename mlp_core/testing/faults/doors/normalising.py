"""Wrong backward passes of normalising layers: over samples, over features, and to probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np

from mlp_core.testing import subjects
from mlp_core.testing.faults.catalogue import Catalogue
from mlp_core.testing.faults.doors.families import OWN, Family, planted

CATALOGUE = Catalogue()
caught_by = planted(CATALOGUE)

Array = Any


def batchnorm_forward(x: Array, gamma: Array, beta: Array, eps: float = 1e-5) -> Any:
    mean, var = x.mean(axis=0), x.var(axis=0)
    inv = 1 / np.sqrt(var + eps)
    xhat = (x - mean) * inv
    return gamma * xhat + beta, (xhat, gamma, inv)


def batchnorm_backward(dout: Array, cache: Any) -> tuple[Array, ...]:
    """dx = inv (d - mean d - xhat mean(d xhat)) with d = dout gamma: the three terms."""
    xhat, gamma, inv = cache
    d = dout * gamma
    dx = inv * (d - d.mean(axis=0) - xhat * (d * xhat).mean(axis=0))
    return dx, (dout * xhat).sum(axis=0), dout.sum(axis=0)


BATCHNORM = Family(batchnorm_forward, batchnorm_backward, subjects.arrays("(n,d),(d),(d)"))


@caught_by(BATCHNORM, OWN, origin="site: batch norm, the term xhat mean(d xhat)")
def batchnorm_takes_the_variance_for_constant(dout: Array, cache: Any) -> tuple[Array, ...]:
    """the variance of the batch is treated as a constant: the term xhat mean(d xhat) is missing"""
    _, gamma, inv = cache
    d = dout * gamma
    _, dgamma, dbeta = batchnorm_backward(dout, cache)
    return inv * (d - d.mean(axis=0)), dgamma, dbeta


@caught_by(BATCHNORM, OWN, origin="site: batch norm, the term mean d")
def batchnorm_takes_the_mean_for_constant(dout: Array, cache: Any) -> tuple[Array, ...]:
    """the mean of the batch is treated as a constant: the term mean(d) is missing"""
    xhat, gamma, inv = cache
    d = dout * gamma
    _, dgamma, dbeta = batchnorm_backward(dout, cache)
    return inv * (d - xhat * (d * xhat).mean(axis=0)), dgamma, dbeta


@caught_by(BATCHNORM, OWN, origin="site: batch norm, the gradient for inference: only d inv")
def batchnorm_takes_both_for_constant(dout: Array, cache: Any) -> tuple[Array, ...]:
    """mean and variance of the batch are treated as constants, which is correct only for inference"""
    _, gamma, inv = cache
    _, dgamma, dbeta = batchnorm_backward(dout, cache)
    return dout * gamma * inv, dgamma, dbeta


@caught_by(BATCHNORM, OWN, origin="public reports of hand-written batch norm: right only if gamma is 1")
def batchnorm_forgets_gamma(dout: Array, cache: Any) -> tuple[Array, ...]:
    """the gradient of the input is not multiplied by gamma"""
    xhat, _, inv = cache
    _, dgamma, dbeta = batchnorm_backward(dout, cache)
    return inv * (dout - dout.mean(axis=0) - xhat * (dout * xhat).mean(axis=0)), dgamma, dbeta


@caught_by(BATCHNORM, OWN, origin="site: batch norm, dgamma, its factor xhat")
def batchnorm_gamma_like_beta(dout: Array, cache: Any) -> tuple[Array, ...]:
    """the gradient of gamma is that of beta: the factor xhat is missing"""
    dx, _, dbeta = batchnorm_backward(dout, cache)
    return dx, dbeta, dbeta


@caught_by(BATCHNORM, OWN, origin="site: batch norm, dbeta, sum over the samples")
def batchnorm_averages_beta(dout: Array, cache: Any) -> tuple[Array, ...]:
    """the gradient of beta is the mean over the samples instead of their sum"""
    dx, dgamma, dbeta = batchnorm_backward(dout, cache)
    return dx, dgamma, dbeta / len(dout)


def layernorm_forward(x: Array, gamma: Array, beta: Array, eps: float = 1e-5) -> Any:
    inv = 1 / np.sqrt(x.var(axis=1, keepdims=True) + eps)
    xhat = (x - x.mean(axis=1, keepdims=True)) * inv
    return gamma * xhat + beta, (xhat, gamma, inv)


def layernorm_backward(dout: Array, cache: Any) -> tuple[Array, ...]:
    """The three terms, row by row."""
    xhat, gamma, inv = cache
    d = dout * gamma
    dx = inv * (d - d.mean(axis=1, keepdims=True) - xhat * (d * xhat).mean(axis=1, keepdims=True))
    return dx, (dout * xhat).sum(axis=0), dout.sum(axis=0)


LAYERNORM = Family(layernorm_forward, layernorm_backward, subjects.arrays("(n,d),(d),(d)"))


@caught_by(LAYERNORM, OWN, origin="site: layer norm, its means, over rows")
def layernorm_averages_over_samples(dout: Array, cache: Any) -> tuple[Array, ...]:
    """the means are taken over the samples, as in batch norm, instead of the features of each row"""
    xhat, gamma, inv = cache
    d = dout * gamma
    _, dgamma, dbeta = layernorm_backward(dout, cache)
    return inv * (d - d.mean(axis=0) - xhat * (d * xhat).mean(axis=0)), dgamma, dbeta


@caught_by(LAYERNORM, OWN, origin="site: layer norm, the term xhat mean(d xhat)")
def layernorm_takes_the_variance_for_constant(dout: Array, cache: Any) -> tuple[Array, ...]:
    """the variance of a row is treated as a constant: the term xhat mean(d xhat) is missing"""
    _, gamma, inv = cache
    d = dout * gamma
    _, dgamma, dbeta = layernorm_backward(dout, cache)
    return inv * (d - d.mean(axis=1, keepdims=True)), dgamma, dbeta


@caught_by(LAYERNORM, OWN, origin="site: layer norm, the term mean d")
def layernorm_takes_the_mean_for_constant(dout: Array, cache: Any) -> tuple[Array, ...]:
    """the mean of a row is treated as a constant: the term mean(d) is missing"""
    xhat, gamma, inv = cache
    d = dout * gamma
    _, dgamma, dbeta = layernorm_backward(dout, cache)
    return inv * (d - xhat * (d * xhat).mean(axis=1, keepdims=True)), dgamma, dbeta


@caught_by(LAYERNORM, OWN, origin="site: layer norm, only dx = dout gamma inv")
def layernorm_takes_both_for_constant(dout: Array, cache: Any) -> tuple[Array, ...]:
    """the mean and the variance of a row are treated as constants: both of their terms are missing"""
    _, gamma, inv = cache
    _, dgamma, dbeta = layernorm_backward(dout, cache)
    return dout * gamma * inv, dgamma, dbeta


@caught_by(LAYERNORM, OWN, origin="site: layer norm, d = dout gamma, its factor gamma")
def layernorm_forgets_gamma(dout: Array, cache: Any) -> tuple[Array, ...]:
    """the gradient of the input is not multiplied by gamma, whose entries belong to the columns"""
    xhat, _, inv = cache
    _, dgamma, dbeta = layernorm_backward(dout, cache)
    centred = dout - dout.mean(axis=1, keepdims=True) - xhat * (dout * xhat).mean(axis=1, keepdims=True)
    return inv * centred, dgamma, dbeta


@caught_by(LAYERNORM, OWN, origin="site: layer norm, dgamma, its factor xhat")
def layernorm_gamma_like_beta(dout: Array, cache: Any) -> tuple[Array, ...]:
    """the gradient of gamma is that of beta, without the factor xhat"""
    dx, _, dbeta = layernorm_backward(dout, cache)
    return dx, dbeta, dbeta


@caught_by(LAYERNORM, OWN, origin="site: layer norm, d = dout gamma: gamma is multiplied after the mean")
def layernorm_multiplies_gamma_last(dout: Array, cache: Any) -> tuple[Array, ...]:
    """gamma multiplies the gradient of the input after the means are subtracted instead of before"""
    xhat, gamma, inv = cache
    _, dgamma, dbeta = layernorm_backward(dout, cache)
    centred = dout - dout.mean(axis=1, keepdims=True) - xhat * (dout * xhat).mean(axis=1, keepdims=True)
    return gamma * inv * centred, dgamma, dbeta


def softmax_forward(z: Array) -> Any:
    e = np.exp(z - z.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    return p, p


def softmax_backward(dout: Array, p: Array) -> Array:
    """p (dout - sum dout p): the diagonal and the other entries."""
    return p * (dout - (dout * p).sum(axis=1, keepdims=True))


SOFTMAX = Family(softmax_forward, softmax_backward, subjects.arrays("(n,c)"))


@caught_by(SOFTMAX, OWN, origin="public course notes: softmax' = p (1 - p), as of a sigmoid")
def softmax_is_its_diagonal(dout: Array, p: Array) -> Array:
    """only the diagonal p (1 - p) of softmax's derivative is used, as for a sigmoid"""
    return dout * p * (1 - p)


@caught_by(SOFTMAX, OWN, origin="site: softmax, sum dout p, over the classes")
def softmax_sums_over_samples(dout: Array, p: Array) -> Array:
    """the sum of dout p is taken over the samples instead of the classes"""
    return p * (dout - (dout * p).sum(axis=0))
