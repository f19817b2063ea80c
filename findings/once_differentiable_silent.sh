#!/usr/bin/env bash
# torch.autograd.function.once_differentiable, torch 2.15.0, CPU.
# Seen: exp with a backward that is decorated so. Of a sum of it, the first derivative requires no gradient, with
#   create_graph=True. Where what comes from above requires one, autograd.grad(..., materialize_grads=True) gives 0 for
#   the second derivative, which is exp(x), and raises nothing. .backward() raises.
# A good engineer would guess: differentiating twice raises, since that is what the decorator is for.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check torch==2.15.0 numpy==2.2.6
OMP_NUM_THREADS=1 "$folder/venv/bin/python" - <<'PY'
import sys

import torch
from torch.autograd.function import once_differentiable

print("torch", torch.__version__)


class Exp(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.kept = x.exp()
        return ctx.kept.clone()

    @staticmethod
    @once_differentiable
    def backward(ctx, grad):
        return grad * ctx.kept


x = torch.tensor(1.0, dtype=torch.float64, requires_grad=True)
(plain,) = torch.autograd.grad(Exp.apply(x).sum(), x, create_graph=True)
print("d/dx sum exp x requires a gradient:", plain.requires_grad)
above = torch.ones((), dtype=torch.float64, requires_grad=True)
(through,) = torch.autograd.grad(Exp.apply(x), x, above, create_graph=True)
(second,) = torch.autograd.grad(through, x, allow_unused=True, materialize_grads=True)
print("d2/dx2 exp x by autograd.grad:", second.item(), "- true", x.exp().item())
try:
    through.backward()
    refused = False
except RuntimeError as error:
    refused = True
    print("by .backward():", error)
EXPECTED = 0.0
if plain.requires_grad or second.item() != EXPECTED or not refused:
    sys.exit("changed: once_differentiable refuses in autograd.grad too")
PY
