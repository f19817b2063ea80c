#!/usr/bin/env bash
# PyTensor's cho_solve with a factor as scipy.linalg.cho_factor returns it. PyTensor 3.0.7, SciPy 1.17.1, CPU, float64.
# Seen: cho_factor leaves the matrix's own entries in the triangle that it does not use, and cho_solve does not read
#   them. Values are right. The gradient by the factor is not, in the triangle that is read: the last row is
#   (-0.114, -0.700, 0.473), and difference quotients give (-0.114, -0.655, 0.245). With zeros above the diagonal it is
#   right.
# A good engineer would guess: entries that do not change the value do not change the gradient.
# Why: the gradient is multiplied by the whole factor, with the unread triangle in it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check pytensor==3.0.7 scipy==1.17.1
PYTENSOR_FLAGS="cxx=,mode=FAST_COMPILE,base_compiledir=$folder/compiled" "$folder/venv/bin/python" -W ignore - <<'PY'
import sys

import numpy as np
import pytensor
import pytensor.tensor as pt
import scipy.linalg

print("pytensor", pytensor.__version__, "scipy", scipy.__version__)
factor, right = pt.dmatrix("factor"), pt.dvector("right")
loss = (pt.linalg.cho_solve((factor, True), right) * np.array([1.0, -2.0, 3.0])).sum()
both = pytensor.function([factor, right], [loss, pytensor.grad(loss, factor)])
matrix, b = np.array([[4.0, 1.0, 2.0], [1.0, 3.0, -1.0], [2.0, -1.0, 5.0]]), np.array([1.0, 2.0, -1.0])
kept, lower = scipy.linalg.cho_factor(matrix, lower=True)
rows, columns = np.tril_indices(3)
h, seen = 2.0**-17, {}
for name, c in {"as returned": kept, "with zeros": np.tril(kept)}.items():
    value, gradient = both(c, b)
    quotient = np.zeros((3, 3))
    for entry in zip(rows, columns):
        step = np.zeros((3, 3))
        step[entry] = h
        quotient[entry] = (both(c + step, b)[0] - both(c - step, b)[0]) / (2 * h)
    seen[name] = (float(value), abs(gradient - quotient)[rows, columns].max())
    print(f"{name}: value {value:.6f}, gradient {gradient[rows, columns].round(4).tolist()}")
    print(f"  differences {quotient[rows, columns].round(4).tolist()}")
EXPECTED = True
if (seen["as returned"][1] > 0.1) != EXPECTED:
    sys.exit("changed: the unread triangle does not change the gradient")
if seen["with zeros"][1] > 1e-6 or seen["as returned"][0] != seen["with zeros"][0]:
    sys.exit("changed: the gradient with zeros, or a value")
PY
