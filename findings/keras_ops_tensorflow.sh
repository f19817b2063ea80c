#!/usr/bin/env bash
# keras.ops.logaddexp, hypot and ldexp, Keras 3.15.1 on TensorFlow 2.21.0 and on jax 0.10.2, CPU, float64.
# Seen: on TensorFlow logaddexp(a, b) has the slopes (1, 0) at a = b, and hypot(a, b) has (1.414, 0). True is (0.5, 0.5)
#   and (0.707, 0.707), as jax has it. The slope of ldexp(x, 3) at x = 0 is 1 on both; true is 8. All are right at a
#   distance of 1e-9 from these points.
# A good engineer would guess: smooth functions, so the slopes are right, and those of both backends agree.
# Why: logaddexp and hypot take a maximum, whose slope at a tie TensorFlow gives to the first argument, and abs has the
#   slope 0 at 0. ldexp returns x itself if x is 0.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check tensorflow-cpu==2.21.0 keras==3.15.1 jax==0.10.2
cat > "$folder/slopes.py" <<'PY'
import json

import keras

ops = keras.ops
cases = {
    "logaddexp(a, a)": (ops.logaddexp, 2.0, 2.0),
    "logaddexp beside": (ops.logaddexp, 2.0 + 1e-9, 2.0),
    "hypot(a, a)": (ops.hypot, 2.0, 2.0),
    "hypot beside": (ops.hypot, 2.0 + 1e-9, 2.0),
    "ldexp(0, 3)": (lambda a, _: ops.ldexp(a, 3), 0.0, 0.0),
    "ldexp beside": (lambda a, _: ops.ldexp(a, 3), 1e-9, 0.0),
}
seen = {}
for name, (function, a, b) in cases.items():
    if keras.backend.backend() == "jax":
        import jax

        jax.config.update("jax_enable_x64", True)
        found = jax.grad(function, argnums=(0, 1))(jax.numpy.float64(a), jax.numpy.float64(b))
    else:
        import tensorflow as tf

        a, b = tf.constant(a, tf.float64), tf.constant(b, tf.float64)
        with tf.GradientTape() as tape:
            tape.watch([a, b])
            value = function(a, b)
        found = tape.gradient(value, [a, b], unconnected_gradients="zero")
    seen[name] = [round(float(slope), 4) for slope in found]
print(json.dumps(seen))
PY
export TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES=
for backend in tensorflow jax; do
    KERAS_BACKEND=$backend "$folder/venv/bin/python" -W ignore "$folder/slopes.py" 2> /dev/null | tail -1 > "$folder/$backend.json"
done
"$folder/venv/bin/python" - "$folder/tensorflow.json" "$folder/jax.json" <<'PY'
import json
import sys

on_tensorflow, on_jax = (json.load(open(path)) for path in sys.argv[1:])
for name, found in on_tensorflow.items():
    print(f"{name}: slopes on TensorFlow {found}, on jax {on_jax[name]}")
EXPECTED = {"logaddexp(a, a)": [1.0, 0.0], "hypot(a, a)": [1.4142, 0.0], "ldexp(0, 3)": [1.0, 0.0]}
if any(on_tensorflow[name] != slopes for name, slopes in EXPECTED.items()):
    sys.exit("changed: another slope on TensorFlow")
true = {"logaddexp": [0.5, 0.5], "hypot": [0.7071, 0.7071], "ldexp": [8.0, 0.0]}
if on_jax.pop("ldexp(0, 3)") != [1.0, 0.0] or any(f != true[n.split("(")[0].split()[0]] for n, f in on_jax.items()):
    sys.exit("changed: another slope on jax")
if any(found != on_jax[name] for name, found in on_tensorflow.items() if "beside" in name):
    sys.exit("changed: TensorFlow is off beside these points")
PY
