#!/usr/bin/env bash
# tf.nn.weighted_cross_entropy_with_logits at logits of 0, TensorFlow 2.21.0, CPU, float64.
# Seen: at a logit of exactly 0 the gradient is 0 for the label 1 and 1 for the label 0, for each pos_weight. True is
#   -pos_weight / 2 and 0.5. At 1e-9 it is right. sigmoid_cross_entropy_with_logits, the same loss with a weight of 1, is
#   right at 0. A last layer that begins with zeros has logits of 0 for every sample: its first step does not move for
#   the positive samples, and moves twice as far for the negative ones.
# A good engineer would guess: the loss is smooth at 0, and two functions of one module share their formula.
# Why: the loss is log1p(exp(-|x|)) + relu(-x). Each term has a kink at 0, the sum has none, and both get the slope 0.
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


def slope(loss, logit):
    x = tf.constant(logit, tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = loss(x)
    return round(float(tape.gradient(value, x)), 6)


seen = {}
for label in (0.0, 1.0):
    y = tf.constant(label, tf.float64)
    for weight in (1.0, 3.0):
        loss = lambda x: tf.nn.weighted_cross_entropy_with_logits(y, x, weight)
        up, down = (float(loss(tf.constant(sign * 2.0**-17, tf.float64))) for sign in (1, -1))
        seen[label, weight] = (slope(loss, 0.0), slope(loss, 1e-9), round((up - down) / 2.0**-16, 6))
        print(f"label {label}, pos_weight {weight}: slope at 0 {seen[label, weight][0]}, at 1e-9 {seen[label, weight][1]}, "
              f"difference at 0 {seen[label, weight][2]}")
    plain = slope(lambda x: tf.nn.sigmoid_cross_entropy_with_logits(y, x), 0.0)
    print(f"label {label}, sigmoid_cross_entropy_with_logits: slope at 0 {plain}")
    if plain != 0.5 - label:
        print("changed: another slope of sigmoid_cross_entropy_with_logits")
        sys.exit(1)
EXPECTED = [1.0, 1.0, 0.0, 0.0]
if [found[0] for found in seen.values()] != EXPECTED:
    print("changed: another slope at 0")
    sys.exit(1)
if any(found[1:] != (true, true) for found, true in zip(seen.values(), (0.5, 0.5, -0.5, -1.5))):
    print("changed: another slope beside 0")
    sys.exit(1)
PY
