#!/usr/bin/env bash
# torch.distributed.checkpoint.state_dict.get_optimizer_state_dict(model, optimizer) before the first step, for example
#   to save a checkpoint of the start. torch 2.15.0, CPU.
# Seen: training is another one after the call, although the call only asks for the state. With lr=0.1 and a gradient of
#   1, Adam's first step is 0.0744 for 0.1, that of SGD with momentum and dampening 0.9 is 0.01 for 0.1, ASGD loses its
#   first step, and Rprop never moves again.
# A good engineer would guess: the weights are the same with and without the call. optimizer.state_dict() changes
#   nothing.
# Why: an optimizer without a state makes a step with gradients of 0 and a rate of 0. The step counts, and ASGD and Rprop
#   keep the rate of 0 in their state. Loading with set_optimizer_state_dict replaces that state, so call the function
#   only after the first step or on a copy.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check torch==2.15.0 numpy==2.4.6
OMP_NUM_THREADS=1 "$folder/venv/bin/python" -W ignore - <<'PY'
import sys

import torch
from torch.distributed.checkpoint.state_dict import get_optimizer_state_dict

print("torch", torch.__version__)


def steps(kind, read, **options):
    model = torch.nn.Linear(1, 1, bias=False)
    optimizer = kind(model.parameters(), lr=0.1, **options)
    read(model, optimizer)
    sizes = []
    for _ in range(3):
        before = model.weight.item()
        optimizer.zero_grad()
        model(torch.ones(1, 1)).sum().backward()
        optimizer.step()
        sizes.append(round(before - model.weight.item(), 4))
    return sizes


cases = {
    "Adam": (torch.optim.Adam, {}),
    "SGD": (torch.optim.SGD, {"momentum": 0.9, "dampening": 0.9}),
    "ASGD": (torch.optim.ASGD, {}),
    "Rprop": (torch.optim.Rprop, {}),
    "RMSprop": (torch.optim.RMSprop, {}),
}
seen = {}
for name, (kind, options) in cases.items():
    without = steps(kind, lambda model, optimizer: None, **options)
    own = steps(kind, lambda model, optimizer: optimizer.state_dict(), **options)
    seen[name] = steps(kind, get_optimizer_state_dict, **options)
    print(f"{name}: steps {without}, after optimizer.state_dict() {own}, after get_optimizer_state_dict {seen[name]}")
    if own != without:
        sys.exit("changed: state_dict() changes the training too")
    if (seen[name] != without) != (name != "RMSprop"):
        sys.exit(f"changed: {name}")
EXPECTED = {"Adam": 0.0744, "SGD": 0.01, "ASGD": 0.0, "Rprop": 0.0, "RMSprop": 1.0}
if {name: sizes[0] for name, sizes in seen.items()} != EXPECTED or any(seen["Rprop"]):
    sys.exit("changed: the steps have other sizes")
PY
