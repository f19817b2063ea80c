#!/usr/bin/env bash
# thinc's losses: get_grad next to the difference quotient of get_loss. thinc 9.1.1, CPU.
# Seen: CategoricalCrossentropy and L2Distance: the quotient is 2 times the gradient, with normalize=False (and with
#   normalize=True). The value of CategoricalCrossentropy for a guess of (0.7, 0.2, 0.1) and the truth 0 is 0.14, the
#   sum of squared differences; the cross entropy is -log(0.7) = 0.357. CosineDistance is right.
# A good engineer would guess: get_grad is the derivative of get_loss, by the name a cross entropy.
# Why: get_loss is the sum of the squares of get_grad, whatever the loss is called. The gradient is that of the cross
#   entropy by the numbers that go into the softmax.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check thinc==9.1.1 numpy==2.4.6
OMP_NUM_THREADS=1 "$folder/venv/bin/python" -W ignore - <<'PY'
import sys
from importlib.metadata import version

import numpy as np
from thinc import api

print("thinc", version("thinc"))
guess, truth = np.array([[0.7, 0.2, 0.1], [0.3, 0.3, 0.4]]), np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
change = np.array([[0.3, -0.2, -0.1], [0.1, -0.4, 0.3]])


def ratio(loss):
    quotient = (loss.get_loss(guess + 1e-4 * change, truth) - loss.get_loss(guess - 1e-4 * change, truth)) / 2e-4
    return round(float(quotient / (loss.get_grad(guess, truth) * change).sum()), 3)


losses = (api.CategoricalCrossentropy, api.L2Distance, api.CosineDistance)
seen = {loss.__name__: ratio(loss(normalize=False)) for loss in losses}
print("difference quotient of get_loss, divided by get_grad:", seen)
value = float(api.CategoricalCrossentropy(normalize=False).get_loss(guess[:1], truth[:1]))
print(f"value of CategoricalCrossentropy: {value:.4f}, cross entropy {-np.log(0.7):.4f}")
EXPECTED = {"CategoricalCrossentropy": 2.0, "L2Distance": 2.0, "CosineDistance": 1.0}
if seen != EXPECTED or abs(value - 0.14) > 1e-6:
    sys.exit("changed: other factors, or another value of the cross entropy")
PY
