#!/usr/bin/env bash
# torch.cdist with p=inf (pdist alike), torch 2.15.0 (2.13.0 and 2.14.0 alike), CPU, float64.
# Seen: the distance from (t, t) to (3, 3) is |3 - t|, smooth at t = 0, with the derivative -1. torch gives -2: each of
#   the two coordinates that are equally far gets the whole gradient. dist and vector_norm share it: -1.
# A good engineer would guess: one of the two gets it, or both a half. Every choice gives -1 in t, but torch's.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check torch==2.15.0 numpy==2.2.6
OMP_NUM_THREADS=1 "$folder/venv/bin/python" - <<'PY'
import sys

import torch


def by_cdist(t):
    return torch.cdist(t.expand(1, 2), there, p=float("inf")).sum()


def by_norm(t):
    return torch.linalg.vector_norm(t.expand(1, 2) - there, float("inf"))


there = torch.tensor([[3.0, 3.0]], dtype=torch.float64)
print("torch", torch.__version__)
seen = {}
for function in (by_cdist, by_norm):
    t = torch.zeros((), dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(function(t), t)
    quotient = (function(t.detach() + 2.0**-10) - function(t.detach() - 2.0**-10)) / 2.0**-9
    seen[function] = gradient.item()
    print(f"{function.__name__}: derivative {gradient.item()}, central difference {quotient.item()}")
EXPECTED = -2.0
if seen[by_cdist] != EXPECTED or seen[by_norm] != -1.0:
    sys.exit("changed: cdist does not count equal coordinates twice any more")
PY
