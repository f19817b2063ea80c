#!/usr/bin/env bash
# keras.activations.celu at 0, Keras 3.15.1 on TensorFlow 2.21.0, CPU, float64.
# Seen: celu is smooth at 0, with the slope 1. On TensorFlow it is 2 at exactly 0, and 1 at 1e-9 and -1e-9. elu has 1.
#   On the backend jax celu has 1.
# A good engineer would guess: 1, on each backend. Zeros are frequent, as after padding or relu.
# Why: the code adds a maximum and a minimum of x and 0. If x equals 0, TensorFlow gives the whole slope of each to x.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check tensorflow-cpu==2.21.0 keras==3.15.1 jax==0.10.2
cat > "$folder/slopes.py" <<'PY'
import json
import sys

import keras

backend = keras.backend.backend()
print(f"keras {keras.__version__} on {backend}", file=sys.stderr)
seen = []
for name in ("celu", "elu"):
    for point in (0.0, 1e-9, -1e-9):
        function = getattr(keras.activations, name)
        if backend == "jax":
            import jax

            jax.config.update("jax_enable_x64", True)
            seen.append(float(jax.grad(function)(jax.numpy.float64(point))))
        else:
            import tensorflow as tf

            x = tf.constant(point, tf.float64)
            with tf.GradientTape() as tape:
                tape.watch(x)
                value = function(x)
            seen.append(float(tape.gradient(value, x)))
print(json.dumps([round(slope, 6) for slope in seen]))
PY
export TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES=
on_tensorflow=$(KERAS_BACKEND=tensorflow "$folder/venv/bin/python" -W ignore "$folder/slopes.py" 2> /dev/null | tail -1)
on_jax=$(KERAS_BACKEND=jax "$folder/venv/bin/python" -W ignore "$folder/slopes.py" 2> /dev/null | tail -1)
echo "slopes of celu at 0, 1e-9, -1e-9, then of elu"
echo "TensorFlow: $on_tensorflow"
echo "jax:        $on_jax"
EXPECTED="[2.0, 1.0, 1.0, 1.0, 1.0, 1.0]"
"$folder/venv/bin/python" - "$on_tensorflow" "$on_jax" "$EXPECTED" <<'PY'
import sys

on_tensorflow, on_jax, expected = sys.argv[1:]
if on_tensorflow != expected or on_jax != "[1.0, 1.0, 1.0, 1.0, 1.0, 1.0]":
    sys.exit("changed: another slope at 0")
PY
