#!/usr/bin/env bash
# torch.cholesky_solve (cholesky_inverse alike), torch 2.15.0 (2.13.0 and 2.14.0 alike), CPU, float64.
# Seen: the forward pass reads only the lower triangle of L. The gradient is nonzero above the diagonal all the same,
#   also for an L that is lower triangular. Where something stands above the diagonal, which the forward pass ignores,
#   the gradient on the diagonal is wrong, too: -5 in place of 0.
# A good engineer would guess: what is not read has the gradient 0, as in torch.linalg.solve_triangular.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check torch==2.15.0 numpy==2.2.6
OMP_NUM_THREADS=1 "$folder/venv/bin/python" - <<'PY'
import sys

import torch


def loss(L):
    return torch.cholesky_solve(torch.tensor([[1.0], [2.0]], dtype=torch.float64), L).sum()


print("torch", torch.__version__)
seen = {}
for above in (0.0, 5.0):
    L = torch.tensor([[1.0, above], [1.0, 1.0]], dtype=torch.float64, requires_grad=True)
    value = loss(L)
    (gradient,) = torch.autograd.grad(value, L)
    step, quotients = 2.0**-17, []
    for i in range(4):
        up, down = L.detach().clone(), L.detach().clone()
        up.view(-1)[i] += step
        down.view(-1)[i] -= step
        quotients.append(round(((loss(up) - loss(down)) / (2 * step)).item(), 8) + 0.0)
    seen[above] = gradient.flatten().tolist()
    print(f"{above} above the diagonal: value {value.item()}, gradient {seen[above]}, central differences {quotients}")
EXPECTED = [-1.0, -1.0, -1.0, -5.0]
if seen[0.0] != [-1.0, -1.0, -1.0, 0.0] or seen[5.0] != EXPECTED:
    sys.exit("changed: another gradient above the diagonal")
PY
