#!/usr/bin/env bash
# torch.nn.functional.celu in float64: the derivative reads alpha as a float32, the function does not.
#
# Guess:    in float64 the derivative of celu has sixteen digits, as its value has.
# Measured: with alpha = 0.3 at -3 the value is right to 1e-15, its derivative is off by 4e-7 of itself.
# Versions: torch 2.15.0 (2.13.0 alike), on the CPU.
#
# Ends with 0 and prints the numbers if the behaviour is still so; with 1 if it has changed.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet torch==2.15.0 numpy==2.2.6
cat > "$folder/run.py" <<'PYTHON'
import math

import torch

alpha, x = 0.3, torch.tensor([-3.0], dtype=torch.float64, requires_grad=True)
y = torch.nn.functional.celu(x, alpha)
(slope,) = torch.autograd.grad(y.sum(), x)
value_off = abs(y.item() / (alpha * math.expm1(-3 / alpha)) - 1)
slope_off = abs(slope.item() / math.exp(-3 / alpha) - 1)
print(f"relative error of the value {value_off:.1e}, of the derivative {slope_off:.1e}")
assert value_off < 1e-14, "changed: the value"
assert 1e-7 < slope_off < 1e-6, "changed: the derivative"
PYTHON
"$folder/venv/bin/python" "$folder/run.py"
