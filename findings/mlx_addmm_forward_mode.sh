#!/usr/bin/env bash
# mlx.core.addmm(c, a, b, alpha, beta) in forward mode (mx.jvp). MLX 0.32.4, CPU, float32.
# Seen: alpha a b + beta c, all of them 1 x 1, a = 2, b = 3, alpha = 0.5, beta = 4. The derivatives with respect to c, a
#   and b are 4, 1.5 and 1, and mx.vjp gives them. mx.jvp gives 1, 3 and 2: alpha and beta are left out.
# A good engineer would guess: forward and reverse mode agree, since both know the same derivative.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check "mlx[cpu]==0.32.4" numpy==2.2.6
"$folder/venv/bin/python" - <<'PY'
import sys

import mlx.core as mx


def function(c, a, b):
    return [mx.addmm(c, a, b, alpha=0.5, beta=4.0)]


def one(x):
    return mx.array([[x]])


print("mlx", mx.__version__)
point = [one(1.0), one(2.0), one(3.0)]
reverse = [found.item() for found in mx.vjp(function, point, [one(1.0)])[1]]
forward = [mx.jvp(function, point, [one(float(i == k)) for i in range(3)])[1][0].item() for k in range(3)]
print("reverse mode:", reverse, "forward mode:", forward)
EXPECTED = [1.0, 3.0, 2.0]
if forward != EXPECTED or reverse != [4.0, 1.5, 1.0]:
    sys.exit("changed: forward mode has other derivatives, perhaps those of reverse mode")
PY
