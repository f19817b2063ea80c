#!/usr/bin/env bash
# tfp.math.owens_t of TensorFlow Probability, Owen's T function for h of about 5. tensorflow-probability 0.25.0, jax
#   0.4.35 as its substrate, CPU, float64.
# Seen: owens_t(5, 0.3) is -1.4e-7, and the true probability is 1.3e-7. The gradient is right, and does not fit the
#   value: by h it is -6.4e-7, and difference quotients of the value give 7.0e-7. At h = 4 value and gradient are right.
# A good engineer would guess: a positive value, as it is a probability; and a wrong gradient, not a wrong value, where
#   the two do not fit. Descent with this gradient ascends.
# Why: the second of the six series begins with -erf(a h) / 2 in place of erf(a h / sqrt(2)) / 2. The gradient has a
#   formula of its own.
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
from tensorflow_probability.substrates.jax.math import owens_t

jax.config.update("jax_enable_x64", True)
print("tensorflow-probability", version("tensorflow-probability"), "jax", jax.__version__)


def value(h, a):
    return owens_t(jax.numpy.float64(h), jax.numpy.float64(a))


def slope(f, h, a, step=1e-4):
    return float(f(h + step, a) - f(h - step, a)) / (2 * step)


seen = []
for h, a in ((5.0, 0.3), (5.0, 0.5), (6.0, 0.3), (4.0, 0.3)):
    found, true = float(value(h, a)), float(special.owens_t(h, a))
    gradient, quotient, right = float(jax.grad(value)(h, a)), slope(value, h, a), slope(special.owens_t, h, a)
    print(f"owens_t({h}, {a}): {found:.4g}, SciPy {true:.4g}", end="; ")
    print(f"by h: gradient {gradient:.4g}, quotients {quotient:.4g}, SciPy's quotients {right:.4g}")
    if abs(gradient - right) > 1e-3 * abs(right):
        sys.exit("changed: the gradient is wrong as well")
    seen.append(found < 0 < true and quotient > 0 > right)
EXPECTED = [True, True, True, False]
if seen != EXPECTED:
    sys.exit("changed: the values are positive, or others are negative")
PY
