#!/usr/bin/env bash
# warp.mod, also written x % y, by its divisor. NVIDIA Warp 1.19.0 (warp-lang), CPU, float64.
# Seen: mod(x, y) = x - y trunc(x / y). By y it has the derivative -trunc(x / y), which is -3 at (1.5, 0.4). Warp gives 0.
#   By x it is right, 1. x - y * trunc(x / y), written out, has the derivative -3. frac(x) has the derivative 0 instead
#   of 1, without an error; the table of functions marks frac, and not mod of numbers, as not differentiable.
# A good engineer would guess: right by both arguments, since it is right by the first.
# Why: the rule for mod adds to the first argument only. The period of a box or of a phase can then not be fitted.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check warp-lang==1.19.0 numpy==2.4.6
cat > "$folder/kernels.py" <<'PY'
import sys

import numpy as np
import warp as wp

wp.config.quiet = True
print("warp", wp.config.version)


@wp.kernel
def by_mod(x: wp.array(dtype=wp.float64), y: wp.array(dtype=wp.float64), out: wp.array(dtype=wp.float64)):
    out[0] = wp.mod(x[0], y[0])


@wp.kernel
def by_sign(x: wp.array(dtype=wp.float64), y: wp.array(dtype=wp.float64), out: wp.array(dtype=wp.float64)):
    out[0] = x[0] % y[0]


@wp.kernel
def by_trunc(x: wp.array(dtype=wp.float64), y: wp.array(dtype=wp.float64), out: wp.array(dtype=wp.float64)):
    out[0] = x[0] - y[0] * wp.trunc(x[0] / y[0])


def value(kernel, x, y, tape=None):
    numbers = [wp.array([one], dtype=wp.float64, requires_grad=True, device="cpu") for one in (x, y, 0.0)]
    if tape is None:
        wp.launch(kernel, 1, numbers[:2], numbers[2:], device="cpu")
    else:
        with tape:
            wp.launch(kernel, 1, numbers[:2], numbers[2:], device="cpu")
        tape.backward(grads={numbers[2]: wp.ones(1, dtype=wp.float64, device="cpu")})
    return numbers


seen = {}
for kernel in (by_mod, by_sign, by_trunc):
    x, y, _ = value(kernel, 1.5, 0.4, wp.Tape())
    seen[kernel.key] = (float(x.grad.numpy()[0]), float(y.grad.numpy()[0]))
    ends = [value(kernel, 1.5, 0.4 + step)[2].numpy()[0] for step in (-1e-6, 1e-6)]
    print(f"{kernel.key}: gradient {seen[kernel.key]}, difference quotient by y {np.diff(ends)[0] / 2e-6:.4f}")
EXPECTED = (1.0, 0.0)
if seen["by_mod"] != EXPECTED or seen["by_sign"] != EXPECTED or seen["by_trunc"] != (1.0, -3.0):
    sys.exit("changed: mod has another gradient, perhaps the right one")
PY
OMP_NUM_THREADS=1 WARP_CACHE_PATH="$folder/cache" "$folder/venv/bin/python" "$folder/kernels.py"
