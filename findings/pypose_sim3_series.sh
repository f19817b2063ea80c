#!/usr/bin/env bash
# pypose.sim3(x).Exp(), gradient for rotations that are not small. PyPose 0.9.5, torch 2.15.0, CPU, float64.
# Seen: a loss of the resulting matrix, rotations of 0.1, 1, 2 and 3.1 about one axis without translation and scaling:
#   the gradient is off by 1e-10, 7e-5, 0.4 % and 8 % of its largest entry. The matrix itself is right to 15 digits.
#   se3(x).Exp(), which has the same matrix, is right at all four. Nothing is warned of.
# A good engineer would guess: 15 digits, as for se3, and as for the value.
# Why: the backward pass needs the derivative of the exponential of a 7 by 7 matrix, and sums the power series up to the
#   fifth power. The one of Log stops at the fourth. Use autograd through torch.linalg.matrix_exp for such rotations.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    pypose==0.9.5 torch==2.15.0 numpy==2.4.6
OMP_NUM_THREADS=1 "$folder/venv/bin/python" -W ignore - <<'PY'
import sys
from importlib.metadata import version

import pypose
import torch

print("pypose", version("pypose"), "torch", torch.__version__)
torch.set_default_dtype(torch.float64)
torch.manual_seed(0)
factors = torch.randn(4, 4)


def loss(x):
    make = pypose.sim3 if len(x) == 7 else pypose.se3
    return (make(x).Exp().matrix() * factors).sum()


seen = {}
for angle in (0.1, 1.0, 2.0, 3.1):
    for size in (6, 7):
        x = torch.zeros(size)
        x[5] = angle
        gradient = torch.autograd.functional.jacobian(loss, x)
        with torch.no_grad():
            quotients = torch.stack([(loss(x + s) - loss(x - s)) / 2e-5 for s in 1e-5 * torch.eye(size)])
            generator = torch.zeros(4, 4)
            generator[1, 0], generator[0, 1] = angle, -angle
            value = float(abs(loss(x) - (torch.linalg.matrix_exp(generator) * factors).sum()))
        error = float((gradient - quotients).abs().max() / quotients.abs().max())
        name = "sim3" if size == 7 else "se3"
        print(f"{name}, angle {angle}: value off by {value:.1g}, gradient by {error:.2g} of its largest entry")
        if value > 1e-12:
            sys.exit("changed: the matrix is wrong")
        seen[size, angle] = error
EXPECTED = {1.0: 7e-5, 2.0: 0.0043, 3.1: 0.076}
if max(seen[6, angle] for angle in (0.1, 1.0, 2.0, 3.1)) > 1e-7 or seen[7, 0.1] > 1e-7:
    sys.exit("changed: se3 is off too, or sim3 at a small angle")
if any(not error / 3 < seen[7, angle] < 3 * error for angle, error in EXPECTED.items()):
    sys.exit("changed: the gradient is off by another amount, or right")
PY
