#!/usr/bin/env bash
# torch.optim.swa_utils.AveragedModel and ignite's EMAHandler on a bfloat16 model, decay 0.999. torch 2.15.0,
#   pytorch-ignite 0.5.5, CPU.
# Seen: the weight is 1.0 at the start and 1.5 in the 5000 steps after that. The average stays at 1.0 in both libraries,
#   without a warning. In float32 it is 1.497. With decay 0.9 it stops at 1.469 in bfloat16. A weight that moves from 1
#   to 3 stays at 1, too.
# A good engineer would guess: 1.5 with an error of a bfloat16 digit, 0.008. 0.999 is the default of torch's function.
# Why: the average is kept in the dtype of the model. A step of (1 - decay) times the difference is less than half a
#   digit, and the sum is rounded back. So the evaluated model is the initial one. Give a float32 copy to AveragedModel,
#   and avg_fn=lambda average, weight, count: average.lerp(weight.float(), 0.001).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    pytorch-ignite==0.5.5 torch==2.15.0 numpy==2.4.6
OMP_NUM_THREADS=1 "$folder/venv/bin/python" -W ignore - <<'PY'
import copy
import sys

import ignite
import torch
from ignite.engine import Engine
from ignite.handlers import EMAHandler
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

print("torch", torch.__version__, "pytorch-ignite", ignite.__version__)
STEPS = 5000


def layer(dtype):
    model = torch.nn.Linear(1, 1, bias=False, dtype=dtype)
    torch.nn.init.constant_(model.weight, 1.0)
    return model


def torchs(dtype, decay, end):
    model = layer(dtype)
    average = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(decay))
    average.update_parameters(model)
    torch.nn.init.constant_(model.weight, end)
    for _ in range(STEPS):
        average.update_parameters(model)
    return average.module.weight.item()


def ignites(dtype, decay, end):
    model = layer(dtype)
    handler = EMAHandler(model, momentum=1 - decay)
    torch.nn.init.constant_(model.weight, end)
    trainer = Engine(lambda engine, batch: None)
    handler.attach(trainer)
    trainer.run([0] * STEPS)
    return handler.ema_model.weight.item()


def in_float32(decay, end):
    model = layer(torch.bfloat16)
    average = AveragedModel(
        copy.deepcopy(model).float(),
        avg_fn=lambda average, weight, count: average.lerp(weight.float(), 1 - decay),
    )
    average.update_parameters(model)
    torch.nn.init.constant_(model.weight, end)
    for _ in range(STEPS):
        average.update_parameters(model)
    return average.module.weight.item()


seen = {}
for name, run in (("torch", torchs), ("ignite", ignites)):
    for dtype, decay, end in ((torch.bfloat16, 0.999, 1.5), (torch.bfloat16, 0.999, 3.0), (torch.bfloat16, 0.9, 1.5),
                              (torch.float32, 0.999, 1.5)):
        seen[name, dtype, decay, end] = found = run(dtype, decay, end)
        print(f"{name}, {dtype}, decay {decay}, weight from 1 to {end}: average {found:.4f}")
advice = in_float32(0.999, 1.5)
print(f"a float32 average of the bfloat16 model: {advice:.4f}")
EXPECTED = 1.0
if any(seen[name, torch.bfloat16, 0.999, end] != EXPECTED for name in ("torch", "ignite") for end in (1.5, 3.0)):
    sys.exit("changed: the average moves")
if any(abs(seen[name, torch.float32, 0.999, 1.5] - 1.4966) > 1e-3 for name in ("torch", "ignite")):
    sys.exit("changed: the average is off in float32 too")
if abs(advice - 1.4966) > 1e-3:
    sys.exit("changed: the float32 copy does not help")
PY
