#!/usr/bin/env bash
# torch.optim.lr_scheduler.ChainedScheduler with a LambdaLR (CosineAnnealingWarmRestarts alike). torch 2.15.0, CPU.
# Seen: ExponentialLR(0.8) and then a LambdaLR give the rates of the LambdaLR alone: the decay has no effect. In the
#   other order the decay acts once, 0.8 times the lambda in every step, for 0.8 ** step. Nothing is raised.
#   ExponentialLR with LinearLR gives the product, in both orders.
# A good engineer would guess: the product in every order, as the documents say that each scheduler acts on the rate of
#   the one before; or an error for a scheduler that cannot be chained.
# Why: LambdaLR sets the initial rate times its factor, which overwrites what the others did. A warmup is often a LambdaLR.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check torch==2.15.0 numpy==2.4.6
OMP_NUM_THREADS=1 "$folder/venv/bin/python" -W ignore - <<'PY'
import sys

import torch
from torch.optim.lr_scheduler import ChainedScheduler, ExponentialLR, LambdaLR, LinearLR

print("torch", torch.__version__)


def rates(*parts):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    chained = ChainedScheduler([part(optimizer) for part in parts])
    seen = []
    for _ in range(3):
        optimizer.step()
        chained.step()
        seen.append(round(chained.get_last_lr()[0], 4))
    return seen


def decay(optimizer):
    return ExponentialLR(optimizer, 0.8)


def warmup(optimizer):
    return LambdaLR(optimizer, lambda step: min(1.0, (step + 1) / 4))


def linear(optimizer):
    return LinearLR(optimizer, 0.25, 1.0, 3)


product = [round(min(1.0, (step + 1) / 4) * 0.8**step, 4) for step in (1, 2, 3)]
seen = {
    "LambdaLR alone": rates(warmup), "ExponentialLR, LambdaLR": rates(decay, warmup),
    "LambdaLR, ExponentialLR": rates(warmup, decay), "ExponentialLR, LinearLR": rates(decay, linear),
    "LinearLR, ExponentialLR": rates(linear, decay), "product": product,
}
for name, found in seen.items():
    print(f"{name}: {found}")
EXPECTED = [0.5, 0.75, 1.0]
if seen["LambdaLR alone"] != EXPECTED or seen["ExponentialLR, LambdaLR"] != EXPECTED:
    sys.exit("changed: the decay acts before a LambdaLR")
if seen["LambdaLR, ExponentialLR"] != [0.4, 0.6, 0.8]:
    sys.exit("changed: the decay after a LambdaLR acts in another way")
if seen["ExponentialLR, LinearLR"] != product or seen["LinearLR, ExponentialLR"] != product:
    sys.exit("changed: two recursive schedulers give no product")
PY
