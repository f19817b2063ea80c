#!/usr/bin/env bash
# torch.optim.SGD(momentum=0.9, fused=True) with a GradScaler that skips the first step. torch 2.15.0, CPU, float32.
# Seen: the first loss is infinite, so the scaler skips the step, as it should. The next two steps have the gradient 1.
#   Without fused=True the weight goes from 1 to 0.9 and 0.71. With fused=True the momentum buffer after the skipped
#   step is memory that was never written: it is NaN if torch marks such memory, and it may hold old numbers otherwise.
#   In one run the weights were 11758 and 22338. If the memory happens to be 0, nothing is visible.
# A good engineer would guess: a skipped step leaves the optimizer as it was. fused=True only changes the speed. The
#   first steps of a GradScaler are often skipped, as its scale starts at 65536.
# Why: the buffer is created without a value, because the kernel fills it in the first step. The kernel returns early
#   if the gradient is infinite. In the next step the buffer exists, so it counts as filled. Adam and Adagrad are right.
#   Set fused=False, or momentum=0.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check torch==2.15.0 numpy==2.4.6
OMP_NUM_THREADS=1 "$folder/venv/bin/python" -W ignore - <<'PY'
import math
import sys

import torch

print("torch", torch.__version__)


def train(make, first, **options):
    """The weight after each of three steps, and the state after the first one, whose loss is `first` times the sum."""
    w = torch.nn.Parameter(torch.ones(1000))
    optimizer, scaler, weights = make([w], lr=0.1, **options), torch.amp.GradScaler("cpu"), []
    for factor in (first, 1.0, 1.0):
        optimizer.zero_grad()
        old = torch.full((1000,), 1000.0)
        scaler.scale((w * factor).sum()).backward()
        scaler.unscale_(optimizer)
        del old
        scaler.step(optimizer)
        scaler.update()
        weights.append(round(w[0].item(), 4))
    return weights


rules = {"SGD": (torch.optim.SGD, {"momentum": 0.9}), "Adam": (torch.optim.Adam, {}), "Adagrad": (torch.optim.Adagrad, {})}
seen = {}
for marked in (False, True):
    torch.use_deterministic_algorithms(marked)  # with True torch.empty is filled with NaN
    for name, (make, options) in rules.items():
        seen[name, marked] = [train(make, math.inf, fused=fused, **options) for fused in (False, True)]
        print(f"{name}, unwritten memory marked with NaN: {marked}: {seen[name, marked][0]}, fused {seen[name, marked][1]}")
print("SGD, fused, without a skipped step:", train(torch.optim.SGD, 1.0, momentum=0.9, fused=True))
EXPECTED = [1.0, 0.9, 0.71]
if any(seen["SGD", marked][0] != EXPECTED for marked in (False, True)):
    sys.exit("changed: the steps without fused=True")
if not math.isnan(seen["SGD", True][1][1]):
    sys.exit("changed: the fused SGD's buffer is written before it is read")
if any(seen[name, marked][0] != seen[name, marked][1] for name in ("Adam", "Adagrad") for marked in (False, True)):
    sys.exit("changed: the steps of a fused Adam or Adagrad")
PY
