#!/usr/bin/env bash
# accelerate: accumulate() with gradient_accumulation_steps=4 and batches whose number is not a multiple of 4.
#   accelerate 1.15.0, torch 2.15.0, CPU.
# Seen: 5 batches, each with the gradient 1: the first step is by 1.0, the last one, of one batch, by 0.25. With 6 it is
#   0.5, with 8 it is 1.0. So the last step of every epoch is a part of a step, and its size depends on the length of
#   the data. Nothing is warned of.
# A good engineer would guess: 1.0, the mean gradient of the batches that the step was made of. transformers.Trainer
#   divides by their number.
# Why: backward divides each loss by 4, and the end of the data makes a step whatever was collected. With
#   GradientAccumulationPlugin(sync_with_dataloader=False) the group goes on into the next epoch.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    accelerate==1.15.0 torch==2.15.0 numpy==2.4.6
OMP_NUM_THREADS=1 "$folder/venv/bin/python" -W ignore - <<'PY'
import sys

import accelerate
import torch

print("accelerate", accelerate.__version__, "torch", torch.__version__)


def steps(batches):
    accelerate.state.GradientState._reset_state()
    accelerator = accelerate.Accelerator(cpu=True, gradient_accumulation_steps=4)
    model = torch.nn.Linear(1, 1, bias=False)
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    loader = torch.utils.data.DataLoader(torch.ones(batches, 1), batch_size=1)
    model, optimizer, loader = accelerator.prepare(model, optimizer, loader)
    found = []
    for x in loader:
        with accelerator.accumulate(model):
            before = model.weight.item()
            accelerator.backward(model(x).sum())
            optimizer.step()
            optimizer.zero_grad()
        if model.weight.item() != before:
            found.append(round(before - model.weight.item(), 3))
    return found


seen = {batches: steps(batches) for batches in (5, 6, 7, 8)}
for batches, found in seen.items():
    print(f"{batches} batches with the gradient 1: steps {found}")
EXPECTED = {5: [1.0, 0.25], 6: [1.0, 0.5], 7: [1.0, 0.75], 8: [1.0, 1.0]}
if seen != EXPECTED:
    sys.exit("changed: the last step has another size")
PY
