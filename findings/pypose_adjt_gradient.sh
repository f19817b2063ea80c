#!/usr/bin/env bash
# pypose.SE3 and pypose.Sim3: AdjT(a), gradient. PyPose 0.9.5, torch 2.15.0, CPU, float64.
# Seen: with X = se3(x).Exp() the gradient of X.AdjT(a) with respect to x is off by up to 1.9, and with respect to a
#   by up to 1. X.Inv().Adj(a), which has the same value, has right gradients. SO3.AdjT is right, too.
# A good engineer would guess: the gradient of Inv().Adj(a).
# Why: the backward pass takes the inverse for the transpose of the adjoint matrix. That is so for SO3 alone.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    pypose==0.9.5 torch==2.15.0 numpy==2.4.6
OMP_NUM_THREADS=1 "$folder/venv/bin/python" -W ignore - <<'PY'
import sys
from importlib.metadata import version

import pypose
import torch

print("pypose", version("pypose"), "torch", torch.__version__)
torch.set_default_dtype(torch.float64)
SIZES = {"so3": 3, "se3": 6, "sim3": 7}
seen = {}
for kind, size in SIZES.items():
    torch.manual_seed(0)
    make = getattr(pypose, kind)
    x, a, factors = 0.3 * torch.randn(size), torch.randn(size), torch.randn(size)
    values = {}
    for name in ("AdjT", "Inv().Adj"):

        def loss(x, a, name=name, make=make, factors=factors):
            element = make(x).Exp()
            moved = element.AdjT(make(a)) if name == "AdjT" else element.Inv().Adj(make(a))
            return (moved.tensor() * factors).sum()

        derivative = torch.cat(torch.autograd.functional.jacobian(loss, (x, a)))
        steps = 1e-6 * torch.eye(2 * size)
        with torch.no_grad():
            both = torch.cat([x, a])
            ends = [(both + step, both - step) for step in steps]
            quotients = torch.stack([(loss(*p.split(size)) - loss(*m.split(size))) / 2e-6 for p, m in ends])
            values[name] = float(loss(x, a))
        errors = (derivative - quotients).abs()
        by_x, by_a = float(errors[:size].max()), float(errors[size:].max())
        print(f"{kind} {name}: value {values[name]:.4f}, gradient by x off by {by_x:.2g}, by a by {by_a:.2g}")
        seen[kind, name] = (by_x > 0.1, by_a > 0.1)
    if abs(values["AdjT"] - values["Inv().Adj"]) > 1e-9:
        sys.exit("changed: AdjT has another value than Inv().Adj")
EXPECTED = [("se3", "AdjT"), ("sim3", "AdjT")]
if [key for key, wrong in seen.items() if any(wrong)] != EXPECTED:
    sys.exit(f"changed: {seen}")
PY
