#!/usr/bin/env bash
# torch.fmod, the derivative with respect to the divisor, torch 2.15.0 (2.13.0 and 2.14.0 alike), CPU, float64.
# Seen: fmod(1.0, 0.1) is 0.09999999999999995, the exact remainder: the float64 0.1 goes into 1 nine times. The
#   derivative should be -9. torch gives -10. torch.remainder at the same point gives the same value, and -9.
# A good engineer would guess: the derivative fits the value, and for positive numbers fmod and remainder agree.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check torch==2.15.0 numpy==2.2.6
OMP_NUM_THREADS=1 "$folder/venv/bin/python" - <<'PY'
import sys
from fractions import Fraction

import torch

a, b = (torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in (1.0, 0.1))
true = -(Fraction(1.0) // Fraction(0.1))  # of the two float64, exactly
(by_fmod,) = torch.autograd.grad(torch.fmod(a, b), b)
(by_remainder,) = torch.autograd.grad(torch.remainder(a, b), b)
print("torch", torch.__version__)
print("values: fmod", torch.fmod(a, b).item(), "remainder", torch.remainder(a, b).item(), "exact",
      float(Fraction(1.0) + true * Fraction(0.1)))
print("derivatives: fmod", by_fmod.item(), "remainder", by_remainder.item(), "exact", true)
EXPECTED = -10.0
if by_fmod.item() != EXPECTED or by_remainder.item() != true or true != -9:
    sys.exit("changed: fmod does not count one divisor too many any more")
PY
