#!/usr/bin/env bash
# tf.math.xlogy, xlog1py and xdivy, the derivative by x at x = 0. TensorFlow 2.21.0, CPU, float64.
# Seen: xlogy(x, 3) is x log 3, a straight line with the slope 1.0986. At x = 0 TensorFlow gives 0, and at 1e-300 it gives
#   1.0986. xlog1py and xdivy alike. The cross entropy -xlogy(p, q) so has no gradient by a p that is 0, the place
#   for which xlogy is made.
# A good engineer would guess: the special case is x = 0 with y = 0, and the slope by x is log y for each y > 0, as torch
#   and jax have it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check tensorflow-cpu==2.21.0
export TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES=
"$folder/venv/bin/python" -W ignore - 2> /dev/null <<'PY'
import math
import sys

import tensorflow as tf

print("tensorflow", tf.__version__)
y = tf.constant(3.0, tf.float64)
true = {"xlogy": math.log(3), "xlog1py": math.log1p(3), "xdivy": 1 / 3}
seen = {}
for name, slope in true.items():
    for point in (0.0, 1e-300):
        x = tf.constant(point, tf.float64)
        with tf.GradientTape() as tape:
            tape.watch(x)
            value = getattr(tf.math, name)(x, y)
        seen[name, point] = float(tape.gradient(value, x))
    print(f"{name}(x, 3): slope at 0 {seen[name, 0.0]}, at 1e-300 {seen[name, 1e-300]:.6f}, true {slope:.6f}")
EXPECTED = 0.0
if any(seen[name, 0.0] != EXPECTED or abs(seen[name, 1e-300] - true[name]) > 1e-12 for name in true):
    print("changed: another slope at 0")
    sys.exit(1)
PY
