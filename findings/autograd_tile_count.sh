#!/usr/bin/env bash
# autograd.numpy.tile of a matrix with a single number of repetitions. HIPS autograd 1.9.1.
# Seen: tile(x, 2) of x = ((1, 2), (3, 4)) has the rows (1, 2, 1, 2) and (3, 4, 3, 4). With the factors 1 to 8 the
#   gradient is ((6, 8), (10, 12)); correct is ((4, 6), (12, 14)). tile(x, (1, 2)), which has the same value, is right,
#   as is a vector. tile(x, 3) raises an error. Nothing is warned of.
# A good engineer would guess: the gradient of tile(x, (1, 2)), as NumPy repeats along the last axis in both.
# Why: the backward pass counts the repetitions from the first axis on, and NumPy from the last. It then gives the
#   result the shape of x, so the mistake shows only in the numbers.
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
factors = numpy.arange(1.0, 9.0)


def gradient(x, count):
    def loss(x):
        return np.sum(np.reshape(np.tile(x, count), (-1,)) * factors[: numpy.tile(x, count).size])

    quotients = numpy.zeros_like(x)
    for index in numpy.ndindex(*x.shape):
        step = numpy.zeros_like(x)
        step[index] = 1.0
        quotients[index] = (loss(x + step) - loss(x - step)) / 2
    found = autograd.grad(loss)(x)
    print(f"tile({x.tolist()}, {count}): gradient {found.tolist()}, difference quotients {quotients.tolist()}")
    return found.tolist(), quotients.tolist()


matrix, vector = numpy.array([[1.0, 2.0], [3.0, 4.0]]), numpy.array([1.0, 2.0])
for x, count in ((matrix, (1, 2)), (matrix, (2, 1)), (vector, 2), (vector, 3)):
    found, quotients = gradient(x, count)
    if found != quotients:
        sys.exit("changed: another gradient is wrong too")
found, quotients = gradient(matrix, 2)
EXPECTED = [[6.0, 8.0], [10.0, 12.0]], [[4.0, 6.0], [12.0, 14.0]]
if (found, quotients) != EXPECTED:
    sys.exit("changed: the gradient is another one, or right")
PY
