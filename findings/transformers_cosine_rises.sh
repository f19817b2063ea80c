#!/usr/bin/env bash
# transformers.get_scheduler, training steps beyond num_training_steps. transformers 5.24.0, torch 2.15.0, CPU.
# Seen: "cosine" and "cosine_with_min_lr" rise again, up to the full rate after num_training_steps minus the warmup
#   steps more. "linear", "polynomial", "cosine_with_restarts" and "warmup_stable_decay" stay at their end. Nothing is
#   warned of.
# A good engineer would guess: all of them stay at the end, as the documents describe a decrease to 0 only.
# Why: the factor is 1/2 + cos(pi t) / 2, and t is not limited to 1. t goes beyond 1 if the steps are counted too low,
#   or if the training goes on. torch's CosineAnnealingLR rises as well. Take "cosine_with_restarts" with one cycle: it
#   is the same curve up to the end.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    transformers==5.24.0 torch==2.15.0 numpy==2.4.6
OMP_NUM_THREADS=1 "$folder/venv/bin/python" -W ignore - <<'PY'
import sys

import torch
import transformers

print("transformers", transformers.__version__, "torch", torch.__version__)


def rates(name, **options):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    schedule = transformers.get_scheduler(
        name, optimizer, num_warmup_steps=2, num_training_steps=10, scheduler_specific_kwargs=options
    )
    seen = []
    for _ in range(19):
        seen.append(round(optimizer.param_groups[0]["lr"], 3))
        optimizer.step()
        schedule.step()
    return seen


names = {
    "cosine": {}, "cosine_with_min_lr": {"min_lr_rate": 0.1}, "linear": {}, "polynomial": {"lr_end": 0.1},
    "cosine_with_restarts": {"num_cycles": 1}, "warmup_stable_decay": {"num_decay_steps": 4},
}
seen = {name: rates(name, **options) for name, options in names.items()}
for name, found in seen.items():
    print(f"{name}: {found[10:]} from step 10 of 10 on")
EXPECTED = ["cosine", "cosine_with_min_lr"]
if [name for name, found in seen.items() if max(found[11:]) > found[10]] != EXPECTED:
    sys.exit("changed: other schedules rise, or none does")
if seen["cosine"][18] != 1.0 or seen["cosine"][:11] != seen["cosine_with_restarts"][:11]:
    sys.exit("changed: the curve is another one")
PY
