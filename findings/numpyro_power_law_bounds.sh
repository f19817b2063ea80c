#!/usr/bin/env bash
# numpyro's DoublyTruncatedPowerLaw, the gradient of log_prob by the bounds. numpyro 0.22.0, jax 0.10.2, CPU, float64.
# Seen: at alpha -1.5 and bounds 1 and 3, x = 1.5: 0.762 by low, difference quotients give 1.183; 0.147 by high for
#   -0.228, the wrong sign. The derivatives by x and alpha are right. The cdf is right, except by high at alpha = -1:
#   0.112 for -0.112. Nothing is raised. Maximum likelihood or NUTS over a bound follows the wrong gradient.
# A good engineer would guess: right, as for numpyro's TruncatedNormal and LowerTruncatedPowerLaw.
# Why: log_prob has its own derivative rule. By the bounds it has the formula of the density, not of its logarithm, and
#   by high without the minus sign. Write alpha * log(x) minus the logarithm of the integral yourself.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    numpyro==0.22.0 jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6 scipy==1.17.1
OMP_NUM_THREADS=1 "$folder/venv/bin/python" -W ignore - <<'PY'
import sys

import jax
import numpyro
from numpyro.distributions import DoublyTruncatedPowerLaw

jax.config.update("jax_enable_x64", True)
print("numpyro", numpyro.__version__, "jax", jax.__version__)
x, h = jax.numpy.array(1.5), 2.0**-16
seen = {}
for alpha in (-1.5, -1.0):
    for method in ("log_prob", "cdf"):

        def value(alpha, low, high):
            return getattr(DoublyTruncatedPowerLaw(alpha, low, high), method)(x)

        at = (alpha, 1.0, 3.0)
        gradient = [float(g) for g in jax.grad(value, (0, 1, 2))(*at)]
        for place, name in enumerate(("alpha", "low", "high")):
            if place == 0 and alpha == -1.0:
                continue  # the value at -1 is a case of its own
            up, down = (value(*[a + step * (i == place) for i, a in enumerate(at)]) for step in (h, -h))
            quotient = float(up - down) / (2 * h)
            seen[method, alpha, name] = (round(gradient[place], 3), round(quotient, 3))
            print(f"{method} at alpha {alpha} by {name}: gradient {gradient[place]:.4f}, quotient {quotient:.4f}")
EXPECTED = {
    ("log_prob", -1.5, "low"): (0.762, 1.183), ("log_prob", -1.5, "high"): (0.147, -0.228),
    ("log_prob", -1.0, "low"): (0.552, 0.91), ("log_prob", -1.0, "high"): (-0.184, -0.303),
    ("cdf", -1.0, "high"): (0.112, -0.112),
}
if {key: pair for key, pair in seen.items() if abs(pair[0] - pair[1]) > 2e-3} != EXPECTED:
    sys.exit("changed: other derivatives are wrong, or none is")
PY
