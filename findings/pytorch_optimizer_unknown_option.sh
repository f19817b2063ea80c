#!/usr/bin/env bash
# An option that does not exist, in the optimizers of pytorch-optimizer 4.1.0, torch 2.15.0, CPU.
# Seen: AdaBelief(params, weight_dacay=0.5) is accepted, and trains without weight decay. So are Lion, SGDW, Lamb and
#   AdamP, and options of other optimizers, such as nesterov=True for Lion. torch's raise a TypeError.
# A good engineer would guess: a TypeError, as for any misspelt argument in Python.
# Why: each constructor ends with **kwargs, and reads from them only the names that it knows.
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


def weight(make, **options):
    w = torch.nn.Parameter(torch.tensor([1.0, 2.0]))
    optimizer = make([w], lr=0.1, **options)
    for _ in range(5):
        w.grad = torch.tensor([0.5, -1.0])
        optimizer.step()
    return w.tolist()


accepted = []
for name in ("AdaBelief", "Lion", "SGDW", "Lamb", "AdamP"):
    make = getattr(pytorch_optimizer, name)
    plain, misspelt, spelt = weight(make), weight(make, weight_dacay=0.5), weight(make, weight_decay=0.5)
    accepted.append((misspelt == plain, spelt != plain))
    print(f"{name}: plain {plain}, weight_dacay=0.5 {misspelt}, weight_decay=0.5 {spelt}")
try:
    weight(torch.optim.AdamW, weight_dacay=0.5)
    refused = False
except TypeError as error:
    refused = True
    print("torch.optim.AdamW:", error)
EXPECTED = [(True, True)] * 5
if accepted != EXPECTED or not refused:
    sys.exit("changed: an unknown option is refused, or has an effect")
PY
