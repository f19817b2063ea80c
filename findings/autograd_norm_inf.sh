#!/usr/bin/env bash
# autograd.numpy.linalg.norm(x, inf), HIPS autograd 1.9.1, float64.
# Seen: the norm of (3, 1) is 3, and its gradient is (1, 0). autograd gives (nan, 0), with no error. The orders 2 and 3
#   are right; the order 1 raises NotImplementedError, "Gradient of norm not implemented for ord=1".
# A good engineer would guess: either the right gradient, or the error that the order 1 raises.
# Why: the formula for a general order p is used with p = inf, where it contains inf - inf.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check autograd==1.9.1 numpy==2.2.6
"$folder/venv/bin/python" -W ignore - <<'PY'
import math
import sys
from importlib.metadata import version

import autograd.numpy as np
from autograd import grad

print("autograd", version("autograd"))
x = np.array([3.0, 1.0])
gradients = {order: grad(lambda x, order=order: np.linalg.norm(x, order))(x) for order in (2, 3, np.inf)}
for order, gradient in gradients.items():
    print(f"order {order}: {gradient}")
try:
    grad(lambda x: np.linalg.norm(x, 1))(x)
    refused = False
except NotImplementedError as e:
    refused = True
    print(f"order 1: NotImplementedError: {e}")
EXPECTED = (True, 0.0)
if (math.isnan(gradients[np.inf][0]), gradients[np.inf][1]) != EXPECTED or not refused:
    sys.exit("changed: the norm of order inf has another gradient, or the order 1 has one")
PY
