#!/usr/bin/env bash
# geoopt's RiemannianSGD and RiemannianAdam on ordinary parameters, next to torch.optim. geoopt 0.5.1, torch 2.15.0,
#   CPU.
# Seen: with momentum 0.9 and a constant gradient of 1 the first three steps of RiemannianSGD are 1.9, 2.71, 3.439 times
#   the rate; torch's SGD gives 1, 1.9, 2.71. With weight_decay 0.5 beside it the first step is 2.4 for 1.5. In both
#   optimizers weight_decay changes p.grad itself. Without momentum, and for RiemannianAdam, the steps are torch's.
# A good engineer would guess: torch's steps in Euclidean space, as the docstring says "with the same API as
#   torch.optim.SGD".
# Why: the buffer begins as the gradient, without the decay, and the first step already multiplies it by the momentum
#   and adds the gradient. The decay is added to p.grad in place. A norm that is logged after the step contains it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    geoopt==0.5.1 torch==2.15.0 numpy==2.4.6 scipy==1.17.1
OMP_NUM_THREADS=1 "$folder/venv/bin/python" -W ignore - <<'PY'
import sys
from importlib.metadata import version

import geoopt
import torch

print("geoopt", version("geoopt"), "torch", torch.__version__)


def steps(make, **options):
    p = torch.nn.Parameter(torch.tensor([1.0], dtype=torch.float64))
    optimizer, moved = make([p], lr=0.1, **options), []
    for _ in range(3):
        before = p.detach().clone()
        p.grad = torch.ones_like(p)
        optimizer.step()
        moved.append(round(float(before - p) / 0.1, 4))
    return moved, round(float(p.grad), 4)


settings = {
    "momentum": {"momentum": 0.9}, "momentum, decay": {"momentum": 0.9, "weight_decay": 0.5},
    "plain": {}, "decay": {"weight_decay": 0.5},
}
seen = {name: steps(geoopt.optim.RiemannianSGD, **options) for name, options in settings.items()}
right = {name: steps(torch.optim.SGD, **options) for name, options in settings.items()}
for name in settings:
    (geoopts, geoopts_grad), (torchs, torchs_grad) = seen[name], right[name]
    print(f"SGD, {name}: steps / lr {geoopts} and p.grad {geoopts_grad}; torch {torchs} and {torchs_grad}")
adam, adam_right = (steps(make, weight_decay=0.5) for make in (geoopt.optim.RiemannianAdam, torch.optim.Adam))
print(f"Adam, decay: steps / lr {adam[0]} and p.grad {adam[1]}; torch {adam_right[0]} and {adam_right[1]}")
EXPECTED = {"momentum": [1.9, 2.71, 3.439], "momentum, decay": [2.4, 3.54, 4.389]}
if {name: seen[name][0] for name in EXPECTED} != EXPECTED:
    sys.exit("changed: other steps with momentum, perhaps torch's")
if any(seen[name][0] != right[name][0] for name in ("plain", "decay")) or adam[0] != adam_right[0]:
    sys.exit("changed: the steps without momentum, or those of Adam, are not torch's any more")
if seen["decay"][1] == 1.0 or adam[1] == 1.0 or right["decay"][1] != 1.0:
    sys.exit("changed: weight_decay leaves the gradient alone")
PY
