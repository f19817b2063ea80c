#!/usr/bin/env bash
# jax.scipy.special.fresnel, the second derivatives at special points. jax 0.10.2, CPU, float64.
# Seen: the second derivative of C is -pi x sin(pi x^2 / 2), which is -3.14 at x = 1, -9.42 at 3 and -15.7 at 5. jax
#   gives 0 at these points, with grad of grad, with hessian, and with forward mode twice. At 1.001 it gives -3.1447,
#   which is right. The first derivatives are right. Nothing is raised.
# A good engineer would guess: right to 14 digits at 1 as at 1.001.
# Why: the first derivative is a cosine that is replaced with the constant 0 where its angle is exactly a quarter turn,
#   so that it is exactly 0 there. That is so for each odd x, and a constant has the derivative 0. Newton's method for
#   an extremum of C then divides by 0 at the solution. Use difference quotients of the first derivative there.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6 scipy==1.17.1
"$folder/venv/bin/python" -W ignore - <<'PY'
import math
import sys

import jax
from jax.scipy.special import fresnel

jax.config.update("jax_enable_x64", True)
print("jax", jax.__version__)


def c(x):
    return fresnel(x)[1]


for x in (1.0, 3.0, 5.0, 1.001, 1.5):
    first = float(jax.grad(c)(x))
    second = [float(d(x)) for d in (jax.grad(jax.grad(c)), jax.hessian(c), jax.jacfwd(jax.jacfwd(c)))]
    quotient = float(jax.grad(c)(x + 1e-5) - jax.grad(c)(x - 1e-5)) / 2e-5
    correct = -math.pi * x * math.sin(math.pi * x * x / 2)
    print(f"x {x}: first {first:.6f}, second {second}, its quotient {quotient:.6f}, correct {correct:.6f}")
    if abs(first - math.cos(math.pi * x * x / 2)) > 1e-12 or abs(quotient - correct) > 1e-6:
        sys.exit("changed: the first derivative is another one")
    EXPECTED = 0.0 if x == round(x) else correct
    if any(abs(found - EXPECTED) > 1e-9 for found in second):
        sys.exit("changed: another second derivative")
PY
