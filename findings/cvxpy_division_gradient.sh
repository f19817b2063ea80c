#!/usr/bin/env bash
# cvxpy: the attribute .grad of an expression that divides by a variable, 1 / x. CVXPY 1.9.3, float64.
# Seen: at x = 2 the gradient of 1 / x is 0 (true: -0.25) and that of (x + 1) / x is 1 (true: -0.25). Nothing is raised.
#   inv_pos(x) and power(x, -1), the same function, have -0.25. x * x has 4, so products of variables are supported.
# A good engineer would guess: -0.25, as for inv_pos; or None, which the documents promise outside of the domain.
# Why: a quotient is treated as linear, with the divisor as a constant. Methods that linearize a problem step by step
#   read .grad, and see a cost that x does not change.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check cvxpy==1.9.3 numpy==2.4.6 scipy==1.17.1
"$folder/venv/bin/python" - <<'PY'
import sys

import cvxpy
import numpy as np

print("cvxpy", cvxpy.__version__)
x = cvxpy.Variable()
expressions = {
    "1 / x": 1 / x, "(x + 1) / x": (x + 1) / x, "inv_pos(x)": cvxpy.inv_pos(x), "power(x, -1)": cvxpy.power(x, -1),
    "x * x": x * x,
}
seen = {}
for name, expression in expressions.items():
    x.value = 2.0
    seen[name] = float(np.asarray(expression.grad[x]).item())
    ends = []
    for x.value in (2.0 - 1e-6, 2.0 + 1e-6):
        ends.append(float(expression.value))
    print(f"{name}: gradient {seen[name]}, difference quotient {(ends[1] - ends[0]) / 2e-6:.4f}")
EXPECTED = {"1 / x": 0.0, "(x + 1) / x": 1.0, "inv_pos(x)": -0.25, "power(x, -1)": -0.25, "x * x": 4.0}
if seen != EXPECTED:
    sys.exit("changed: a quotient has another gradient, perhaps the right one")
PY
