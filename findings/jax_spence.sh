#!/usr/bin/env bash
# jax.scipy.special.spence (the dilogarithm of 1 - x), jax 0.10.2, CPU, float64.
# Seen: in reverse mode the derivative is NaN for 1 < x <= 2; forward mode has it right there. At x = 1 both give 0, and
#   true is -1. The true derivative is log(x) / (1 - x). Values are right everywhere.
# A good engineer would guess: jax derives reverse mode from forward mode, so both are right or both are wrong.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check jax==0.10.2 numpy==2.2.6 scipy==1.15.3
"$folder/venv/bin/python" - <<'PY'
import math
import sys

import jax

jax.config.update("jax_enable_x64", True)
spence = jax.scipy.special.spence
print("jax", jax.__version__)
reverse, forward, true = {}, {}, {}
for x in (0.5, 0.9, 1.0, 1.2, 1.7, 2.0, 2.5, 10.0):
    reverse[x], forward[x] = float(jax.grad(spence)(x)), float(jax.jvp(spence, (x,), (1.0,))[1])
    true[x] = math.log(x) / (1 - x) if x != 1 else -1.0
    print(f"at {x}: reverse mode {reverse[x]}, forward mode {forward[x]}, true {true[x]}")
EXPECTED = [1.2, 1.7, 2.0]
if [x for x in reverse if math.isnan(reverse[x])] != EXPECTED:
    sys.exit("changed: reverse mode is NaN elsewhere, or nowhere")
if (reverse[1.0], forward[1.0]) != (0.0, 0.0):
    sys.exit("changed: another derivative at 1")
if any(abs(forward[x] - true[x]) > 1e-12 for x in forward if x != 1):
    sys.exit("changed: forward mode has other derivatives")
PY
