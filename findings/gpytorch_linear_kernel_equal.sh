#!/usr/bin/env bash
# gpytorch.kernels.LinearKernel: k(x, c) by autograd, where the values of x and c are equal. gpytorch 1.15.2,
#   torch 2.15.0, CPU, float64.
# Seen: k(x, c) is x c. At x = c = 3 the derivative by x is 6 for 3, and c gets none. At x = 3, c = 3.001 it is right.
#   The form k(x, x.detach()), as in Stein's variational gradient descent, so gives twice the gradient. RBFKernel and
#   PolynomialKernel of power 1 are right at equal points.
# A good engineer would guess: 3 by each. The value alone cannot tell whether two tensors are one.
# Why: if both tensors have equal values, the kernel is built of x alone, as the square of x. That is right only for
#   k(x, x). PolynomialKernel(power=1) with an offset of almost 0 avoids it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    gpytorch==1.15.2 linear_operator==0.6.1 torch==2.15.0 numpy==2.4.6 scipy==1.17.1
OMP_NUM_THREADS=1 "$folder/venv/bin/python" -W ignore - <<'PY'
import sys

import gpytorch
import torch
from gpytorch.kernels import LinearKernel, PolynomialKernel, RBFKernel

torch.set_default_dtype(torch.float64)
print("gpytorch", gpytorch.__version__, "torch", torch.__version__)


def slopes(kernel, x, c):
    x, c = torch.tensor([[x]], requires_grad=True), torch.tensor([[c]], requires_grad=True)
    by = torch.autograd.grad(kernel(x, c).to_dense().sum(), (x, c), allow_unused=True)
    return [None if g is None else round(g.item(), 3) for g in by]


linear, polynomial = LinearKernel(), PolynomialKernel(power=1)
linear.variance = 1.0
polynomial.offset = 1e-9
equal, beside = slopes(linear, 3.0, 3.0), slopes(linear, 3.0, 3.001)
print(f"LinearKernel: slopes by x and c at (3, 3) {equal}, at (3, 3.001) {beside}")
others = {"PolynomialKernel": slopes(polynomial, 3.0, 3.0), "RBFKernel": slopes(RBFKernel(), 3.0, 3.0)}
print("at (3, 3):", others)
if beside != [3.001, 3.0] or others != {"PolynomialKernel": [3.0, 3.0], "RBFKernel": [0.0, 0.0]}:
    sys.exit("changed: other points or kernels are wrong")
EXPECTED = [6.0, None]
if equal != EXPECTED:
    sys.exit("changed: the slopes at equal numbers, perhaps to 3 by each")
PY
