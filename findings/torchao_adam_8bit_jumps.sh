#!/usr/bin/env bash
# torchao.optim.Adam8bit, AdamFp8 and Adam4bit, gradients of different size in one block of 256 entries. torchao 0.18.0,
#   torch 2.15.0, CPU. torch.compile, left out here as it needs a compiler, gives the same numbers.
# Seen: one entry has a gradient of about 1, the others of about 1e-4, all random, learning rate 0.001, 60 steps.
#   torch's Adam never moves an entry by more than 1.02 times the rate. Adam8bit and AdamFp8 move one by 2000 and 2500
#   times the rate. With Adam4bit the small entries hardly move after the first step: 1 rate in all, instead of 14. No
#   warning.
# A good engineer would guess: a few digits less than Adam, but steps of about the rate, as this bound is why Adam is
#   used.
# Why: a block is stored relative to its largest entry. A second moment, here 1e-8 of the largest, is rounded to 0, the
#   first moment, 1e-4 of it, is not. A step then divides by the root of the newest squared gradient alone, which may be
#   tiny. In 4 bits nothing is 0, and the small second moments become 1/16 of the largest. Put tensors whose gradients
#   differ so much, as embeddings or biases, into a group for torch.optim.Adam.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    torchao==0.18.0 torch==2.15.0 numpy==2.4.6
TORCHDYNAMO_DISABLE=1 OMP_NUM_THREADS=1 "$folder/venv/bin/python" -W ignore - 2>/dev/null <<'PY'
import sys

import torch
import torchao
from torchao.optim import Adam4bit, Adam8bit, AdamFp8

print("torchao", torchao.__version__, "torch", torch.__version__)
RATE = 1e-3
sizes = torch.full((4096,), 1e-4)
sizes[0] = 1.0


def steps(make, sizes):
    torch.manual_seed(0)
    p = torch.nn.Parameter(torch.zeros(4096))
    optimizer = make([p], lr=RATE)
    seen = []
    for _ in range(60):
        before = p.detach().clone()
        p.grad = sizes * torch.randn(4096)
        optimizer.step()
        seen.append((p.detach() - before).abs() / RATE)
    return torch.stack(seen)[:, :128]


largest, ways = {}, {}
for make in (torch.optim.Adam, Adam8bit, AdamFp8, Adam4bit):
    name = make.__name__
    for kind, of in (("one large", sizes), ("all alike", torch.full((4096,), 1e-4))):
        seen = steps(make, of)
        largest[name, kind], ways[name, kind] = float(seen.max()), float(seen[:, 1:].sum(0).mean())
        print(f"{name}, {kind}: largest step {largest[name, kind]:.3g} rates,", end=" ")
        print(f"way of a small entry {ways[name, kind]:.3g}")
EXPECTED = [("Adam8bit", "one large"), ("AdamFp8", "one large")]
if [key for key, step in largest.items() if step > 500] != EXPECTED:
    sys.exit("changed: other steps are large, or none is")
if largest["Adam", "one large"] > 1.2 or ways["Adam4bit", "one large"] > ways["Adam", "one large"] / 4:
    sys.exit("changed: Adam has large steps, or Adam4bit moves the small entries")
PY
