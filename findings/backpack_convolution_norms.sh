#!/usr/bin/env bash
# BackPACK's gradients of single examples for convolutions. backpack-for-pytorch 1.7.1, torch 2.15.0, CPU, float64.
# Seen: BatchL2Grad, the squared norms of these gradients, is 1.7 to 2 times too large for the weight of a convolution
#   with groups=2. BatchGrad beside it is right. With padding="same" BatchGrad is wrong by more than its size and
#   BatchL2Grad right; with padding_mode="circular" both are wrong. No error and no warning. p.grad is always right.
# A good engineer would guess: batch_l2 is the sum of the squares of grad_batch, and grad_batch sums to p.grad.
# Why: each of the two has a formula of its own. The one for the norms ignores groups, and neither knows padding_mode.
#   Sum the squares of grad_batch instead, and pad by a layer before the convolution.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    backpack-for-pytorch==1.7.1 torch==2.15.0 numpy==2.4.6
OMP_NUM_THREADS=1 "$folder/venv/bin/python" -W ignore - <<'PY'
import sys
from importlib.metadata import version

import backpack
import torch
from backpack import extensions

torch.set_default_dtype(torch.float64)
print("BackPACK", version("backpack-for-pytorch"), "torch", torch.__version__)


def off(**options):
    torch.manual_seed(0)
    x, labels = torch.randn(3, 4, 8), torch.tensor([0, 2, 1])
    conv = torch.nn.Conv1d(4, 4, 3, **options)
    net = torch.nn.Sequential(conv, torch.nn.Flatten(), torch.nn.Linear(conv(x).flatten(1).shape[1], 3))
    loss = torch.nn.CrossEntropyLoss(reduction="sum")
    true = torch.stack(
        [torch.autograd.grad(loss(net(x[k : k + 1]), labels[k : k + 1]), conv.weight)[0] for k in range(3)]
    )
    with backpack.backpack(extensions.BatchGrad(), extensions.BatchL2Grad()):
        backpack.extend(loss)(backpack.extend(net)(x), labels).backward()
    norms, p = true.flatten(1).square().sum(1), conv.weight
    if (p.grad - true.sum(0)).abs().max() > 1e-9:
        sys.exit("changed: p.grad is wrong")
    grad = (p.grad_batch - true).abs().max() / true.abs().max()
    print(f"{options}: batch_l2 / true {(p.batch_l2 / norms).numpy().round(3)}, grad_batch off by {grad:.3f}")
    return bool(((p.batch_l2 / norms - 1).abs() > 1e-6).any()), bool(grad > 1e-6)


EXPECTED = {"plain": (False, False), "groups": (True, False), "same": (False, True), "circular": (True, True)}
seen = {
    "plain": off(padding=1),
    "groups": off(padding=1, groups=2),
    "same": off(padding="same"),
    "circular": off(padding=1, padding_mode="circular"),
}
if seen != EXPECTED:
    sys.exit(f"changed: wrong (norms, gradients): {seen}")
PY
