#!/usr/bin/env bash
# casadi.erfinv, value and derivative. CasADi 3.8.2, float64.
# Seen: erfinv(0.9) has 16 digits and erfinv(-0.9) has 8, so the function is not odd. Just below 0.7 it has 6 digits and
#   jumps by 2.4e-6 at 0.7: the difference quotient with a step of 1e-6 is 2.72. The symbolic derivative is right,
#   1.516. From -0.3 to 0.3 there are 16 digits.
# A good engineer would guess: 15 digits everywhere, as SciPy's erfinv has, and minus the value at the negative number.
# Why: three approximations meet at 0.7 and -0.7. By the values, only the one above 0.7 is refined to full precision. So
#   a right derivative fails a gradient check by differences there. Use a step of 1e-3.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    casadi==3.8.2 numpy==2.4.6 scipy==1.17.1
OMP_NUM_THREADS=1 "$folder/venv/bin/python" -W ignore - <<'PY'
import sys

import casadi
from scipy import special

print("casadi", casadi.__version__)
x = casadi.SX.sym("x")
erfinv = casadi.Function("erfinv", [x], [casadi.erfinv(x)])
slope = casadi.Function("slope", [x], [casadi.jacobian(casadi.erfinv(x), x)])


def quotient(at, step):
    return float(erfinv(at + step) - erfinv(at - step)) / (2 * step)


errors = {}
for at in (0.1, 0.6999999, 0.7000001, 0.9, -0.1, -0.6999999, -0.7000001, -0.9):
    errors[at] = abs(float(erfinv(at)) - special.erfinv(at))
    print(f"erfinv({at}) = {float(erfinv(at)):.16f}, off by {errors[at]:.1g}")
correct = 1.5163632
seen = [round(value, 2) for value in (float(slope(0.7)), quotient(0.7, 1e-6), quotient(0.7, 1e-3))]
print(f"at 0.7: derivative {seen[0]}, quotient with a step of 1e-6 {seen[1]}, of 1e-3 {seen[2]}, correct {correct:.3f}")
if max(errors[at] for at in (0.1, -0.1, 0.7000001, 0.9)) > 1e-15 or abs(float(slope(0.7)) - correct) > 1e-6:
    sys.exit("changed: other values are off, or the derivative is")
EXPECTED = [1.52, 2.72, 1.52]
if seen != EXPECTED:
    sys.exit("changed: the jump at 0.7 is another one, or there is none")
if not (1e-6 < errors[0.6999999] < 1e-5 and 1e-6 < errors[-0.6999999] < 1e-5 and 1e-8 < errors[-0.9] < 1e-7):
    sys.exit("changed: other digits, perhaps all")
PY
