#!/usr/bin/env bash
# Tensor.scatter_reduce(..., "amax" or "amin", include_self=False), torch 2.15.0 (2.13.0 and 2.14.0 alike), CPU.
# Seen: x = (5, 3) scattered into one cell, self left out. The value is 5 = x_0, whatever self is. The gradient is
#   (1, 0) when self holds 4 or 9, and (0.5, 0) when self happens to hold 5: half of the gradient goes to the self that
#   was left out. The usual start torch.zeros(...) does it to every maximum that is 0, as after relu.
# A good engineer would guess: with include_self=False the numbers in self have no influence, on gradients neither.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check torch==2.15.0 numpy==2.2.6
OMP_NUM_THREADS=1 "$folder/venv/bin/python" - <<'PY'
import sys

import torch

x = torch.tensor([5.0, 3.0], dtype=torch.float64, requires_grad=True)
index = torch.tensor([0, 0])
seen = {}
print("torch", torch.__version__)
for held in (4.0, 9.0, 5.0):
    start = torch.tensor([held], dtype=torch.float64)
    value = start.scatter_reduce(0, index, x, "amax", include_self=False)
    (gradient,) = torch.autograd.grad(value.sum(), x)
    seen[held] = (value.item(), gradient.tolist())
    print(f"self holds {held}: value {value.item()}, gradient {gradient.tolist()}")
EXPECTED = [0.5, 0.0]
if seen[4.0] != (5.0, [1.0, 0.0]) or seen[9.0] != (5.0, [1.0, 0.0]) or seen[5.0] != (5.0, EXPECTED):
    sys.exit("changed: the self that is left out takes no half of the gradient any more")
PY
