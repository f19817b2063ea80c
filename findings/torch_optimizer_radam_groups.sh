#!/usr/bin/env bash
# torch_optimizer.RAdam with two parameter groups. torch_optimizer 0.3.0, torch 2.15.0, CPU, float64.
# Seen: the gradient is 1, the first group has the rate 0.1 and the second 0.001. Both move by the steps of 0.1: the
#   second group moves 100 times too fast. In the other order both use 0.001. Without two groups, and with
#   torch.optim.RAdam, each group uses its own rate.
# A good engineer would guess: every group has its own rate, as in all optimizers, and param_groups shows it.
# Why: the factor of a step is kept in a table, so that it is computed once per step, and it contains the rate. The
#   groups share one table, the default of the constructor, so later groups find the factor of the first. The betas
#   of later groups are ignored in the same way. Use torch.optim.RAdam, or one optimizer per group.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    torch_optimizer==0.3.0 torch==2.15.0 numpy==2.4.6
OMP_NUM_THREADS=1 "$folder/venv/bin/python" -W ignore - <<'PY'
import sys
from importlib.metadata import version

import torch
import torch_optimizer

print("torch_optimizer", version("torch_optimizer"), "torch", torch.__version__)


def moved(make, *rates):
    """How far every group moves in ten steps with the gradient 1."""
    weights = [torch.nn.Parameter(torch.zeros(1, dtype=torch.float64)) for _ in rates]
    optimizer = make([{"params": [w], "lr": rate} for w, rate in zip(weights, rates)])
    for _ in range(10):
        for w in weights:
            w.grad = torch.ones_like(w)
        optimizer.step()
    return [round(-w.item(), 5) for w in weights]


theirs, torchs = torch_optimizer.RAdam, torch.optim.RAdam
alone = [moved(theirs, rate)[0] for rate in (0.1, 0.001)]
both, turned = moved(theirs, 0.1, 0.001), moved(theirs, 0.001, 0.1)
right = moved(torchs, 0.1, 0.001)
print(f"rates 0.1 and 0.001: alone {alone}, together {both}, in the other order {turned}; torch.optim {right}")
EXPECTED = [alone[0], alone[0]], [alone[1], alone[1]]
if (both, turned) != EXPECTED:
    sys.exit("changed: the groups do not share the rate of the first")
if abs(alone[0] / alone[1] - 100) > 1 or right != [moved(torchs, rate)[0] for rate in (0.1, 0.001)]:
    sys.exit("changed: one group alone, or torch's RAdam")
PY
