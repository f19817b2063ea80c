#!/usr/bin/env bash
# tf.math.bessel_i1 at 0, TensorFlow 2.21.0, CPU, float64.
# Seen: the derivative at 0 is 1; true is 0.5, which is what the limit from both sides gives (0.5 at 1e-9). bessel_i1e,
#   the scaled function, has 0.5 at 0. The second derivative of bessel_i0 at 0 is 1 in place of 0.5.
# A good engineer would guess: 0.5. The derivative has x in a denominator, and 0 is the one point that such code treats.
# Why: TensorFlow computes I0(x) - I1(x) / x, which is NaN at 0. For x = 0 its code returns the constant 1, which
#   its comment calls the correct gradient. For bessel_i1e it returns 0.5.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check tensorflow-cpu==2.21.0
export TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES=
"$folder/venv/bin/python" -W ignore - 2> /dev/null <<'PY'
import sys

import tensorflow as tf

print("tensorflow", tf.__version__)


def slope(function, point):
    x = tf.constant(point, tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = function(x)
    return tape.gradient(value, x)


seen = {
    "bessel_i1 at 0": slope(tf.math.bessel_i1, 0.0),
    "bessel_i1 at 1e-9": slope(tf.math.bessel_i1, 1e-9),
    "bessel_i1e at 0": slope(tf.math.bessel_i1e, 0.0),
}
with tf.GradientTape() as outer:
    x = tf.constant(0.0, tf.float64)
    outer.watch(x)
    with tf.GradientTape() as inner:
        inner.watch(x)
        value = tf.math.bessel_i0(x)
    first = inner.gradient(value, x)
seen["bessel_i0 twice, at 0"] = outer.gradient(first, x)
seen = {name: round(float(found), 8) for name, found in seen.items()}
for name, found in seen.items():
    print(f"{name}: {found}")
up, down = (tf.math.bessel_i1(tf.constant(sign * 2.0**-17, tf.float64)) for sign in (1, -1))
quotient = float((up - down) / 2.0**-16)
print("central difference of bessel_i1 at 0:", quotient)
EXPECTED = [1.0, 0.5, 0.5, 1.0]
if list(seen.values()) != EXPECTED or abs(quotient - 0.5) > 1e-8:
    print("changed: another derivative at 0")
    sys.exit(1)
PY
