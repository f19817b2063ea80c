#!/usr/bin/env bash
# torch.special.bessel_j0, torch 2.15.0, CPU, float64. (Differentiable since 2.15; the values are as coarse in 2.13.0.)
# Seen: at 4.9, 5.25 and 6 values and derivatives are right to some 6 to 8 digits, at 2 and 20 to 12 and more. J0 jumps
#   by 4e-7 between 5 and the next float64, so that a central difference at 5 is wrong by 6 %.
# A good engineer would guess: 15 digits, as for float64 everywhere in torch.special, and a continuous function.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check torch==2.15.0 numpy==2.2.6 mpmath==1.3.0
OMP_NUM_THREADS=1 "$folder/venv/bin/python" - <<'PY'
import math
import sys

import mpmath
import torch

mpmath.mp.dps = 50
print("torch", torch.__version__)
errors = {}
for point in (2.0, 4.9, 5.25, 6.0, 20.0):
    x = torch.tensor(point, dtype=torch.float64, requires_grad=True)
    y = torch.special.bessel_j0(x)
    (gradient,) = torch.autograd.grad(y, x)
    value, slope = mpmath.besselj(0, point), -mpmath.besselj(1, point)
    errors[point] = float(abs(gradient.item() - slope) / abs(slope))
    print(f"at {point}: value off by {float(abs(y.item() - value) / abs(value)):.1g}, "
          f"derivative {gradient.item()}, true {mpmath.nstr(slope, 17)}, off by {errors[point]:.1g} (relative)")
five = torch.tensor([5.0, math.nextafter(5.0, 6.0)], dtype=torch.float64)
at, behind = torch.special.bessel_j0(five).tolist()
print("J0 at 5 and at the next float64:", at, behind)
EXPECTED = 1e-8
if not (errors[5.25] > EXPECTED and errors[6.0] > EXPECTED and errors[2.0] < 1e-12 and abs(at - behind) > 1e-8):
    sys.exit("changed: bessel_j0 has more digits beyond 5")
PY
