#!/usr/bin/env bash
# tfp.math.betainc of TensorFlow Probability, the derivatives by its parameters a and b. Used by the cdf of Beta and of
#   numpyro's Beta and StudentT. tensorflow-probability 0.25.0, jax 0.4.35 as its substrate, CPU, float64.
# Seen: at a = 1, b = 3, x = 0.3 the derivative by a is -0.449; difference quotients give -0.361. At a = b = 1, x = 0.5
#   it is -0.375 for -0.347. At a = 1.001, b = 3.001 it is right to 5 digits, as is the derivative by x. Nothing is
#   warned of. Beta(1, 1) is the uniform distribution.
# A good engineer would guess: right, and whole numbers the easiest case.
# Why: the power series and its derivative are summed until a term of the series is small. For a whole b the terms are 0
#   from the b-th on, but the derivatives of these terms are not, and are left out.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    tensorflow-probability==0.25.0 jax==0.4.35 jaxlib==0.4.35 numpy==2.2.6 scipy==1.15.3
OMP_NUM_THREADS=1 "$folder/venv/bin/python" -W ignore - <<'PY'
import sys
from importlib.metadata import version

import jax
from scipy import special
from tensorflow_probability.substrates.jax.math import betainc

jax.config.update("jax_enable_x64", True)
print("tensorflow-probability", version("tensorflow-probability"), "jax", jax.__version__)
h, seen = 1e-4, {}
for a, b, x in ((1.0, 3.0, 0.3), (1.0, 1.0, 0.5), (1.0, 2.0, 0.5), (2.0, 3.0, 0.5), (1.001, 3.001, 0.3)):
    gradient = [float(g) for g in jax.grad(betainc, (0, 1, 2))(a, b, x)]
    quotients = [
        (special.betainc(a + h, b, x) - special.betainc(a - h, b, x)) / (2 * h),
        (special.betainc(a, b + h, x) - special.betainc(a, b - h, x)) / (2 * h),
        (special.betainc(a, b, x + h) - special.betainc(a, b, x - h)) / (2 * h),
    ]
    seen[a, b, x] = gradient[0] - quotients[0]
    rounded = [[round(float(v), 4) for v in values] for values in (gradient, quotients)]
    print(f"betainc({a}, {b}, {x}) by a, b, x: {rounded[0]}, difference quotients {rounded[1]}")
    if abs(float(betainc(a, b, x)) - special.betainc(a, b, x)) > 1e-5 or abs(gradient[2] - quotients[2]) > 1e-4:
        sys.exit("changed: the value or the derivative by x is off")
EXPECTED = [-0.0882, -0.0284, -0.0218, 0.0067, 0.0]
if any(abs(found - expected) > 3e-4 for found, expected in zip(seen.values(), EXPECTED, strict=True)):
    sys.exit("changed: the derivative by a is off by another amount, or right")
PY
