#!/usr/bin/env bash
# sympy.lambdify with SciPy of an expression with lowergamma, uppergamma, betainc_regularized or harmonic. sympy 1.14.0,
#   scipy 1.17.1, numpy 2.4.6.
# Seen: the derivative of log(lowergamma(a, x)) by x, at a = 2.5 and x = 1.3, is 0.0725 as a function of lambdify, and
#   1.2734 by evalf and by a difference quotient. log(lowergamma(a, x)) itself is right both ways. So a gradient that
#   SymPy has derived does not fit its own function.
# A good engineer would guess: the two agree to rounding, or lambdify raises.
# Why: lowergamma(a, x) is written as gamma(a)*gammainc(a, x), the other three as products, differences or sums too, and
#   no parentheses stand around them. Behind a division, a factor or a power only the first part is divided,
#   multiplied, or the last part raised. Compare the function with evalf at a few points. modules="mpmath" has no such
#   mistake, but there betainc_regularized is not divided by beta(a, b), without an error.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check sympy==1.14.0 scipy==1.17.1 numpy==2.4.6
"$folder/venv/bin/python" - <<'PY'
import sys

import scipy
import sympy
from sympy import betainc_regularized, diff, harmonic, log, lowergamma, uppergamma

print("sympy", sympy.__version__, "scipy", scipy.__version__)
a, b, c, x = sympy.symbols("a b c x", positive=True)
point = {a: 2.5, b: 3.0, c: 0.1, x: 0.4}


def told(expression, modules):
    return float(sympy.lambdify(list(point), expression, modules)(*point.values()))


expressions = {
    "log(lowergamma(a, x))": log(lowergamma(a, x)),
    "its derivative by x": diff(log(lowergamma(a, x)), x),
    "derivative of log(uppergamma(a, x))": diff(log(uppergamma(a, x)), x),
    "derivative of log(betainc_regularized(a, b, c, x))": diff(log(betainc_regularized(a, b, c, x)), x),
    "b * harmonic(x)": b * harmonic(x),
    "harmonic(x)": harmonic(x),
    "derivative of log(gamma(x))": diff(log(sympy.gamma(x)), x),
}
wrong = []
for name, expression in expressions.items():
    true, found, by_mpmath = (float(expression.evalf(subs=point)), *(told(expression, m) for m in ("scipy", "mpmath")))
    print(f"{name}: lambdify {found:.4f}, evalf {true:.4f}, lambdify with mpmath {by_mpmath:.4f}")
    if (abs(by_mpmath - true) > 1e-9) != ("betainc" in name):
        sys.exit("changed: mpmath is wrong elsewhere, or is right")
    if abs(found - true) > 1e-9 * max(1, abs(true)):
        wrong.append(name)
EXPECTED = list(expressions)[1:5]
if wrong != EXPECTED:
    sys.exit(f"changed: lambdify is wrong for {wrong}")
x1 = told(diff(log(lowergamma(a, x)), x).subs({x: 1.3}), "scipy")
f = sympy.lambdify(x, log(lowergamma(2.5, x)), "scipy")
print(f"at x = 1.3: lambdify {x1:.4f}, difference quotient {(f(1.3 + 1e-6) - f(1.3 - 1e-6)) / 2e-6:.4f}")
PY
