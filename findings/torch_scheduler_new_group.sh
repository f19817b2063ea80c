#!/usr/bin/env bash
# torch's LinearLR, ConstantLR and add_param_group in the middle of them, as when layers are unfrozen. torch 2.15.0.
# Seen: a group that is added after one step with lr=1 ends at 2.143 after a LinearLR warm-up and at 3.0 after a
#   ConstantLR. The first group ends at 1. So the rate that was asked for is exceeded two and three times, for the rest
#   of the training. CosineAnnealingLR ends at 0.0, but its new group is above the first on the way. LambdaLR,
#   MultiplicativeLR and OneCycleLR raise an error.
# A good engineer would guess: the new group gets the factor of the moment, or an error, as from LambdaLR.
# Why: each step multiplies the rate by the ratio of two factors. A group that did not get the first factor, 1/3,
#   still gets all ratios that lead from 1/3 to 1. Add the group with lr times the factor of the moment.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check torch==2.15.0 numpy==2.4.6
OMP_NUM_THREADS=1 "$folder/venv/bin/python" -W ignore - <<'PY'
import sys

import torch
from torch.optim import lr_scheduler

print("torch", torch.__version__)
schedules = {
    "LinearLR": lambda o: lr_scheduler.LinearLR(o, total_iters=5),
    "ConstantLR": lambda o: lr_scheduler.ConstantLR(o, total_iters=5),
    "CosineAnnealingLR": lambda o: lr_scheduler.CosineAnnealingLR(o, 8),
    "LambdaLR": lambda o: lr_scheduler.LambdaLR(o, lambda t: min(1, (1 + t) / 6)),
    "MultiplicativeLR": lambda o: lr_scheduler.MultiplicativeLR(o, lambda t: 0.5),
    "OneCycleLR": lambda o: lr_scheduler.OneCycleLR(o, 1.0, 10),
}


def rates(make):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0, momentum=0.9)
    schedule = make(optimizer)
    try:
        for epoch in range(8):
            if epoch == 1:
                optimizer.add_param_group({"params": [torch.zeros(1, requires_grad=True)], "lr": 1.0})
            optimizer.step()
            schedule.step()
    except (ValueError, KeyError) as error:
        return type(error).__name__
    return [round(group["lr"], 3) for group in optimizer.param_groups]


seen = {name: rates(make) for name, make in schedules.items()}
for name, found in seen.items():
    print(f"{name}: the rates of the first and the added group after 8 steps: {found}")
EXPECTED = {"LinearLR": [1.0, 2.143], "ConstantLR": [1.0, 3.0]}
if {name: seen[name] for name in EXPECTED} != EXPECTED:
    sys.exit("changed: the added group has another rate")
if {seen["LambdaLR"], seen["MultiplicativeLR"]} != {"ValueError"} or seen["OneCycleLR"] != "KeyError":
    sys.exit("changed: the others raise no error any more")
PY
