#!/usr/bin/env bash
# torch.distributions.Gamma.rsample (Beta, Dirichlet, Chi2, StudentT draw from it), torch 2.15.0, CPU, float64.
# Seen: the derivative of a sample by the concentration has 3 to 5 digits, for concentrations of 1 to 100: 5e-4 off
#   for the sample 2.7 of Gamma(9), 1e-4 for the sample 10 of Gamma(5).
# A good engineer would guess: float64, so 10 digits or more, as the density and its derivatives have.
# True values: -(dF/da) / f of the distribution function F and the density f, by mpmath.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check torch==2.15.0 numpy==2.2.6 mpmath==1.3.0
OMP_NUM_THREADS=1 "$folder/venv/bin/python" - <<'PY'
import sys

import mpmath
import torch

print("torch", torch.__version__)
mpmath.mp.dps = 40
errors = []
torch.manual_seed(0)
for concentration in (1.0, 5.0, 9.0, 20.0, 100.0):
    worst = 0.0
    for _ in range(20):
        a = torch.tensor(concentration, dtype=torch.float64, requires_grad=True)
        sample = torch.distributions.Gamma(a, torch.ones((), dtype=torch.float64)).rsample()
        (gradient,) = torch.autograd.grad(sample, a)
        x, at = mpmath.mpf(sample.item()), mpmath.mpf(concentration)
        density = x ** (at - 1) * mpmath.exp(-x) / mpmath.gamma(at)
        true = -mpmath.diff(lambda b: mpmath.gammainc(b, 0, x, regularized=True), at) / density
        worst = max(worst, float(abs(gradient.item() - true) / true))
    errors.append(worst)
    print(f"concentration {concentration}: worst of 20 samples off by {worst:.1g} (relative)")
EXPECTED = 1e-6
if not all(error > EXPECTED for error in errors):
    sys.exit("changed: the derivative has more digits")
PY
