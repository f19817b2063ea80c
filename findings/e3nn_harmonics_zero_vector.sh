#!/usr/bin/env bash
# e3nn.o3.spherical_harmonics with normalize=True, as its layers for graphs use it, at the zero vector: an edge between
#   two nodes at one place, or from a node to itself.
#   e3nn 0.6.0, torch 2.15.0, CPU, float32.
# Seen: the harmonics of degree 1 are 0 there, and their gradient is 1.7e12 (the square root of 3 times 1e12) for each
#   coordinate. One such edge decides the whole step of an optimizer, and nothing warns of it: no number is NaN or inf.
# A good engineer would guess: 0, since the value is 0 for this vector alone, or NaN, which a check would find.
# Why: the vector is divided by max(|x|, 1e-12). At 0 the divisor is the constant 1e-12. With normalize=False the
#   gradient is the square root of 3.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    e3nn==0.6.0 opt_einsum_fx==0.1.4 torch==2.15.0 numpy==2.4.6 scipy==1.17.1 sympy==1.14.0
OMP_NUM_THREADS=1 "$folder/venv/bin/python" -W ignore - <<'PY'
import sys

import e3nn
import torch
from e3nn import o3

print("e3nn", e3nn.__version__, "torch", torch.__version__)


def at(x, normalize):
    leaf = torch.tensor([x], requires_grad=True)
    harmonics = o3.spherical_harmonics(1, leaf, normalize=normalize, normalization="component")
    (gradient,) = torch.autograd.grad(harmonics.sum(), leaf)
    return harmonics.flatten().tolist(), gradient.abs().max().item()


for x, normalize in (([0.0, 3.0, 4.0], True), ([0.0, 0.0, 0.0], False), ([0.0, 0.0, 0.0], True)):
    values, slope = at(x, normalize)
    print(f"x = {x}, normalize={normalize}: degree 1 is {[round(v, 4) for v in values]}, largest slope {slope:.4g}")
values, slope = at([0.0, 0.0, 0.0], False)
if not 1.7 < slope < 1.8:
    sys.exit("changed: the slope without normalize")
EXPECTED = (1.7e12, 1.8e12)
values, slope = at([0.0, 0.0, 0.0], True)
if any(values) or not EXPECTED[0] < slope < EXPECTED[1]:
    sys.exit("changed: the value or the slope at the zero vector")
PY
