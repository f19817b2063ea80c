#!/usr/bin/env bash
# lightgbm.train with an objective of one's own, 4.7.0, three classes, 40 rows: gradient and hessian of shape (3, 40).
# Seen: no error and no warning; another model. The scores that are handed over have the shape (40, 3).
# A good engineer would guess: an error that names both shapes. Since 4.0 the gradient has to be (rows, classes), and
#   an array of (39, 3) is refused ("Lengths of gradient (117) ... don't match training data length (40) ...").
# Why: only the number of entries is compared with rows times classes. The array is then flattened column by column
#   (order="F"), whatever its shape, so that numbers of other rows and classes are read.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check lightgbm==4.7.0 numpy==2.2.6 scipy==1.15.3
OMP_NUM_THREADS=1 "$folder/venv/bin/python" - <<'PY'
import sys
import warnings

import lightgbm
import numpy as np

print("lightgbm", lightgbm.__version__)
warnings.simplefilter("error")
drawn = np.random.default_rng(0)
X = drawn.standard_normal((40, 2))
y = np.digitize(X[:, 0], [-0.5, 0.5]).astype(float)


def softmax(preds, data):
    e = np.exp(preds - preds.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    return p - np.eye(3)[data.get_label().astype(int)], 2 * p * (1 - p)


def trained(objective):
    params = {"objective": objective, "num_class": 3, "verbosity": -1, "num_threads": 1, "min_data_in_leaf": 1}
    scores = lightgbm.train(params, lightgbm.Dataset(X, y), 20).predict(X, raw_score=True)
    return float((scores.argmax(axis=1) == y).mean())


right = trained(softmax)
transposed = trained(lambda preds, data: tuple(part.T for part in softmax(preds, data)))
print(f"accuracy on the training rows: {right:.3f} with (rows, classes), {transposed:.3f} with (classes, rows)")
EXPECTED = 0.9
if not right > EXPECTED > transposed:
    sys.exit("changed: a transposed gradient is refused, or read right")
PY
