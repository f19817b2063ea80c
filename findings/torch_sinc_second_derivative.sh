#!/usr/bin/env bash
# torch.sinc at 0, the second derivative. torch 2.15.0, CPU, float64 and float32.
# Seen: torch.autograd.functional.hessian gives NaN, and torch.func.hessian gives 0. Correct is -pi^2 / 3 = -3.2899,
#   which the difference quotient of the first derivative confirms. The value 1 and the first derivative 0 are right. At
#   0.1 both are right. Nothing is raised.
# A good engineer would guess: sinc is smooth, and the value at 0 is handled, so both ways give -3.29.
# Why: the first derivative is a quotient that is replaced with the constant 0 at 0. Forward mode differentiates the
#   constant. The backward pass also differentiates the quotient, with 0 / 0. HIPS autograd 1.9.1 has NaN as well, and
#   jax 0.10.2 is right. Near 0 use the series 1 - (pi x)^2 / 6 + (pi x)^4 / 120.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check torch==2.15.0 numpy==2.4.6
OMP_NUM_THREADS=1 "$folder/venv/bin/python" -W ignore - <<'PY'
import math
import sys

import torch

print("torch", torch.__version__)


def backward_twice(x):
    return torch.autograd.functional.hessian(torch.sinc, x).item()


def forward_over_reverse(x):
    return torch.func.hessian(torch.sinc)(x).item()


seen = {}
for dtype, x in ((torch.float64, 0.0), (torch.float64, 0.1), (torch.float32, 0.0)):
    point = torch.tensor(x, dtype=dtype)
    seen[dtype, x] = backward_twice(point), forward_over_reverse(point)
    first = torch.autograd.functional.jacobian(torch.sinc, point).item()
    print(f"{dtype}, x {x}: first {first:.6f}, second by backward {seen[dtype, x][0]:.6f}, by torch.func "
          f"{seen[dtype, x][1]:.6f}")
step = torch.tensor(1e-3, dtype=torch.float64)
slopes = [torch.autograd.functional.jacobian(torch.sinc, at).item() for at in (step, -step)]
quotient = (slopes[0] - slopes[1]) / 2e-3
print(f"difference quotient of the first derivative at 0: {quotient:.6f}, correct {-math.pi**2 / 3:.6f}")
EXPECTED = 0.0
both = [seen[dtype, 0.0] for dtype in (torch.float64, torch.float32)]
if any(not math.isnan(backward) or forward != EXPECTED for backward, forward in both):
    sys.exit("changed: another second derivative at 0")
if abs(quotient + math.pi**2 / 3) > 1e-4 or any(abs(found + 3.193) > 0.02 for found in seen[torch.float64, 0.1]):
    sys.exit("changed: the quotient, or the second derivative at 0.1")
PY
