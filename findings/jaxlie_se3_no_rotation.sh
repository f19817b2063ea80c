#!/usr/bin/env bash
# jaxlie.SE3.exp of a tangent vector without rotation, derivative. jaxlie 1.5.0, jax 0.10.2, CPU, float32 and float64.
# Seen: at (1, 2, 3, 0, 0, 0) the derivative of the translation with respect to the rotation is twice what it must be:
#   the error is 1.5. In float32 this holds up to an angle of 0.003, and there the translation itself is off by 0.0045,
#   in float64 up to 1e-5. At an angle of 0.01 all is right. SE2.exp and SO3.exp are right at 0. Nothing is warned of.
# A good engineer would guess: right, as a small angle is the usual case of these formulas, and a pose without rotation
#   the usual start.
# Why: for small angles the matrix that multiplies the translation is I + W/2 up to second order, W being the skew
#   matrix of the rotation. jaxlie takes the rotation matrix instead, which is I + W. At 0 both have the same value.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    jaxlie==1.5.0 jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6 scipy==1.17.1
OMP_NUM_THREADS=1 "$folder/venv/bin/python" -W ignore - <<'PY'
import sys
from importlib.metadata import version

import jax
import jax.numpy as jnp
import jaxlie
import numpy as np
from scipy.linalg import expm

jax.config.update("jax_enable_x64", True)
print("jaxlie", version("jaxlie"), "jax", jax.__version__)


def moved(x):
    """The translation of SE3.exp(x), by the exponential of a matrix."""
    u, v, w, a, b, c = x
    return expm(np.array([[0, -c, b, u], [c, 0, -a, v], [-b, a, 0, w], [0, 0, 0, 0]]))[:3, 3]


def translation(x):
    return jaxlie.SE3.exp(x).translation()


seen = {}
for dtype in (jnp.float32, jnp.float64):
    for angle in (0.0, 1e-6, 0.003, 0.01):
        x = np.array([1.0, 2.0, 3.0, angle, 0.0, 0.0])
        derivative = np.asarray(jax.jacobian(translation)(jnp.asarray(x, dtype)), float)
        steps = 1e-6 * np.eye(6)
        quotients = np.stack([(moved(x + step) - moved(x - step)) / 2e-6 for step in steps], -1)
        value = abs(np.asarray(translation(jnp.asarray(x, dtype)), float) - moved(x)).max()
        error = abs(derivative - quotients).max()
        print(f"{dtype.__name__}, angle {angle}: translation off by {value:.2g}, its derivative by {error:.2g}")
        seen[dtype.__name__, angle] = round(float(error), 1)
        if angle == 0.0:
            print("    with respect to the rotation:", derivative[:, 3:].tolist())
            if not np.allclose(derivative[:, 3:], 2 * quotients[:, 3:], atol=1e-5):
                sys.exit("changed: the derivative is not twice the correct one")
EXPECTED = {
    ("float32", 0.0): 1.5, ("float32", 1e-6): 1.5, ("float32", 0.003): 1.5, ("float32", 0.01): 0.0,
    ("float64", 0.0): 1.5, ("float64", 1e-6): 1.5, ("float64", 0.003): 0.0, ("float64", 0.01): 0.0,
}
if seen != EXPECTED:
    sys.exit("changed: the derivative is right, or wrong at other angles")
PY
