#!/usr/bin/env bash
# scipy.special.obl_rad2, the oblate radial function of the second kind, and the derivative that it returns. SciPy
#   1.17.1, float64.
# Seen: at m = 2, n = 3, c = 0.5, x = 2 it returns the value -0.454 and the derivative -4433. The difference quotient of
#   its own values is 0.73. The differential equation, integrated from x = 6, gives -12.537 and 20.27, so that both
#   numbers are wrong. The Wronskian with obl_rad1, which must be 1 / (c (x^2 + 1)), confirms it. At x = 4 value and
#   derivative are right. Nothing is raised, and no entry is NaN.
# A good engineer would guess: a value and its derivative, or NaN where the method fails. obl_rad1 is right at both.
# Why: for small x the function changes to another series, and that one is wrong for these numbers, also for (1, 2) and
#   (3, 4). Compare the Wronskian before you use a pair, or integrate the differential equation, as below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check scipy==1.17.1 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PY'
import sys

import scipy
from scipy.integrate import solve_ivp
from scipy.special import obl_cv, obl_rad1, obl_rad2

print("scipy", scipy.__version__)
M, N, C = 2, 3, 0.5


def quotient(f, x):
    return (f(M, N, C, x + 1e-5)[0] - f(M, N, C, x - 1e-5)[0]) / 2e-5


def equation(x, y):
    """The radial differential equation, for the value and (x^2 + 1) times the derivative."""
    factor = obl_cv(M, N, C) - (C * x) ** 2 - M**2 / (x * x + 1)
    return [y[1] / (x * x + 1), factor * y[0]]


start = obl_rad2(M, N, C, 6.0)
path = solve_ivp(equation, (6.0, 2.0), [start[0], 37 * start[1]], rtol=1e-11, atol=1e-13, dense_output=True)
seen = {}
for x in (4.0, 2.0):
    first, second = obl_rad1(M, N, C, x), obl_rad2(M, N, C, x)
    slope = quotient(obl_rad2, x)
    ratio = (first[0] * slope - first[1] * second[0]) * C * (x * x + 1)
    true = path.sol(x)[0], path.sol(x)[1] / (x * x + 1)
    wronskian = (first[0] * true[1] - first[1] * true[0]) * C * (x * x + 1)
    print(f"x {x}: obl_rad2 {second[0]:.6f}, derivative {second[1]:.6f}, quotient {slope:.6f}, "
          f"its Wronskian {ratio:.4f} of the correct one")
    print(f"    by the differential equation {true[0]:.6f}, {true[1]:.6f}, its Wronskian {wronskian:.6f}")
    if abs(first[1] - quotient(obl_rad1, x)) > 1e-7:
        sys.exit("changed: obl_rad1 is wrong too")
    seen[x] = float(second[1]), slope, ratio, wronskian
EXPECTED = -4433.445
if abs(seen[2.0][0] - EXPECTED) > 1e-2 or abs(seen[2.0][1] - 0.73366) > 1e-4 or abs(seen[2.0][2] - 0.0362) > 1e-3:
    sys.exit("changed: another value or derivative at 2")
if abs(seen[4.0][2] - 1) > 1e-7 or abs(seen[4.0][0] - seen[4.0][1]) > 1e-6 or abs(seen[2.0][3] - 1) > 1e-6:
    sys.exit("changed: wrong at 4 too, or the differential equation does not help")
PY
