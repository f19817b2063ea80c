#!/usr/bin/env bash
# numpyro's Bernoulli and Binomial with logits, the gradient of log_prob at a logit of 0. numpyro 0.22.0, jax 0.10.2,
#   CPU, float64.
# Seen: Bernoulli(logits=0): 0 for the value 0 and 1 for the value 1; true are -0.5 and 0.5. Binomial(5, logits=0): 0
#   to 5 for -2.5 to 2.5. So a logistic regression with 3 ones of 8 has the slope 3 at its start of zeros, not -1: the
#   first step goes in the wrong direction. At 1e-6 it is right, as are probs=0.5 and Categorical(logits=...).
# A good engineer would guess: value minus sigmoid(0), as log(1 + exp(x)) is smooth.
# Why: it is computed as clip(x, 0) + log(1 + exp(-|x|)), and jax gives both clip and |x| the slope 0 at their kinks.
#   A sum of the slopes 1/2 and 0 would be right.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    numpyro==0.22.0 jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6 scipy==1.17.1
OMP_NUM_THREADS=1 "$folder/venv/bin/python" -W ignore - <<'PY'
import sys

import jax
import jax.numpy as jnp
import numpyro
from numpyro import distributions

jax.config.update("jax_enable_x64", True)
print("numpyro", numpyro.__version__, "jax", jax.__version__)
labels = jnp.array([0, 1, 0, 0, 1, 0, 1, 0])


def bernoulli(logit):
    return distributions.Bernoulli(logits=logit * jnp.ones(8)).log_prob(labels).sum()


def binomial(logit):
    return distributions.Binomial(8, logits=logit).log_prob(3)


def categorical(logit):
    both = jnp.stack([jnp.zeros(8), logit * jnp.ones(8)], axis=1)
    return distributions.Categorical(logits=both).log_prob(labels).sum()


seen = {}
for f in (bernoulli, binomial, categorical):
    seen[f.__name__] = [round(float(jax.grad(f)(at)), 3) for at in (0.0, 1e-6)]
    quotient = float(f(1e-6) - f(-1e-6)) / 2e-6
    print(f"{f.__name__}, 3 ones of 8: slope {seen[f.__name__]} at 0 and 1e-6, difference quotient {quotient:.3f} at 0")
    if abs(quotient + 1) > 1e-3:
        sys.exit("changed: the value has another slope")
EXPECTED = {"bernoulli": [3.0, -1.0], "binomial": [3.0, -1.0], "categorical": [-1.0, -1.0]}
if seen != EXPECTED:
    sys.exit("changed: the slope at a logit of 0 is another one, perhaps the right one")
PY
