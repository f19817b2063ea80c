#!/usr/bin/env bash
# torch.autograd.gradcheck of a function with two outputs, one of them cut off the graph, torch 2.15.0, CPU, float64.
# Seen: x -> (2 x, (x ** 2).detach()) passes, in the slow and in the fast mode; so does a Function that calls
#   mark_non_differentiable for x ** 2. The same output alone is refused: "Numerical gradient for function expected to
#   be zero".
# A good engineer would guess: refused both times. The second output depends on x, and its gradient is missing.
# Why: outputs that require no gradient are left out, and they are looked at only if no output is left.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check torch==2.15.0 numpy==2.2.6
OMP_NUM_THREADS=1 "$folder/venv/bin/python" - <<'PY'
import sys

import torch

print("torch", torch.__version__)


class Marked(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        double, square = 2 * x, x**2
        ctx.mark_non_differentiable(square)
        return double, square

    @staticmethod
    def backward(ctx, grad, _):
        return 2 * grad


def accepted(function, **how):
    x = torch.tensor([0.5, 2.0], dtype=torch.float64, requires_grad=True)
    return torch.autograd.gradcheck(function, (x,), raise_exception=False, **how)


functions = {
    "(2 x, (x ** 2).detach())": lambda x: (2 * x, (x**2).detach()),
    "(2 x, x ** 2 marked)": Marked.apply,
    "(x ** 2).detach()": lambda x: (x**2).detach(),
}
seen = {name: (accepted(function), accepted(function, fast_mode=True)) for name, function in functions.items()}
for name, (slow, fast) in seen.items():
    print(f"{name}: {'accepted' if slow else 'refused'}, fast mode: {'accepted' if fast else 'refused'}")
EXPECTED = [(True, True), (True, True), (False, False)]
if list(seen.values()) != EXPECTED:
    sys.exit("changed: outputs without a graph are compared too, or refused nowhere")
PY
