#!/usr/bin/env bash
# kornia.geometry.quaternion_exp_to_log at the identity rotation, the quaternion (1, 0, 0, 0). kornia 0.9.0,
#   torch 2.15.0, CPU, float64.
# Seen: the gradient by the vector part is 0, where the difference quotient is 1. At (1, 1e-6, 0, 0) the gradient is 1.
#   A rotation that is fitted by its logarithm and begins at the identity therefore does not move.
# A good engineer would guess: 1, or NaN. The documentation calls the gradient "finite" there.
# Why: the vector part is multiplied by angle / max(|v|, 1e-8). At v = 0 this is 0 / 1e-8 in place of its limit, 1, so
#   the product has the derivative 0. quaternion_to_axis_angle, which is twice the logarithm, is right.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check kornia==0.9.0 torch==2.15.0 numpy==2.4.6
OMP_NUM_THREADS=1 "$folder/venv/bin/python" -W ignore - <<'PY'
import sys

import kornia
import torch
from kornia.geometry.conversions import quaternion_exp_to_log, quaternion_to_axis_angle

torch.set_default_dtype(torch.float64)
print("kornia", kornia.__version__, "torch", torch.__version__)


def slopes(f, x):
    q = torch.tensor([1.0, x, 0.0, 0.0])
    step = torch.tensor([0.0, 1e-5, 0.0, 0.0])
    by_autograd = torch.func.jacrev(f)(q)[0, 1].item()
    return round(by_autograd, 4), round(((f(q + step) - f(q - step))[0] / 2e-5).item(), 4)


seen = {x: slopes(quaternion_exp_to_log, x) for x in (0.0, 1e-6, 0.5)}
for x, (slope, quotient) in seen.items():
    print(f"logarithm at (1, {x:g}, 0, 0): slope by x {slope}, difference quotient {quotient}")
    if x and slope != quotient:
        sys.exit("changed: the slope beside the identity is wrong")
angle = slopes(quaternion_to_axis_angle, 0.0)
print(f"quaternion_to_axis_angle at the identity: slope {angle[0]}, difference quotient {angle[1]}")
if angle != (2.0, 2.0):
    sys.exit("changed: quaternion_to_axis_angle")
EXPECTED = (0.0, 1.0)
if seen[0.0] != EXPECTED:
    sys.exit("changed: the slope at the identity, perhaps to the right one")
PY
