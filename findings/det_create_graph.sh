#!/usr/bin/env bash
# torch.linalg.det, torch 2.15.0 (2.13.0 and 2.14.0 alike), CPU, float64.
# Seen: at [[1, 2], [2, 4]] backward gives the gradient 0, 0, 0, 0. With create_graph=True the same call gives
#   4, -2, -2, 1, the cofactors, which are right. A flag that only keeps the graph changes the numbers.
# A good engineer would guess: create_graph never changes a first derivative; and at a singular matrix both ways give
#   the cofactors, or NaN, or both give 0.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check torch==2.15.0 numpy==2.2.6
OMP_NUM_THREADS=1 "$folder/venv/bin/python" - <<'PY'
import sys

import torch

A = torch.tensor([[1.0, 2.0], [2.0, 4.0]], dtype=torch.float64, requires_grad=True)
(plain,) = torch.autograd.grad(torch.linalg.det(A), A)
(kept,) = torch.autograd.grad(torch.linalg.det(A), A, create_graph=True)
step, quotients = 2.0**-10, []
for i in range(4):
    up, down = A.detach().clone(), A.detach().clone()
    up.view(-1)[i] += step
    down.view(-1)[i] -= step
    quotients.append(((torch.linalg.det(up) - torch.linalg.det(down)) / (2 * step)).item())
print("torch", torch.__version__)
print("backward:                  ", plain.flatten().tolist())
print("with create_graph=True:    ", kept.flatten().tolist())
print("central differences:       ", quotients)
cofactors = torch.tensor([[4.0, -2.0], [-2.0, 1.0]], dtype=torch.float64)
EXPECTED = [0.0, 0.0, 0.0, 0.0]
if plain.flatten().tolist() != EXPECTED or (kept - cofactors).abs().max() > 1e-12:
    sys.exit("changed: not zeros without create_graph and cofactors with it any more")
PY
