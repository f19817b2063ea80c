#!/usr/bin/env bash
# river.optim.losses.Cauchy, its value and its gradient. river 0.26.1, CPU.
# Seen: the value is |y - p|, and the gradient that of another function: (p - y) / (1 + ((p - y) / C)^2) with C = 80. At
#   an error of 0.1 it is 0.1 for a slope of 1, at 4 it is 3.99 for 1. The difference quotients of the nine other
#   losses for one number agree with their gradients.
# A good engineer would guess: both belong to the Cauchy loss, C^2 / 2 log(1 + ((p - y) / C)^2).
# Why: the gradient is that of the Cauchy loss. The value, which is logged, is that of Absolute. A check of the gradient
#   against differences of the loss accuses the gradient.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    river==0.26.1 numpy==2.4.6 scipy==1.17.1 pandas==2.3.3
"$folder/venv/bin/python" -W ignore - <<'PY'
import inspect
import sys
from importlib.metadata import version

from river.optim import losses

print("river", version("river"))


def worst(loss):
    binary = isinstance(loss, losses.BinaryLoss)
    pairs = [(y, p) for y in ([0, 1] if binary else [0.0, 1.0, 2.5]) for p in (-3.3, -1.2, 0.13, 0.4, 1.47, 2.7)]
    return max(abs((loss(y, p + 1e-6) - loss(y, p - 1e-6)) / 2e-6 - loss.gradient(y, p)) for y, p in pairs)


off = {}
for name, kind in inspect.getmembers(losses, inspect.isclass):
    if not inspect.isabstract(kind) and not issubclass(kind, losses.MultiClassLoss):
        off[name] = worst(kind())
print({name: round(float(size), 4) for name, size in off.items()})
cauchy = losses.Cauchy()
for error in (0.1, 4.0):
    print(f"Cauchy at an error of {error}: value {cauchy(0.0, error)}, gradient {cauchy.gradient(0.0, error):.4f}")
EXPECTED = ["Cauchy"]
if [name for name, size in off.items() if size > 1e-3] != EXPECTED:
    sys.exit("changed: other losses have a gradient of another function")
if len(off) != 10 or cauchy(0.0, 4.0) != 4.0 or abs(cauchy.gradient(0.0, 4.0) - 3.99) > 1e-2:
    sys.exit("changed: the value or the gradient of Cauchy")
PY
