#!/usr/bin/env bash
# mlx.core.power, also written z ** 2, of a complex number: its gradient. MLX 0.32.4, CPU, float32 and complex64.
# Seen: with z = a + ib, Im(z ** 2) is 2ab. At a = 0.3, b = 0.4 its gradient is (0.8, 0.6). MLX gives (-0.8, 0.6).
#   z * z and mx.square(z) give (0.8, 0.6). z ** 1.5 is wrong in the same way, and exp(1.5 log z) is right.
# A good engineer would guess: z ** 2 and z * z have the same gradient; if complex gradients were unsupported, an error.
# Why: the rule for power lacks the complex conjugate that the rules for multiply, exp and log take.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check "mlx[cpu]==0.32.4" numpy==2.2.6
"$folder/venv/bin/python" - <<'PY'
import sys

import mlx.core as mx


def gradient(function):
    found = mx.grad(lambda a, b: mx.imag(function(a + 1j * b)), argnums=(0, 1))(mx.array(0.3), mx.array(0.4))
    return [round(one.item(), 4) for one in found]


print("mlx", mx.__version__)
by_power, by_product = gradient(lambda z: z**2), gradient(lambda z: z * z)
by_power_of_1_5 = gradient(lambda z: mx.power(z, mx.array(1.5 + 0j)))
by_exp_and_log = gradient(lambda z: mx.exp(1.5 * mx.log(z)))
print("Im(z ** 2):", by_power, "Im(z * z):", by_product)
print("Im(z ** 1.5):", by_power_of_1_5, "Im(exp(1.5 log z)):", by_exp_and_log)
EXPECTED = [-0.8, 0.6]
if by_power != EXPECTED or by_product != [0.8, 0.6]:
    sys.exit("changed: z ** 2 has another gradient, perhaps that of z * z")
if by_power_of_1_5 != [-0.4743, 0.9487] or by_exp_and_log != [0.4743, 0.9487]:
    sys.exit("changed: z ** 1.5 has another gradient, perhaps that of exp(1.5 log z)")
PY
