#!/usr/bin/env bash
# POT: ot.gromov.partial_gromov_wasserstein2, its gradient by the cost matrix C1. POT 0.9.7.post1, torch 2.15.0, CPU,
#   float64.
# Seen: with the whole mass, m=1, the gradient agrees with the difference quotient. With m=0.75 a point that gets no
#   mass still has one: 7.5 by its distance of 30 to another point, which the loss does not depend on.
# A good engineer would guess: right for every m, as the documents call the loss differentiable by C1 and C2.
# Why: the gradient is set by hand, and takes the weights p of all points where the masses of the transport plan belong.
#   With m=1 these are the same. Compute the loss by torch from the plan T, kept constant.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    POT==0.9.7.post1 torch==2.15.0 numpy==2.4.6 scipy==1.17.1
OMP_NUM_THREADS=1 "$folder/venv/bin/python" -W ignore - <<'PY'
import sys

import ot
import torch

torch.set_default_dtype(torch.float64)
print("POT", ot.__version__, "torch", torch.__version__)
points, others = torch.tensor([[0.0], [1.0], [3.0], [30.0]]), torch.tensor([[0.2], [1.1], [3.4], [-20.0]])
c1, c2, p = ot.dist(points, points, "euclidean"), ot.dist(others, others, "euclidean"), torch.full((4,), 0.25)


def slopes(mass):
    def loss(matrix):
        return ot.gromov.partial_gromov_wasserstein2(matrix, c2, p, p, m=mass)

    c = c1.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(loss(c), c)
    plan = ot.gromov.partial_gromov_wasserstein(c1, c2, p, p, m=mass).sum(1)
    change = torch.zeros(4, 4)
    change[0, 3] = change[3, 0] = 1
    quotient = (loss(c1 + 1e-5 * change) - loss(c1 - 1e-5 * change)).item() / 2e-5
    found = round((gradient * change).sum().item(), 3), round(quotient, 3)
    print(f"m={mass}: mass of the points {plan.tolist()}; slope by the distance 03: {found[0]}, quotient {found[1]}")
    return found


whole, part = slopes(1.0), slopes(0.75)
EXPECTED = 7.5
if abs(whole[0] - whole[1]) > 2e-3:
    sys.exit("changed: the gradient with the whole mass is wrong")
if part != (EXPECTED, 0.0):
    sys.exit("changed: a point without mass has another gradient, perhaps 0")
PY
