#!/usr/bin/env bash
# POT: ot.solve with reg=0.5 and grad="envelope", the gradient of value by the weights a. POT 0.9.7.post1, torch 2.15.0,
#   CPU, float64.
# Seen: along a change of a that keeps its sum, the slope is -0.0081 for 0.0266: even the sign is wrong. With the
#   default grad="autodiff" it is right, and so is the gradient by the costs M both ways. With reg_type="entropy" both
#   are right.
# A good engineer would guess: the two modes differ in memory only, as documented.
# Why: the default reg_type is "KL", by the product of a and b. The envelope always gives the dual potentials, which are
#   the gradient of the value with "entropy". The term reg * log(a) that comes from the product is left out.
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
torch.manual_seed(0)
costs, a, b = torch.rand(4, 4), torch.tensor([0.1, 0.2, 0.3, 0.4]), torch.full((4,), 0.25)
by_a, by_costs = torch.tensor([0.1, -0.1, 0.0, 0.0]), torch.eye(4)


def slopes(**options):
    def value(weights, m):
        return ot.solve(m, weights, b, reg=0.5, tol=1e-12, max_iter=100000, **options).value

    inputs = a.clone().requires_grad_(), costs.clone().requires_grad_()
    g_a, g_m = torch.autograd.grad(value(*inputs), inputs)
    quotient_a = (value(a + 1e-4 * by_a, costs) - value(a - 1e-4 * by_a, costs)).item() / 2e-4
    quotient_m = (value(a, costs + 1e-4 * by_costs) - value(a, costs - 1e-4 * by_costs)).item() / 2e-4
    found = [round(s, 4) for s in ((g_a * by_a).sum().item(), quotient_a, (g_m * by_costs).sum().item(), quotient_m)]
    print(f"{options}: by a {found[0]}, difference quotient {found[1]}; by the costs {found[2]}, quotient {found[3]}")
    if found[2] != found[3]:
        sys.exit("changed: the gradient by the costs is wrong")
    return found[:2]


EXPECTED = [-0.0081, 0.0266]
if slopes(grad="envelope") != EXPECTED:
    sys.exit("changed: the envelope has another slope, perhaps the right one")
for options in ({"grad": "autodiff"}, {"grad": "envelope", "reg_type": "entropy"}):
    seen = slopes(**options)
    if seen[0] != seen[1]:
        sys.exit(f"changed: {options} is wrong")
PY
