#!/usr/bin/env bash
# torch.nn.functional.celu with an alpha that is no float32, torch 2.15.0 (2.13.0 and 2.14.0 alike), CPU, float64.
# Seen: at x = -1, alpha = 0.3 the value is right to the last digit; the derivative has 7 digits. At alpha = 0.5, which
#   is a float32, it is right. elu with alpha = 0.3 is right. The error has the size of a float32's rounding of alpha.
# A good engineer would guess: float64 in, float64 throughout, as in the forward pass and as in elu.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check torch==2.15.0 numpy==2.2.6
OMP_NUM_THREADS=1 "$folder/venv/bin/python" - <<'PY'
import math
import sys

import torch
from torch.nn import functional as F

print("torch", torch.__version__)
errors = {}
for name, function, alpha, true in (
    ("celu", F.celu, 0.3, math.exp(-1 / 0.3)),
    ("celu", F.celu, 0.5, math.exp(-1 / 0.5)),
    ("elu", F.elu, 0.3, 0.3 * math.exp(-1)),
):
    x = torch.tensor(-1.0, dtype=torch.float64, requires_grad=True)
    y = function(x, alpha)
    (gradient,) = torch.autograd.grad(y, x)
    errors[name, alpha] = abs(gradient.item() - true) / true
    print(f"{name}, alpha {alpha}: value {y.item()}, derivative {gradient.item()}, true {true}, "
          f"relative error {errors[name, alpha]:.2g}")
EXPECTED = 1e-9
if not (errors["celu", 0.3] > EXPECTED and errors["celu", 0.5] < 1e-14 and errors["elu", 0.3] < 1e-14):
    sys.exit("changed: celu does not differ from elu in the digits of alpha any more")
PY
