#!/usr/bin/env bash
# jax.scipy.special.i0 at 0, and the second derivatives of i1 and jax.numpy.i0 there. jax 0.10.2, CPU, float64.
# Seen: I0 is even and smooth, so that its slope at 0 is 0. jax gives 1, in forward and in reverse mode; at 1e-9 it gives
#   5e-10. The second derivative of i1 at 0 is 1 (true 0), and that of jax.numpy.i0, whose slope is right, 0 (true 0.5).
# A good engineer would guess: 0. The value is 1 exactly, and no kink is near.
# Why: i0 is exp(|x|) times the scaled function. Each factor has a kink at 0, the product has none, and |x| has slope 1.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check jax==0.10.2 numpy==2.2.6 scipy==1.15.3
"$folder/venv/bin/python" - <<'PY'
import sys

import jax

jax.config.update("jax_enable_x64", True)
special = jax.scipy.special
print("jax", jax.__version__)
seen = {
    "i0, reverse mode": jax.grad(special.i0)(0.0),
    "i0, forward mode": jax.jvp(special.i0, (0.0,), (1.0,))[1],
    "i0 at 1e-9": jax.grad(special.i0)(1e-9),
    "jax.numpy.i0": jax.grad(jax.numpy.i0)(0.0),
    "i1": jax.grad(special.i1)(0.0),
    "i1 twice": jax.grad(jax.grad(special.i1))(0.0),
    "jax.numpy.i0 twice": jax.grad(jax.grad(jax.numpy.i0))(0.0),
}
seen = {name: float(found) for name, found in seen.items()}
for name, found in seen.items():
    print(f"{name}: {found}")
quotient = (special.i0(2.0**-17) - special.i0(-(2.0**-17))) / 2.0**-16
print("central difference of i0 at 0:", float(quotient))
EXPECTED = [1.0, 1.0]
if [seen["i0, reverse mode"], seen["i0, forward mode"]] != EXPECTED or float(quotient) != 0.0:
    sys.exit("changed: i0 has another slope at 0")
if seen["i1 twice"] != 1.0 or seen["jax.numpy.i0 twice"] != 0.0 or seen["i1"] != 0.5 or seen["jax.numpy.i0"] != 0.0:
    sys.exit("changed: i1 or jax.numpy.i0 has another derivative at 0")
PY
