#!/usr/bin/env bash
# torch.distributions.kl_divergence of two Laplace distributions, the second derivative where their locations are equal.
#   torch 2.15.0, CPU, float64.
# Seen: for KL(Laplace(m, b), Laplace(0, b)) the second derivative by m at m = 0 must be 1 / b^2, the Fisher
#   information: 1 for b = 1 and 4 for b = 0.5. torch gives 0, by backward and by torch.func. At m = 1e-6 it is right.
#   Value and first derivative are right, and the second derivative by b is right, too. Nothing is raised.
# A good engineer would guess: the Hessian of the divergence at equal distributions is the Fisher information, as it is
#   for Normal and Gumbel. A natural gradient computed so divides by 0 for the location.
# Why: the formula has |m| + b exp(-|m| / b), which is smooth. The slope of |m| at 0 is 0 in torch, so each product with
#   it is 0. Start at locations that differ by 1e-6, or use 1 / b^2.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check torch==2.15.0 numpy==2.4.6
OMP_NUM_THREADS=1 "$folder/venv/bin/python" -W ignore - <<'PY'
import sys

import torch
from torch.distributions import Gumbel, Laplace, Normal, kl_divergence

print("torch", torch.__version__)
torch.set_default_dtype(torch.float64)


def seconds(family, scale, location):
    """The second derivative of the divergence by the location: by backward, by torch.func and by quotients."""

    def divergence(m):
        return kl_divergence(family(m, torch.tensor(scale)), family(torch.tensor(0.0), torch.tensor(scale)))

    point = torch.tensor(location)
    first = [torch.autograd.functional.jacobian(divergence, point + s).item() for s in (1e-5, -1e-5)]
    return (
        torch.autograd.functional.hessian(divergence, point).item(),
        torch.func.hessian(divergence)(point).item(),
        (first[0] - first[1]) / 2e-5,
    )


EXPECTED = 0.0
for scale in (1.0, 0.5):
    for family in (Laplace, Normal):
        for location in (0.0, 1e-6):
            found = seconds(family, scale, location)
            print(f"{family.__name__}, b {scale}, m {location}: backward {found[0]:.5f}, torch.func {found[1]:.5f}, "
                  f"quotient {found[2]:.5f}, correct {1 / scale**2:.5f}")
            wanted = EXPECTED if family is Laplace and location == 0 else scale**-2
            if any(abs(second - wanted) > 1e-4 for second in found[:2]):
                sys.exit("changed: another second derivative")
            if abs(found[2] - scale**-2) > 1e-3:
                sys.exit("changed: the first derivative is wrong too")
fisher = seconds(Gumbel, 1.0, 0.0)
print("Gumbel, b 1, m 0:", [round(second, 5) for second in fisher])
if abs(fisher[0] - 1) > 1e-6:
    sys.exit("changed: Gumbel is wrong too")
PY
