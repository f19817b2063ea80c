#!/usr/bin/env bash
# entmax's sparsemax_loss and entmax15_loss, the second derivative. entmax 1.3, torch 2.15.0, CPU, float64.
# Seen: the first derivative is right. In the Hessian of loss(x) + x . x the part of the loss is missing: it is 2
#   times the identity. Nothing is raised. The loss alone raises: its gradient "does not require grad". A gradient
#   penalty or a Hessian-vector product through a network is wrong without a word, since the network's weights keep
#   the graph alive.
# A good engineer would guess: right, or an error each time.
# Why: the backward of the loss returns a tensor that its forward computed without a graph.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check torch==2.15.0 entmax==1.3 numpy==2.2.6
OMP_NUM_THREADS=1 "$folder/venv/bin/python" - <<'PY'
import importlib.metadata
import sys

import entmax
import torch

print("entmax", importlib.metadata.version("entmax"), "torch", torch.__version__)
torch.set_default_dtype(torch.float64)
target = torch.tensor([1])
losses = {
    "sparsemax_loss": lambda x: entmax.sparsemax_loss(x[None], target).sum(),
    "entmax15_loss": lambda x: entmax.entmax15_loss(x[None], target).sum(),
    "cross_entropy": lambda x: torch.nn.functional.cross_entropy(x[None], target),
}


def gradient(loss, x):
    return torch.autograd.grad(loss(x) + x.dot(x), x, create_graph=True)[0]


seen = {}
for name, loss in losses.items():
    x = torch.tensor([0.3, 0.2, -0.1], requires_grad=True)
    entry = torch.autograd.grad(gradient(loss, x)[0], x)[0][0].item()
    step = torch.tensor([2.0**-16, 0.0, 0.0])
    quotient = (gradient(loss, x + step)[0] - gradient(loss, x - step)[0]).item() / 2.0**-15
    try:
        torch.autograd.grad(torch.autograd.grad(loss(x), x, create_graph=True)[0][0], x)
        alone = "accepted"
    except RuntimeError as error:
        alone = f"raises: {str(error)[:50]}"
    seen[name] = (round(entry, 6), round(quotient, 6), alone[:6])
    print(f"{name} + x . x: entry (0, 0) of the Hessian {entry:.6f}, by differences {quotient:.6f}; the loss alone {alone}")
EXPECTED = 2.0
if any(seen[name][0] != EXPECTED or seen[name][1] < 2.2 or seen[name][2] != "raises" for name in list(losses)[:2]):
    sys.exit("changed: the Hessian has the part of the loss, or an error is raised")
if abs(seen["cross_entropy"][0] - seen["cross_entropy"][1]) > 1e-5:
    sys.exit("changed: cross_entropy has another Hessian")
PY
