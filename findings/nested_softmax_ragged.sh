#!/usr/bin/env bash
# torch.softmax over the ragged dimension of a nested tensor (layout torch.jagged), torch 2.15.0, CPU, float64.
# Seen: the values are those of softmax for each row alone. The gradient is not: of y_0 + 5 y_1 with y = softmax((1, 2)) it
#   is (0.197, 0.983). True is (-0.786, 0.786): the gradient of a softmax sums to 0. Nothing is raised.
# A good engineer would guess: right, since the value is; or an error, as log_softmax over this dimension, and the
#   gradient of its sum, raise one.
# Why: (0.197, 0.983) is y_i (1 - y_i) times the weight, the diagonal of the Jacobian alone.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check torch==2.15.0 numpy==2.2.6
OMP_NUM_THREADS=1 "$folder/venv/bin/python" -W ignore - <<'PY'
import sys

import torch

print("torch", torch.__version__)
torch.set_default_dtype(torch.float64)
rows = [torch.tensor([[1.0], [2.0]], requires_grad=True), torch.tensor([[0.0], [1.0], [3.0]], requires_grad=True)]
weights = [torch.tensor([[1.0], [5.0]]), torch.tensor([[2.0], [-1.0], [4.0]])]


def found(outputs):
    loss = sum((y * w).sum() for y, w in zip(outputs, weights))
    return loss.item(), [[round(g, 4) for g in gradient.flatten().tolist()] for gradient in torch.autograd.grad(loss, rows)]


nested = found(torch.softmax(torch.nested.as_nested_tensor(rows, layout=torch.jagged), 1).unbind())
alone = found([torch.softmax(row, 0) for row in rows])
print(f"nested:         value {nested[0]:.6f}, gradients {nested[1]}")
print(f"each row alone: value {alone[0]:.6f}, gradients {alone[1]}")
try:
    torch.log_softmax(torch.nested.as_nested_tensor(rows, layout=torch.jagged), 1)
    refused = False
except RuntimeError as error:
    refused = True
    print("log_softmax:", error)
EXPECTED = [0.1966, 0.9831]
if nested[1][0] != EXPECTED or alone[1][0] != [-0.7864, 0.7864] or abs(nested[0] - alone[0]) > 1e-12 or not refused:
    sys.exit("changed: another gradient, or log_softmax is supported")
PY
