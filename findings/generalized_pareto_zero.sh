#!/usr/bin/env bash
# torch.distributions.GeneralizedPareto at concentration 0, torch 2.15.0, CPU, float64.
# Seen: log_prob, cdf and icdf have the derivative 0 by the concentration at 0. At 1e-5 they have -0.5, -0.18 and 0.019,
#   and so have their difference quotients at 0. A concentration that begins at 0 stays there, with every optimizer.
# A good engineer would guess: 0 is the exponential distribution, in the middle of a smooth family; the value there is
#   right, so the derivative is, too. (Laplace.cdf at loc does the same: density 0 there, in place of the peak.)
# Why: at 0 another formula is used, in which the concentration does not occur.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check torch==2.15.0 numpy==2.2.6
OMP_NUM_THREADS=1 "$folder/venv/bin/python" - <<'PY'
import sys

import torch

print("torch", torch.__version__)
torch.set_default_dtype(torch.float64)
at = torch.tensor(0.3, dtype=torch.float64)


def value(name, concentration):
    scale = torch.tensor(0.3, dtype=torch.float64)
    return getattr(torch.distributions.GeneralizedPareto(torch.zeros_like(scale), scale, concentration), name)(at)


def derivative(name, point):
    c = torch.tensor(point, dtype=torch.float64, requires_grad=True)
    return torch.autograd.grad(value(name, c), c)[0].item()


seen = {}
step = torch.tensor(2.0**-12, dtype=torch.float64)
for name in ("log_prob", "cdf", "icdf"):
    quotient = ((value(name, step) - value(name, -step)) / (2 * step)).item()
    seen[name] = (derivative(name, 0.0), quotient, derivative(name, 1e-5))
    print(f"{name}: derivative at 0 {seen[name][0]}, central difference {quotient:.4f}, derivative at 1e-5 {seen[name][2]:.4f}")
loc = torch.zeros((), dtype=torch.float64, requires_grad=True)
(laplace,) = torch.autograd.grad(torch.distributions.Laplace(loc, torch.ones_like(loc)).cdf(torch.zeros_like(loc)), loc)
print("Laplace.cdf at loc: derivative by loc", laplace.item(), "- true -0.5")
EXPECTED = 0.0
if any(found[0] != EXPECTED for found in seen.values()) or laplace.item() != EXPECTED:
    sys.exit("changed: there is a derivative at the special point")
if any(abs(q - near) > 1e-3 or abs(q) < 1e-2 for _, q, near in seen.values()):
    sys.exit("changed: another derivative beside the special point")
PY
