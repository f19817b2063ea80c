#!/usr/bin/env bash
# torch.optim.lr_scheduler.ReduceLROnPlateau and optax.contrib.reduce_on_plateau, a loss below 0. torch 2.15.0, optax
#   0.2.8, jax 0.10.2, CPU.
# Seen: with a loss of -100 in every epoch the rate is never reduced. Nor is it when the loss gets worse by 0.005 in
#   each epoch. With a loss of +100 the rate falls as expected. mode="max" has the same on negative scores. In torch
#   threshold_mode="abs" is right, in optax rtol=0 beside atol=1e-4.
# A good engineer would guess: a loss that stands still is a plateau whatever its sign. Log likelihoods, ELBOs and
#   -accuracy are below 0.
# Why: a loss counts as better if it is below best * (1 - 1e-4). For best = -100 that is -99.99, and -100 is below it:
#   the sign turns the margin into an allowance. Then also the best loss is overwritten by the worse one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    torch==2.15.0 optax==0.2.8 jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6 scipy==1.17.1
OMP_NUM_THREADS=1 JAX_PLATFORMS=cpu "$folder/venv/bin/python" -W ignore - <<'PY'
import sys

import jax.numpy as jnp
import optax
import torch

print("torch", torch.__version__, "optax", optax.__version__)


def with_torch(losses, **options):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    schedule = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=2, **options)
    for loss in losses:
        schedule.step(loss)
    return optimizer.param_groups[0]["lr"]


def with_optax(losses, **options):
    rule = optax.contrib.reduce_on_plateau(factor=0.5, patience=2, **options)
    state = rule.init(jnp.zeros(1))
    for loss in losses:
        _, state = rule.update(jnp.ones(1), state, value=loss)
    return float(state.scale)


runs = {"-100": [-100.0] * 12, "-100, worse by 0.005 each": [-100 + 0.005 * k for k in range(12)], "100": [100.0] * 12}
seen = {}
for name, losses in runs.items():
    seen[name] = (with_torch(losses), with_torch([-x for x in losses], mode="max"), with_optax(losses))
    print(f"loss {name}: rate after 12 epochs {seen[name]} by torch (min), torch (max, of -loss), optax")
fixed = (with_torch(runs["-100"], threshold_mode="abs"), with_optax(runs["-100"], rtol=0.0, atol=1e-4))
print("loss -100, absolute threshold:", fixed)
EXPECTED = 1.0
if any(seen[name][k] != EXPECTED for name in list(runs)[:2] for k in (0, 2)) or seen["100"][1] != EXPECTED:
    sys.exit("changed: the rate falls on a plateau below 0")
if max(seen["100"][0], seen["100"][2], seen["-100"][1], *fixed) > 0.2:
    sys.exit("changed: the rate does not fall on the other plateaus")
PY
