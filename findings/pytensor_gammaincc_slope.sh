#!/usr/bin/env bash
# PyTensor's gammaincc(k, x), the upper incomplete gamma function, by k. PyTensor 3.0.7, CPU, float64.
# Seen: the derivative at k = 100, x = 90 is -5.5e58; true is 0.0246. It is 10 % off at (30, 31), and 4e-4 at
#   (3.5, 5.2). The derivative of gammainc, which is 1 - gammaincc, has 9 digits or more at each of these points, and
#   so have the values of gammaincc.
# A good engineer would guess: the same digits for both, since one is 1 minus the other. The distribution function of
#   an inverse gamma distribution is gammaincc, and x near k is the middle of the distribution.
# Why: the code adds up a series with alternating signs (the loop approx_b), and ends it at terms below 1e-6.
# True values: differences by mpmath 1.3.0.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check pytensor==3.0.7 mpmath==1.3.0
PYTENSOR_FLAGS="cxx=,mode=FAST_COMPILE,base_compiledir=$folder/compiled" "$folder/venv/bin/python" -W ignore - <<'PY'
import sys

import mpmath
import pytensor
import pytensor.tensor as pt

print("pytensor", pytensor.__version__)
k, x = pt.dscalar("k"), pt.dscalar("x")
slope = {
    name: pytensor.function([k, x], pytensor.grad(getattr(pt, name)(k, x), k)) for name in ("gammaincc", "gammainc")
}
value = pytensor.function([k, x], pt.gammaincc(k, x))
off = {}
for point in ((3.5, 5.2), (30.0, 31.0), (100.0, 90.0)):
    true = float(mpmath.diff(lambda a: mpmath.gammainc(a, point[1], mpmath.inf, regularized=True), point[0]))
    upper = float(mpmath.gammainc(point[0], point[1], mpmath.inf, regularized=True))
    found = {name: float(slope[name](*point)) for name in slope}
    off[point] = (
        abs(found["gammaincc"] / true - 1),
        abs(found["gammainc"] / -true - 1),
        abs(float(value(*point)) / upper - 1),
    )
    print(f"at {point}: by k {found['gammaincc']:.6g}, true {true:.6g}; minus that of gammainc {-found['gammainc']:.6g}")
EXPECTED = (1e-4, 0.05, 1e50)
if any(found[0] < least for found, least in zip(off.values(), EXPECTED)):
    sys.exit("changed: the derivative has more digits")
if any(max(found[1:]) > 1e-9 for found in off.values()):
    sys.exit("changed: gammainc or a value of gammaincc is off")
PY
