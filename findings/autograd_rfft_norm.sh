#!/usr/bin/env bash
# autograd.numpy.fft.rfft and irfft with the argument norm. HIPS autograd 1.9.1.
# Seen: for 6 numbers norm="backward" divides the gradient of rfft by 6 and multiplies that of irfft by its length.
#   norm="forward" does the opposite. Without the argument, which means "backward" in NumPy, and with "ortho" both are
#   right, and fft and ifft are right in all cases. Nothing is warned of.
# A good engineer would guess: norm="backward" is the default written out, so it changes nothing.
# Why: the backward pass of the real transforms asks only whether norm is None, and treats all other names as "ortho".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check autograd==1.9.1 numpy==2.4.6
OMP_NUM_THREADS=1 "$folder/venv/bin/python" -W ignore - <<'PY'
import sys
from importlib.metadata import version

import autograd
import autograd.numpy as np
import numpy

print("autograd", version("autograd"), "numpy", numpy.__version__)
x = numpy.array([0.3, -1.2, 2.0, 0.7, -0.4, 1.1])
seen = {}
for name in ("rfft", "irfft", "fft", "ifft"):
    for norm in (None, "backward", "ortho", "forward"):

        def loss(x, name=name, norm=norm):
            y = getattr(np.fft, name)(x, norm=norm)
            return np.sum(np.real(y) * numpy.arange(1, len(y) + 1)) + np.sum(np.imag(y))

        steps = 1e-6 * numpy.eye(6)
        quotients = numpy.array([(loss(x + step) - loss(x - step)) / 2e-6 for step in steps])
        if abs(loss(x) - loss(x, norm="backward")) > 1e-12 and norm in (None, "backward"):
            sys.exit("changed: the default is another one")
        ratios = autograd.grad(loss)(x) / quotients
        if numpy.ptp(ratios) > 1e-4 * ratios[0]:
            sys.exit("changed: the error is no single factor")
        seen[name, norm] = round(float(ratios[0]), 4)
        print(f"{name}, norm={norm}: gradient divided by difference quotients {seen[name, norm]}")
EXPECTED = {
    ("rfft", "backward"): 0.1667, ("rfft", "forward"): 6.0, ("irfft", "backward"): 10.0, ("irfft", "forward"): 0.1,
}
if {key: ratio for key, ratio in seen.items() if ratio != 1.0} != EXPECTED:
    sys.exit("changed: other gradients are wrong, or none is")
PY
