#!/usr/bin/env bash
# lion_pytorch.Lion(decoupled_weight_decay=True), groups with learning rates of their own.
#   lion-pytorch 0.2.5, torch 2.15.0, CPU.
# Seen: weight_decay=0.01 takes 0.01 of a weight per step, whether lr is 1e-4 or 1e-3. In a group with lr=1e-3, of an
#   optimizer with lr=1e-4, it takes 0.1. Without decoupling it takes lr * 0.01 in all cases, as described.
# A good engineer would guess: 0.01 in each group, as the option is there so that the decay need not follow the rate.
#   With rates that grow from layer to layer, the last layer decays 10 or 100 times as fast as meant.
# Why: the decay is divided by the initial rate, and that is the lr of the constructor for all groups. Without an lr it
#   is the default, 1e-4. Give each group its own weight_decay, multiplied by the constructor's lr over the group's.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    lion-pytorch==0.2.5 torch==2.15.0 numpy==2.4.6
OMP_NUM_THREADS=1 "$folder/venv/bin/python" -W ignore - <<'PY'
import sys
from importlib.metadata import version

import torch
from lion_pytorch import Lion

print("lion-pytorch", version("lion-pytorch"), "torch", torch.__version__)


def decay(group, **options):
    """The part of a weight that one step takes away if its gradient is 0."""
    p = torch.nn.Parameter(torch.ones(1, dtype=torch.float64))
    optimizer = Lion([{"params": [p], **group}], **options)
    p.grad = torch.zeros_like(p)
    optimizer.step()
    return round(1 - p.item(), 9)


both = {"weight_decay": 0.01, "decoupled_weight_decay": True}
seen = {
    "lr 1e-4": decay({}, lr=1e-4, **both),
    "lr 1e-3": decay({}, lr=1e-3, **both),
    "lr 1e-4, group 1e-3": decay({"lr": 1e-3}, lr=1e-4, **both),
    "group 1e-3 alone": decay({"lr": 1e-3}, **both),
    "lr 1e-4, group 1e-3, as advised": decay({"lr": 1e-3, "weight_decay": 0.001}, lr=1e-4, **both),
    "lr 1e-4, group 1e-3, coupled": decay({"lr": 1e-3}, lr=1e-4, weight_decay=0.01),
}
for name, found in seen.items():
    print(f"{name}: a step takes {found}")
EXPECTED = [0.01, 0.01, 0.1, 0.1, 0.01, 1e-5]
if list(seen.values()) != EXPECTED:
    sys.exit("changed: the decay of a group is another one")
PY
