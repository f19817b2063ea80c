#!/usr/bin/env bash
# Derivatives by a complex step of 1e-20, imag(f(x + 1e-20j)) / 1e-20, of functions of SciPy that take complex numbers.
#   SciPy 1.17.1, float64.
# Seen: the values are right to the last digits, and the derivatives of jv, yv, airy, hyp0f1, of gamma at a negative
#   argument and of cosm are not: -4200 for 0.155 for jv at 7.3. Nothing is warned of. erf, iv, loggamma and expm are
#   right.
# A good engineer would guess: right to the last digit, as the method is known for: it needs no difference of close
#   numbers, and the step may be as small as one likes. If not, an error.
# Why: these functions round the whole complex number, so that the imaginary part is off by 1e-17 of the value, which is
#   1000 times the step; cosm adds two exponentials and loses it. A step of 1e-8 gives 7 digits or more; jvp, yvp and
#   the other derivatives of scipy.special give all.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check scipy==1.17.1 numpy==2.4.6
OMP_NUM_THREADS=1 "$folder/venv/bin/python" -W error - <<'PY'
import sys

import numpy as np
import scipy
from scipy import linalg, special

print("scipy", scipy.__version__)
matrix = np.array([[0.0, 1.0], [0.2, 2.0]])
corner = np.array([[1.0, 0.0], [0.0, 0.0]])
cases = {
    "jv(0.5, x)": (lambda x: special.jv(0.5, x), 2.0), "jv(2, x)": (lambda x: special.jv(2, x), 7.3),
    "yv(1.5, x)": (lambda x: special.yv(1.5, x), 0.1), "airy(x)": (lambda x: special.airy(x)[0], -2.0),
    "hyp0f1(1.5, x)": (lambda x: special.hyp0f1(1.5, x), -7.3), "gamma(x)": (special.gamma, -0.5),
    "cosm": (lambda x: linalg.cosm(matrix + x * corner)[0, 1], 0.7),
    "erf(x)": (special.erf, 0.7), "iv(2, x)": (lambda x: special.iv(2, x), 0.7),
    "loggamma(x)": (special.loggamma, 1.7), "expm": (lambda x: linalg.expm(matrix + x * corner)[0, 1], 0.7),
}
wrong = []
for name, (f, x) in cases.items():
    h = 1e-3
    true = (8 * (f(x + h) - f(x - h)) - f(x + 2 * h) + f(x - 2 * h)) / (12 * h)
    tiny, small = (complex(f(complex(x, step))).imag / step for step in (1e-20, 1e-8))
    print(f"{name} at {x}: step 1e-20 {tiny:.6g}, step 1e-8 {small:.6g}, differences {true:.6g}")
    if abs(small - true) > 1e-5 * (1 + abs(true)):
        sys.exit("changed: a step of 1e-8 is wrong as well")
    if abs(tiny - true) > 1e-5 * (1 + abs(true)):
        wrong.append(name)
EXPECTED = list(cases)[:7]
if wrong != EXPECTED:
    sys.exit(f"changed: wrong with a tiny step are {wrong}")
PY
