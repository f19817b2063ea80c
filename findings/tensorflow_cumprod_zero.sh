#!/usr/bin/env bash
# tf.math.cumprod of numbers with a 0 among them, TensorFlow 2.21.0, CPU, float64.
# Seen: the gradient of cumprod((2, 0, 3)) summed is (1, 0, 0). True is (1, 8, 0): 2 + 2 a + 2 a 3 has the slope 8 by a.
#   reduce_prod has such gradients right, cumprod of jax too. Nothing is raised, and the zero never changes.
# A good engineer would guess: right as for reduce_prod, or NaN, since the formula divides by the number.
# Why: the backward divides by the input with div_no_nan, which gives 0 where it is 0.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check tensorflow-cpu==2.21.0 jax==0.10.2
export TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES=
"$folder/venv/bin/python" -W ignore - 2> /dev/null <<'PY'
import sys

import jax
import tensorflow as tf

jax.config.update("jax_enable_x64", True)
print("tensorflow", tf.__version__, "jax", jax.__version__)


def gradient(function, numbers):
    x = tf.constant(numbers, tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = tf.reduce_sum(function(x))
    return tape.gradient(value, x).numpy().round(6).tolist()


numbers = [2.0, 0.0, 3.0]
h = 2.0**-17
up, down = (float(tf.reduce_sum(tf.math.cumprod(tf.constant([2.0, step, 3.0], tf.float64)))) for step in (h, -h))
seen = {
    "cumprod": gradient(tf.math.cumprod, numbers),
    "cumprod, 1e-9 for 0": gradient(tf.math.cumprod, [2.0, 1e-9, 3.0]),
    "reduce_prod": gradient(tf.reduce_prod, numbers),
    "cumprod of jax": jax.grad(lambda x: jax.numpy.cumprod(x).sum())(jax.numpy.array(numbers)).round(6).tolist(),
}
for name, found in seen.items():
    print(f"{name}: {found}")
print("difference of cumprod by the 0:", (up - down) / (2 * h))
EXPECTED = [1.0, 0.0, 0.0]
if seen["cumprod"] != EXPECTED:
    print("changed: another gradient of cumprod")
    sys.exit(1)
if seen["reduce_prod"] != [0.0, 6.0, 0.0] or seen["cumprod of jax"] != [1.0, 8.0, 0.0] or (up - down) / (2 * h) != 8.0:
    print("changed: another gradient of reduce_prod or jax")
    sys.exit(1)
PY
