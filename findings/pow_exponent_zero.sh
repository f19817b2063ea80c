#!/usr/bin/env bash
# torch.pow, also written a ** b, and the power of HIPS autograd: the mixed second derivative at b = 0. torch 2.15.0,
#   autograd 1.9.1, CPU, float64.
# Seen: at a = 0.7, b = 0 the Hessian of a ** b must have 1 / a = 1.4286 in both entries beside its diagonal. torch
#   gives 0 and 1.4286, and autograd 0.7 and 1.4286: the matrix is not symmetric. At b = 1e-9 both are right. So a loss
#   that contains the derivative by a has a wrong gradient with respect to b. Nothing is raised.
# A good engineer would guess: a smooth function of a positive a has a symmetric Hessian, at 0 as beside it.
# Why: the derivative by a is b a^(b - 1). At b = 0 torch replaces it with the constant 0, and autograd replaces the
#   exponent b - 1 with 1, to avoid NaN at a = 0. The value stays right, and its derivative by b is lost. jax 0.10.2 is
#   right. Start at b = 1e-9, or write exp(b log(a)).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    torch==2.15.0 autograd==1.9.1 numpy==2.4.6
OMP_NUM_THREADS=1 "$folder/venv/bin/python" -W ignore - <<'PY'
import math
import sys
from importlib.metadata import version

import autograd
import autograd.numpy as anp
import torch

print("torch", torch.__version__, "autograd", version("autograd"))
torch.set_default_dtype(torch.float64)
A = 0.7


def torchs(f, b):
    return torch.autograd.functional.hessian(f, torch.tensor([A, b])).tolist()


def forward_over_reverse(f, b):
    return torch.func.hessian(f)(torch.tensor([A, b])).tolist()


def autograds(f, b):
    return autograd.hessian(f)(anp.array([A, b])).tolist()


def power(v):
    return v[0] ** v[1]


cases = {
    "torch": (torchs, power),
    "torch.func": (forward_over_reverse, power),
    "autograd": (autograds, power),
    "torch, exp(b log(a))": (torchs, lambda v: torch.exp(v[1] * torch.log(v[0]))),
}
EXPECTED = {"torch": 0.0, "torch.func": 0.0, "autograd": 0.7, "torch, exp(b log(a))": 1.428571}
for name, (hessian, f) in cases.items():
    for b in (0.0, 1e-9):
        found = hessian(f, b)
        print(f"{name}, a {A}, b {b}: {[[round(entry, 6) for entry in row] for row in found]}")
        if abs(found[1][0] - 1 / A) > 1e-6 or abs(found[1][1] - math.log(A) ** 2) > 1e-6 or abs(found[0][0]) > 1e-6:
            sys.exit("changed: another entry is wrong")
        wanted = EXPECTED[name] if b == 0 else 1 / A
        if abs(found[0][1] - wanted) > 1e-6:
            sys.exit("changed: another mixed derivative")
PY
