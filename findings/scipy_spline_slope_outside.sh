#!/usr/bin/env bash
# The slope of SciPy's splines beyond their ends: UnivariateSpline(..., ext=3) called with nu=1, splev with der=1 and
#   ext=3, RectBivariateSpline with dx=1. SciPy 1.17.1, float64.
# Seen: beyond the ends the value is constant, and the slope is that of the last piece: 1.689 for 0. spline.derivative()
#   of the UnivariateSpline gives 0; partial_derivative of the RectBivariateSpline gives 2.010 for 0.
# A good engineer would guess: nu=1 is the derivative of what nu=0 gives, and spline(x, nu=1) is spline.derivative()(x).
# Why: a point beyond the ends is moved to the end, and the derivative is taken there. A table look-up in a network
#   then pushes inputs that have no effect, and a descent does not stop at the end.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check scipy==1.17.1 numpy==2.4.6
"$folder/venv/bin/python" - <<'PY'
import sys

import numpy as np
import scipy
from scipy.interpolate import RectBivariateSpline, UnivariateSpline, splev, splrep

print("scipy", scipy.__version__)
x = np.linspace(0, 3, 7)
y = np.sin(x) + x
line = UnivariateSpline(x, y, s=0, ext=3)
plane = RectBivariateSpline(x, x, np.add.outer(y, y**2))
table = splrep(x, y)
forms = {
    "line": (lambda t: line(t), lambda t: line(t, nu=1)),
    "derivative()": (lambda t: line(t), lambda t: line.derivative()(t)),
    "splev": (lambda t: splev(t, table, ext=3), lambda t: splev(t, table, der=1, ext=3)),
    "plane": (lambda t: plane.ev(t, 1.0), lambda t: plane.ev(t, 1.0, dx=1)),
    "partial_derivative": (lambda t: plane.ev(t, 1.0), lambda t: plane.partial_derivative(1, 0)(t, 1.0, grid=False)),
}
seen = {}
for name, (value, slope) in forms.items():
    seen[name] = [round(float(slope(t)), 3) for t in (-1.0, 1.3)]
    quotients = [round(float(value(t + 1e-6) - value(t - 1e-6)) / 2e-6, 3) for t in (-1.0, 1.3)]
    print(f"{name}: slopes {seen[name]} at -1 and 1.3, difference quotients {quotients}")
    if quotients != [0.0, 1.268]:
        sys.exit("changed: the value is not constant beyond the end any more")
EXPECTED = 1.689
if (seen["line"][0], seen["splev"][0], seen["plane"][0], seen["partial_derivative"][0]) != (EXPECTED, EXPECTED, 2.01, 2.01):
    sys.exit("changed: beyond the end there is another slope, perhaps 0")
if seen["derivative()"][0] != 0.0:
    sys.exit("changed: derivative() is not 0 beyond the end any more")
PY
