#!/usr/bin/env bash
# autograd.numpy.linalg.norm with axis and keepdims=True, as in w / norm(w, axis=1, keepdims=True). HIPS autograd 1.9.1.
# Seen: for a w of shape (3, 2) the gradient of a loss of the normalised rows has the shape (3, 3, 2). If w is itself
#   computed, as tanh(v), the shape is right and the numbers are wrong by up to 0.44. Along axis 0 the numbers are right
#   and only the shape is (1, 3, 2). With norm(w, axis=1)[:, None] and sqrt(sum(w ** 2)) all is right. No warning.
# A good engineer would guess: the same gradient as by norm(w, axis=1)[:, None]. Normalised rows are common, in a
#   cosine similarity for example.
# Why: the backward pass inserts the axis that norm has removed, also if keepdims has kept it. The product with w then
#   broadcasts, and what follows sums the extra axis away.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check autograd==1.9.1 numpy==2.4.6
OMP_NUM_THREADS=1 "$folder/venv/bin/python" -W ignore - <<'PY'
import sys
from importlib.metadata import version

import autograd
import autograd.numpy as np
import numpy

print("autograd", version("autograd"), "numpy", numpy.__version__)
drawn = numpy.random.RandomState(0)
v, factors = drawn.standard_normal((3, 2)), drawn.standard_normal((3, 2))
NORMS = {
    "keepdims, axis 1": lambda w: np.linalg.norm(w, axis=1, keepdims=True),
    "keepdims, axis 0": lambda w: np.linalg.norm(w, axis=0, keepdims=True),
    "a new axis": lambda w: np.linalg.norm(w, axis=1)[:, None],
    "sqrt of a sum": lambda w: np.sqrt(np.sum(w**2, axis=1, keepdims=True)),
}
seen = {}
for name, norm in NORMS.items():

    def direct(w, norm=norm):
        return np.sum(factors * w / norm(w))

    def loss(v, direct=direct):
        return direct(np.tanh(v))

    quotients = numpy.zeros_like(v)
    for index in numpy.ndindex(*v.shape):
        step = numpy.zeros_like(v)
        step[index] = 1e-6
        quotients[index] = (loss(v + step) - loss(v - step)) / 2e-6
    error = abs(autograd.grad(loss)(v) - quotients).max()
    shape = autograd.grad(direct)(v).shape
    print(f"{name}: gradient by w of shape {shape}, by v off by {error:.2g}")
    seen[name] = (shape, bool(error > 1e-6))
EXPECTED = {
    "keepdims, axis 1": ((3, 3, 2), True),
    "keepdims, axis 0": ((1, 3, 2), False),
    "a new axis": ((3, 2), False),
    "sqrt of a sum": ((3, 2), False),
}
if seen != EXPECTED:
    sys.exit("changed: another shape, or the gradient is right")
PY
