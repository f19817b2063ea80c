#!/usr/bin/env bash
# numdifftools.Derivative with its defaults, and the error that it reports with full_output=True. numdifftools 0.11.2,
#   numpy 2.4.6.
# Seen: sin(1000 x) at 1: the derivative is -2.99 for 562.38, with an error estimate of 0.0029. 1 / x at 0.001: 0.00036
#   for -1000000, with an estimate of 164. With sin(100 x) the result is right to 12 digits.
# A good engineer would guess: Richardson extrapolation notices that its steps do not converge, so that the estimate is
#   at least as large as the error.
# Why: the steps depend on the size of x only, and even the smallest one is longer than a wave of sin(1000 x). The
#   values at these steps fit each other by chance, with a slope near 0. Pass a smaller step, or method="complex".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    numdifftools==0.11.2 numpy==2.4.6 scipy==1.17.1
"$folder/venv/bin/python" -W ignore - <<'PY'
import sys

import numdifftools as nd
import numpy as np

print("numdifftools", nd.__version__, "numpy", np.__version__)


def found(f, x, **options):
    result = nd.Derivative(f, full_output=True, **options)(x)
    return float(result[0]), float(np.asarray(result[1]).item())


cases = {
    "sin(1000 x) at 1": (lambda x: np.sin(1000 * x), 1.0, 1000 * np.cos(1000.0)),
    "1 / x at 0.001": (lambda x: 1 / x, 0.001, -1e6),
    "sin(100 x) at 1": (lambda x: np.sin(100 * x), 1.0, 100 * np.cos(100.0)),
}
missed = []
for name, (f, x, true) in cases.items():
    value, estimate = found(f, x)
    small = found(f, x, step=1e-6)[0]
    print(f"{name}: {value:.6g}, error estimate {estimate:.2g}, true {true:.6g}, with step=1e-6 {small:.6g}")
    if abs(small - true) > 1e-3 * abs(true):
        sys.exit("changed: a step of 1e-6 is wrong too")
    if abs(value - true) > 1000 * estimate:
        missed.append(name)
EXPECTED = ["sin(1000 x) at 1", "1 / x at 0.001"]
if missed != EXPECTED:
    sys.exit(f"changed: the error is 1000 times the estimate for {missed}")
PY
