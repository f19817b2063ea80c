#!/usr/bin/env bash
# mlx.core.divmod, the gradient of the remainder. MLX 0.32.4, CPU, float32.
# Seen: the second result of divmod(5.3, 2) is 1.3, as that of remainder(5.3, 2). Its gradient is (0, 0). The gradient of
#   remainder is (1, -2), which is right. No error and no warning is given.
# A good engineer would guess: divmod is floor_divide and remainder at once, so it has their gradients: 0, and (1, -2).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check "mlx[cpu]==0.32.4" numpy==2.2.6
"$folder/venv/bin/python" - <<'PY'
import sys

import mlx.core as mx


def at(function):
    value, found = mx.value_and_grad(function, argnums=(0, 1))(mx.array(5.3), mx.array(2.0))
    return round(value.item(), 4), [one.item() for one in found]


print("mlx", mx.__version__)
by_divmod, by_remainder = at(lambda x, y: mx.divmod(x, y)[1]), at(mx.remainder)
print("divmod:", by_divmod, "remainder:", by_remainder)
EXPECTED = [0.0, 0.0]
if by_divmod != (1.3, EXPECTED) or by_remainder != (1.3, [1.0, -2.0]):
    sys.exit("changed: the remainder of divmod has another gradient, perhaps that of remainder")
PY
