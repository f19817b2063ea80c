#!/usr/bin/env bash
# tinygrad.Tensor: atan, asin, acos, erf and elu at 0, gradient. tinygrad 0.14.0 on its device PYTHON, which needs no
#   compiler.
# Seen: the slope at 0 is 0 for all five; correct is 1, 1, -1, 1.128 and 1. At 1e-3 and -1e-3 they are right, to 4
#   digits, as are tanh, asinh and celu at 0. Nothing is warned of.
# A good engineer would guess: right, as the five functions are smooth at 0 (elu with alpha 1 has the slope 1 on both
#   sides). All pre-activations are 0 in a layer that starts with zeros, and such a layer below an elu never moves.
# Why: atan, asin and erf are written as sign(x) times a function of abs(x), and elu as relu(x) - relu(1 - exp(x)). At 0
#   the gradients of sign, abs and relu are 0.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check tinygrad==0.14.0 numpy==2.4.6
DEV=PYTHON "$folder/venv/bin/python" -W ignore - <<'PY'
import math
import sys
from importlib.metadata import version

from tinygrad import Tensor

print("tinygrad", version("tinygrad"))
SLOPES = {
    "atan": 1.0, "asin": 1.0, "acos": -1.0, "erf": 2 / math.sqrt(math.pi), "elu": 1.0,
    "tanh": 1.0, "asinh": 1.0, "celu": 1.0, "selu": 1.0507,
}
wrong = []
for name, correct in SLOPES.items():
    x = Tensor([-1e-3, 0.0, 1e-3])
    slopes = [round(slope, 4) for slope in getattr(x, name)().sum().gradient(x)[0].tolist()]
    print(f"{name}: slopes at -0.001, 0, 0.001: {slopes}, correct at 0: {correct:.4f}")
    if name != "selu" and max(abs(slope - correct) for slope in slopes[::2]) > 2e-3:
        sys.exit(f"changed: {name} is wrong beside 0 too")
    if abs(slopes[1] - correct) > 2e-3:
        wrong.append((name, slopes[1]))
EXPECTED = [("atan", 0.0), ("asin", 0.0), ("acos", 0.0), ("erf", 0.0), ("elu", 0.0)]
if wrong != EXPECTED:
    sys.exit("changed: other slopes at 0 are wrong, or none is")
PY
