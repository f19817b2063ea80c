#!/usr/bin/env bash
# jax.scipy.special.betaln, and the logarithm of the density of Beta, second derivatives at a = b. jax 0.10.2, CPU,
#   float64.
# Seen: the value and the gradient are right. At a = b = 1 the Hessian of betaln is 0.178 in all four entries. Correct
#   is 1 on the diagonal and -0.645 beside it. At a = 2, b = 2.001 it is right. So the Fisher information of Beta(1, 1),
#   the uniform distribution, is singular: its inverse does not exist, and a Newton step from there fails.
# A good engineer would guess: the Hessian is right wherever the gradient is.
# Why: the function sorts its arguments with minimum and maximum, and both have the derivative 1/2 in each of two equal
#   numbers. So each second derivative is the mean of the four. Start at a = 1 and b = 1.001, or write
#   gammaln(a) + gammaln(b) - gammaln(a + b).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6 scipy==1.17.1
"$folder/venv/bin/python" -W ignore - <<'PY'
import sys

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import betaln, gammaln
from jax.scipy.stats import beta
from scipy.special import polygamma

jax.config.update("jax_enable_x64", True)
print("jax", jax.__version__)


def true_hessian(a, b):
    both = polygamma(1, a + b)
    return np.array([[polygamma(1, a) - both, -both], [-both, polygamma(1, b) - both]])


def hessian(f, a, b):
    return np.asarray(jax.hessian(f)(jnp.array([a, b])))


functions = {
    "betaln": lambda v: betaln(v[0], v[1]),
    "minus log of the density of Beta at 0.3": lambda v: -beta.logpdf(0.3, v[0], v[1]),
    "written with gammaln": lambda v: gammaln(v[0]) + gammaln(v[1]) - gammaln(v[0] + v[1]),
}
seen = {}
for name, f in functions.items():
    for a, b in ((1.0, 1.0), (2.0, 2.0), (2.0, 2.001)):
        seen[name, a, b] = found = hessian(f, a, b)
        true = true_hessian(a, b)
        print(f"{name}, a {a}, b {b}: {found.round(4).tolist()}, correct {true.round(4).tolist()}")
        gradient = np.asarray(jax.grad(f)(jnp.array([a, b])))
        step = 1e-6 * np.eye(2)
        quotients = [(f(np.array([a, b]) + s) - f(np.array([a, b]) - s)) / 2e-6 for s in step]
        if np.abs(gradient - np.array(quotients)).max() > 1e-8:
            sys.exit("changed: the gradient is wrong too")
EXPECTED = {1.0: 0.177533, 2.0: 0.038644}
for name in list(functions)[:2]:
    for a, mean in EXPECTED.items():
        if np.abs(seen[name, a, a] - mean).max() > 1e-5:
            sys.exit("changed: another Hessian at equal arguments")
    if np.abs(seen[name, 2.0, 2.001] - true_hessian(2.0, 2.001)).max() > 1e-9:
        sys.exit("changed: the Hessian is wrong at other arguments too")
if any(np.abs(seen["written with gammaln", a, a] - true_hessian(a, a)).max() > 1e-9 for a in EXPECTED):
    sys.exit("changed: the advice does not help")
PY
