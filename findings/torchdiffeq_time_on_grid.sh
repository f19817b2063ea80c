#!/usr/bin/env bash
# torchdiffeq.odeint with a fixed step, gradient with respect to an output time. torchdiffeq 0.2.5, torch 2.15.0, CPU.
# Seen: y' = -0.7 y, output at the times 0, t and 1.3, method "rk4" with a step of 0.02. At t = 0.505 the gradient of
#   y(t) by t is -0.980, as it must be. At t = 0.5 it is 0; correct is -0.987. "euler", "midpoint" and "implicit_adams"
#   do the same. "dopri5" and odeint_adjoint give -0.987. Nothing is warned of.
# A good engineer would guess: -0.987 for all of them. Measured times, which are whole multiples of the step, are the
#   usual ones; with a learned delay or event time the loss depends on them.
# Why: a time between two steps is interpolated. If it equals the end of a step, the value there is returned without the
#   interpolation, so t is no longer part of the graph. Choose a step that divides none of the times, or "dopri5".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    torchdiffeq==0.2.5 torch==2.15.0 numpy==2.4.6 scipy==1.17.1
OMP_NUM_THREADS=1 "$folder/venv/bin/python" -W ignore - <<'PY'
import math
import sys
from importlib.metadata import version

import torch
from torchdiffeq import odeint, odeint_adjoint

print("torchdiffeq", version("torchdiffeq"), "torch", torch.__version__)
torch.set_default_dtype(torch.float64)


class Decay(torch.nn.Module):
    def forward(self, t, y):
        return -0.7 * y


def slope(solve, method, at):
    times = torch.tensor([0.0, at, 1.3], requires_grad=True)
    start = torch.tensor([2.0], requires_grad=True)
    options = None if method == "dopri5" else {"step_size": 0.02}
    extra = {"adjoint_params": ()} if solve is odeint_adjoint else {}
    solve(Decay(), start, times, method=method, options=options, **extra)[1].sum().backward()
    return round(float(times.grad[1]), 2)


seen = []
for method in ("euler", "midpoint", "rk4", "implicit_adams", "dopri5"):
    for solve in (odeint, odeint_adjoint):
        found = [slope(solve, method, at) for at in (0.505, 0.5)]
        print(f"{solve.__name__}, {method}: slope at 0.505 {found[0]}, at 0.5 {found[1]}, "
              f"correct {-1.4 * math.exp(-0.7 * 0.505):.3f}, {-1.4 * math.exp(-0.35):.3f}")
        if abs(found[0] + 0.98) > 0.011:
            sys.exit("changed: the slope between two steps is off")
        if found[1] != -0.99 and abs(found[1] + 0.99) > 0.011:
            seen.append((solve.__name__, method, found[1]))
EXPECTED = [("odeint", name, 0.0) for name in ("euler", "midpoint", "rk4", "implicit_adams")]
if seen != EXPECTED:
    sys.exit(f"changed: {seen}")
PY
