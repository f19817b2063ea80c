#!/usr/bin/env bash
# scikit-survival: GradientBoostingSurvivalAnalysis with the default loss "coxph" and sample weights. scikit-survival
#   0.28.0, CPU.
# Seen: weights of 1 to 4 differ from 1 to 4 copies of the rows. Two groups, trained to the end: the logarithm of
#   the hazard ratio is 1.05 with the weights, 0.89 with the copies and 0.79 with neither. The losses "squared" and
#   "ipcwls" agree.
# A good engineer would guess: a weight of 3 counts as three rows, as it does with the other two losses.
# Why: the loss and its risk sets leave the weights out, the gradient of each row is then multiplied by its weight, and
#   the tree weighs the rows once more. Repeat the rows.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    scikit-survival==0.28.0 scikit-learn==1.9.1 numpy==2.4.6 scipy==1.17.1
OMP_NUM_THREADS=1 "$folder/venv/bin/python" -W ignore - <<'PY'
import sys

import numpy as np
import sksurv
from sksurv.ensemble import GradientBoostingSurvivalAnalysis
from sksurv.util import Surv

print("scikit-survival", sksurv.__version__)
x = np.repeat([[0.0], [1.0]], 6, axis=0)
times = np.array([3, 12, 1, 9, 7, 10, 2, 4, 11, 5, 8, 6], float)
goal = Surv.from_arrays(np.tile([False, True, True, True], 3), times)
copies = np.array([4, 1, 3, 2, 1, 4, 2, 4, 1, 3, 2, 1])


def ratio(loss, rows, y, **options):
    options_of_all = {"n_estimators": 200, "learning_rate": 0.3, "max_depth": 1, "random_state": 0}
    model = GradientBoostingSurvivalAnalysis(loss=loss, **options_of_all)
    low, high = model.fit(rows, y, **options).predict([[0.0], [1.0]])
    return round(float(high - low), 3)


seen = {}
for loss in ("coxph", "squared", "ipcwls"):
    weighted = ratio(loss, x, goal, sample_weight=copies.astype(float))
    repeated = ratio(loss, np.repeat(x, copies, axis=0), np.repeat(goal, copies))
    print(f"{loss}: the groups differ by {weighted} with weights, {repeated} with copies, {ratio(loss, x, goal)} plain")
    seen[loss] = weighted == repeated
EXPECTED = {"coxph": False, "squared": True, "ipcwls": True}
if seen != EXPECTED:
    sys.exit(f"changed: weights equal copies: {seen}")
PY
