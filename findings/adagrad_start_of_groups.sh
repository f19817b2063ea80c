#!/usr/bin/env bash
# torch.optim.Adagrad, parameter groups with an initial_accumulator_value of their own.
#   torch 2.15.0, CPU.
# Seen: a group with initial_accumulator_value=3 starts its sums at 0, the constructor's value, whether it is given to
#   the constructor or added by add_param_group. The group keeps the 3, and state_dict saves it. With 3 in the
#   constructor, a group that asks for 0 starts at 3. A value below 0 in a group raises nothing.
# A good engineer would guess: a group's own value counts, as its lr, eps and weight_decay do. With a gradient of 1 its
#   first step is then half of lr. It is lr.
# Why: the constructor uses its argument for all groups, and the first step of a later group uses self.defaults. Give
#   the groups optimizers of their own, or fill state["sum"] before the first step.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check torch==2.15.0 numpy==2.4.6
OMP_NUM_THREADS=1 "$folder/venv/bin/python" -W ignore - <<'PY'
import sys

import torch

print("torch", torch.__version__)


def first_step(own, added, **options):
    """How far the first step moves a weight of a group with its own options, for lr=1 and a gradient of 1."""
    p, q = (torch.nn.Parameter(torch.zeros(1, dtype=torch.float64)) for _ in range(2))
    group = {"params": [q], **own}
    groups = [{"params": [p]}] if added else [{"params": [p]}, group]
    optimizer = torch.optim.Adagrad(groups, lr=1.0, eps=0.0, **options)
    if added:
        optimizer.add_param_group(group)
    p.grad, q.grad = torch.ones_like(p), torch.ones_like(q)
    optimizer.step()
    kept = optimizer.state_dict()["param_groups"][1]["initial_accumulator_value"]
    return round(-q.item(), 9), kept


three, none = {"initial_accumulator_value": 3.0}, {"initial_accumulator_value": 0.0}
seen = {
    "group 3, in the constructor": first_step(three, False),
    "group 3, added": first_step(three, True),
    "constructor 3, group 0": first_step(none, False, **three),
    "constructor 3, group 0, added": first_step(none, True, **three),
    "constructor 3, group without a value": first_step({}, True, **three),
    "group -1": first_step({"initial_accumulator_value": -1.0}, True),
    "group 3, lr 0.5": first_step({**three, "lr": 0.5}, True),
}
for name, (moved, kept) in seen.items():
    print(f"{name}: the first step is {moved}, and the group keeps {kept}")
EXPECTED = [(1.0, 3.0), (1.0, 3.0), (0.5, 0.0), (0.5, 0.0), (0.5, 3.0), (1.0, -1.0), (0.5, 3.0)]
if list(seen.values()) != EXPECTED:
    sys.exit("changed: the start of a group is another one")
PY
