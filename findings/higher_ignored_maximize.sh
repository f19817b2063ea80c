#!/usr/bin/env bash
# higher.innerloop_ctx, the differentiable copy of an optimizer of torch. higher 0.2.1, torch 2.15.0, CPU, float64.
# Seen: SGD(maximize=True) and Adam(maximize=True) go up in torch, and their copies go down: from a weight of 1 with a
#   gradient of 1 and lr = 0.1 the copy moves to 0.9, torch to 1.1. Adam(decoupled_weight_decay=True) adds the decay to
#   the gradient. Adam's first step with eps = 0.1 and a gradient of 1 is by 0.0240, torch's by 0.0909. Nothing is
#   raised, although the options lie in the groups that the copy reads. The gradient of the copy with respect to
#   lr is right for the rule that the copy has.
# A good engineer would guess: the same steps as the optimizer that is passed in, or an error.
# Why: higher has rules of its own, of 2020. It does not know the newer options, and adds eps to the root of the second
#   moment before the bias is corrected, so in the first step eps counts 32 times (1 / sqrt(1 - 0.999)). Negate the loss
#   to maximize, and keep eps small. The other optimizers of torch.optim that it has agree with torch to rounding.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    higher==0.2.1 torch==2.15.0 numpy==2.4.6
OMP_NUM_THREADS=1 "$folder/venv/bin/python" -W ignore - <<'PY'
import sys
from importlib.metadata import version

import higher
import torch

print("higher", version("higher"), "torch", torch.__version__)
torch.set_default_dtype(torch.float64)


class Weight(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(1))

    def forward(self):
        return self.weight.sum()


def after_one_step(rule, copied, **options):
    model = Weight()
    optimizer = rule(model.parameters(), lr=0.1, **options)
    if copied:
        with higher.innerloop_ctx(model, optimizer) as (copy, differentiable):
            differentiable.step(copy())
            return round(copy.weight.item(), 4)
    model().backward()
    optimizer.step()
    return round(model.weight.item(), 4)


cases = [
    (torch.optim.SGD, {}),
    (torch.optim.SGD, {"momentum": 0.9, "nesterov": True}),
    (torch.optim.SGD, {"maximize": True}),
    (torch.optim.Adam, {}),
    (torch.optim.Adam, {"maximize": True}),
    (torch.optim.Adam, {"eps": 0.1}),
    (torch.optim.Adam, {"weight_decay": 1.0, "decoupled_weight_decay": True}),
    (torch.optim.RMSprop, {"eps": 0.1}),
]
seen = []
for rule, options in cases:
    pair = after_one_step(rule, False, **options), after_one_step(rule, True, **options)
    print(f"{rule.__name__} {options}: torch moves 1 to {pair[0]}, the copy to {pair[1]}")
    seen.append(pair)
EXPECTED = [(0.9, 0.9), (0.81, 0.81), (1.1, 0.9), (0.9, 0.9), (1.1, 0.9), (0.9091, 0.976), (0.8, 0.9), (0.5, 0.5)]
if seen != EXPECTED:
    sys.exit("changed: other steps")
PY
