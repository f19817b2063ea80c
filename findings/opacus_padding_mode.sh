#!/usr/bin/env bash
# opacus.GradSampleModule, a convolution with padding_mode="circular", "reflect" or "replicate". opacus 1.6.0, torch
#   2.15.0, CPU, float64.
# Seen: the gradients of single examples, p.grad_sample, are off by half of their size or more, although p.grad itself
#   is right. With padding_mode="zeros" and in the bias they are right. ModuleValidator finds nothing to complain of.
# A good engineer would guess: the sum of p.grad_sample is the gradient of the batch, or an error. opacus trains with
#   p.grad_sample only.
# Why: the formula pads with zeros, whatever padding_mode says. Pad with torch.nn.CircularPad2d and the like before the
#   convolution.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    opacus==1.6.0 torch==2.15.0 numpy==2.4.6 scipy==1.17.1
OMP_NUM_THREADS=1 "$folder/venv/bin/python" -W ignore - <<'PY'
import sys

import opacus
import torch
from opacus.validators import ModuleValidator

torch.set_default_dtype(torch.float64)
print("opacus", opacus.__version__, "torch", torch.__version__)


def off(layer):
    torch.manual_seed(0)
    x = torch.randn(3, 2, 7, 7)
    weights = torch.randn_like(layer(x))
    singles = [torch.autograd.grad((layer(x[k : k + 1]) * weights[k]).sum(), layer[-1].weight)[0] for k in range(3)]
    true = torch.stack(singles)
    problems = ModuleValidator.validate(layer)
    (opacus.GradSampleModule(layer, loss_reduction="sum")(x) * weights).sum().backward()
    p = layer[-1].weight
    batch = (p.grad - true.sum(0)).abs().max() / true.sum(0).abs().max()
    return round(((p.grad_sample - true).abs().max() / true.abs().max()).item(), 3), round(batch.item(), 3), problems


def conv(mode, padding=1):
    return torch.nn.Conv2d(2, 4, 3, padding=padding, padding_mode=mode)


layers = {mode: torch.nn.Sequential(conv(mode)) for mode in ("zeros", "circular", "reflect", "replicate")}
layers["CircularPad2d before"] = torch.nn.Sequential(torch.nn.CircularPad2d(1), conv("zeros", 0))
wrong = []
for name, layer in layers.items():
    sample, batch, problems = off(layer)
    print(f"{name}: p.grad_sample off by {sample}, p.grad by {batch}, problems {problems}")
    if batch > 1e-6 or problems:
        sys.exit("changed: p.grad is wrong, or a problem is reported")
    if sample > 0.1:
        wrong.append(name)
EXPECTED = ["circular", "reflect", "replicate"]
if wrong != EXPECTED:
    sys.exit(f"changed: p.grad_sample is wrong for {wrong}")
PY
