#!/usr/bin/env bash
# scipy.special.assoc_legendre_p (assoc_legendre_p_all alike) at x = 1 and x = -1, SciPy 1.17.1, float64.
# Seen: with norm=True, P_2^2 has the slope -6 at 1, which is the slope without normalization. True is -1.936, and a
#   point at a distance of 1e-9 has it. The value of P_2^0 jumps alike, from 1.581 to 1. And for m = -2, without norm, the
#   second derivative at 1 is -0.25 for every n: P_3^-2 = x (1 - x^2) / 8 has -0.75.
# A good engineer would guess: the ends are polynomials as every other point; norm=True is one factor, at the ends too.
# Why: at the ends another branch is taken, which does not know of norm, and whose second derivative for m = -2 lacks n.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check scipy==1.17.1 numpy==2.4.6
"$folder/venv/bin/python" - <<'PY'
import sys

import scipy
from scipy.special import assoc_legendre_p

print("scipy", scipy.__version__)


def found(n, m, x, **options):
    return [round(float(one), 4) for one in assoc_legendre_p(n, m, x, diff_n=2, **options)]


print("norm=True: value, first and second derivative")
for n, m in ((2, 0), (2, 2)):
    print(f"P_{n}^{m}: {found(n, m, 1.0, norm=True)} at 1, {found(n, m, 1 - 1e-9, norm=True)} beside it")
print("norm=False")
for n in (3, 4):
    print(f"P_{n}^-2: {found(n, -2, 1.0)} at 1, {found(n, -2, 1 - 1e-9)} beside it")
EXPECTED = -6.0
if (found(2, 2, 1.0, norm=True)[1], found(2, 2, 1 - 1e-9, norm=True)[1]) != (EXPECTED, -1.9365):
    sys.exit("changed: norm=True has another slope at the end")
if (found(3, -2, 1.0)[2], found(3, -2, 1 - 1e-9)[2]) != (-0.25, -0.75):
    sys.exit("changed: m = -2 has another second derivative at the end")
PY
