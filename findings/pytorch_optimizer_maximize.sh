#!/usr/bin/env bash
# pytorch_optimizer with maximize=True: the sign of p.grad, and Adan. pytorch-optimizer 4.1.0, torch 2.15.0, CPU,
#   float64.
# Seen: after one step with maximize=True the gradient in p.grad has the other sign. A second step without a new
#   backward goes down: w = 1, gradient 1, lr = 0.1, Lion: 1.1, then 1.0, where torch's optimizers go on up. Adan with
#   maximize=True is another rule than Adan of -g: its second step is 0.0995 in place of 0.0907, with its default
#   options.
# A good engineer would guess: maximize=True is the same rule with -g, and p.grad stays as backward left it, as in
#   torch.
# Why: the gradient is negated in place. Adan stores the first gradient for its differences before that, so that the
#   first difference is twice the gradient in place of 0.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check torch==2.15.0 pytorch-optimizer==4.1.0 numpy==2.2.6
OMP_NUM_THREADS=1 "$folder/venv/bin/python" -W ignore - <<'PY'
import importlib.metadata
import sys

import pytorch_optimizer
import torch

print("pytorch-optimizer", importlib.metadata.version("pytorch-optimizer"), "torch", torch.__version__)
torch.set_default_dtype(torch.float64)


def moved(make, sign, fresh, **options):
    w = torch.nn.Parameter(torch.tensor([1.0]))
    optimizer, values = make([w], lr=0.1, **options), []
    w.grad = torch.tensor([sign])
    for step in range(3):
        if fresh:
            w.grad = sign * torch.tensor([1.0 + step])
        optimizer.step()
        values.append(round(w.item(), 4))
    return values, w.grad.item()


kept = {}
for name, make in {
    "pytorch_optimizer.Lion": pytorch_optimizer.Lion,
    "pytorch_optimizer.AdaBelief": pytorch_optimizer.AdaBelief,
    "torch.optim.SGD": torch.optim.SGD,
    "torch.optim.Adam": torch.optim.Adam,
}.items():
    kept[name], _ = moved(make, 1.0, fresh=False, maximize=True)
    print(f"{name}, maximize=True, three steps on one gradient: {kept[name]}")
up, _ = moved(pytorch_optimizer.Adan, 1.0, fresh=True, maximize=True)
same, _ = moved(pytorch_optimizer.Adan, -1.0, fresh=True)
print(f"Adan on fresh gradients 1, 2, 3: maximize=True {up}, with -g {same}")
EXPECTED = True
if (kept["pytorch_optimizer.Lion"][1] < kept["pytorch_optimizer.Lion"][0]) != EXPECTED:
    sys.exit("changed: the second step goes on up")
if any(kept[name] != sorted(kept[name]) for name in ("torch.optim.SGD", "torch.optim.Adam")):
    sys.exit("changed: torch's optimizers go down")
if (up != same) != EXPECTED:
    sys.exit("changed: Adan with maximize=True is Adan of -g")
PY
