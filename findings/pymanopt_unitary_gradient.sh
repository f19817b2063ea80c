#!/usr/bin/env bash
# pymanopt.manifolds.UnitaryGroup(3): the Riemannian gradient of a real cost. pymanopt 2.2.1, autograd 1.9.1.
# Seen: cost(X) = Re sum(conj(A) X). The slope along a tangent vector v is -1.1 by a difference quotient, and the inner
#   product of v with the gradient is the complex number -0.1 - 0.8i. SteepestDescent ends at -4.37, the minimum is
#   -6.83, the negative sum of A's singular values. SpecialOrthogonalGroup, which is real, is right.
# A good engineer would guess: SteepestDescent reaches the minimum, or raises. Its points are unitary, so the result
#   looks valid.
# Why: the projection to the tangent space takes the transpose where it must take the conjugate transpose. So its result
#   is skew-symmetric, not skew-Hermitian. The Euclidean gradient is right. Pass it to to_tangent_space(X, X^H gradient)
#   yourself.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    pymanopt==2.2.1 autograd==1.9.1 numpy==2.4.6 scipy==1.17.1
OMP_NUM_THREADS=1 "$folder/venv/bin/python" -W ignore - <<'PY'
import importlib.metadata
import sys

import autograd.numpy as anp
import numpy as np
import pymanopt
from pymanopt.manifolds import SpecialOrthogonalGroup, UnitaryGroup
from pymanopt.optimizers import SteepestDescent

print("pymanopt", importlib.metadata.version("pymanopt"), "numpy", np.__version__)


def told(manifold, a):
    @pymanopt.function.autograd(manifold)
    def cost(x):
        return anp.real(anp.sum(anp.conj(a) * x))

    problem = pymanopt.Problem(manifold, cost)
    x = manifold.random_point()
    v = manifold.random_tangent_vector(x)
    quotient = (cost(manifold.exp(x, 1e-5 * v)) - cost(manifold.exp(x, -1e-5 * v))) / 2e-5
    slope = manifold.inner_product(x, problem.riemannian_gradient(x), v)
    own = manifold.inner_product(x, manifold.to_tangent_space(x, x.conj().T @ problem.euclidean_gradient(x)), v)
    end = SteepestDescent(verbosity=0).run(problem, initial_point=x).cost
    lowest = -np.linalg.svd(a)[1].sum()
    print(f"{type(manifold).__name__}: quotient {quotient:.4f}, slope {slope:.4f}, by X^H gradient {own:.4f}")
    print(f"    SteepestDescent ends at {end:.4f}; minus the sum of the singular values is {lowest:.4f}")
    if abs(own - quotient) > 1e-6:
        sys.exit("changed: to_tangent_space is wrong too")
    return abs(slope - quotient) < 1e-6, end < lowest + 1e-3


np.random.seed(0)
real = np.random.randn(3, 3)
seen = told(UnitaryGroup(3), real + 1j * np.random.randn(3, 3))
if not told(SpecialOrthogonalGroup(3), real)[0]:
    sys.exit("changed: the gradient on SpecialOrthogonalGroup is wrong")
EXPECTED = (False, False)
if seen != EXPECTED:
    sys.exit("changed: the gradient is right, or the minimum is reached")
PY
