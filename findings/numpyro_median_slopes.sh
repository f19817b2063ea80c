#!/usr/bin/env bash
# numpyro's Laplace.icdf, Laplace.cdf and StudentT.cdf, their slopes at the median. numpyro 0.22.0, jax 0.10.2, CPU,
#   float64.
# Seen: Laplace(0, 1).icdf has the slope 0 at 0.5; true is 2. Laplace(0, 1).cdf has the slope 0 at 0; true is the
#   density, 0.5. StudentT(3).cdf has the slope NaN at its location; true is 0.368. At 1e-3 beside the median all are
#   right, as are Normal, Cauchy and Logistic at it.
# A good engineer would guess: the slopes 1 / density and density, as the functions are smooth at the median. A model
#   that maps a uniform number to a Laplace and starts at 0.5 does not move.
# Why: they are computed from the sign and the size of the distance to the median. jax gives both the slope 0 at 0; the
#   NaN is sign(0) = 0 times the infinite slope of the incomplete beta function at 1.
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
from numpyro import distributions

jax.config.update("jax_enable_x64", True)
print("numpyro", numpyro.__version__, "jax", jax.__version__)
laws = {
    "Laplace": distributions.Laplace(0.0, 1.0), "StudentT": distributions.StudentT(3.0, 0.0, 1.0),
    "Normal": distributions.Normal(0.0, 1.0), "Cauchy": distributions.Cauchy(0.0, 1.0),
    "Logistic": distributions.Logistic(0.0, 1.0),
}
wrong = []
for name, law in laws.items():
    for method, median in (("icdf", 0.5), ("cdf", 0.0)):
        if (name, method) == ("StudentT", "icdf"):
            continue  # needs another package
        f = getattr(law, method)
        for at in (median, median + 1e-3):
            slope = float(jax.grad(f)(at))
            quotient = float(f(at + 1e-5) - f(at - 1e-5)) / 2e-5
            if not abs(slope - quotient) < 1e-3:
                wrong.append((name, method, at))
                print(f"{name}.{method} at {at}: slope {slope:.4f}, difference quotient {quotient:.4f}")
EXPECTED = [("Laplace", "icdf", 0.5), ("Laplace", "cdf", 0.0), ("StudentT", "cdf", 0.0)]
if wrong != EXPECTED:
    sys.exit(f"changed: wrong are {wrong}")
print("the others are right")
PY
