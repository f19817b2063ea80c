#!/usr/bin/env bash
# CatBoost with the loss MAE, Quantile or LogCosh, and weights of the rows. catboost 1.2.10, CPU.
# Seen: the weights change nothing. Five rows have the targets 0.5, 1, 2, 4 and 8, and the first has the weight 5. All
#   three models predict the same with and without the weights, MAE the plain median 2. With five copies of the first
#   row MAE predicts 0.5. The metric MAE that CatBoost reports does use the weights, so training ends at 1.83, although
#   1.44 is possible.
# A good engineer would guess: a weight of 5 counts as five rows, as it does with RMSE.
# Why: these losses set the leaves with leaf_estimation_method="Exact" by default, which takes the quantile of the rows
#   as if all weights were equal. With leaf_estimation_method="Gradient" the weights act.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check catboost==1.2.10 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PY'
import sys

import catboost
import numpy as np
from catboost.utils import eval_metric

print("catboost", catboost.__version__)
y = np.array([0.5, 1.0, 2.0, 4.0, 8.0])
x = np.repeat([[0.0], [1.0]], len(y), axis=0)
targets = np.concatenate([y, -y])
weights = np.tile([5.0, 1.0, 1.0, 1.0, 1.0], 2)
copies = weights.astype(int)


def predicted(loss, rows, goal, **options):
    model = catboost.CatBoostRegressor(
        loss_function=loss, iterations=1000, depth=1, learning_rate=0.1, l2_leaf_reg=0, verbose=0, thread_count=1,
        bootstrap_type="No", random_strength=0, allow_writing_files=False, **options.pop("more", {}),
    )  # fmt: skip
    model.fit(rows, goal, **options)
    return round(float(model.predict(x)[0]), 2)


seen = {}
for loss in ("RMSE", "MAE", "Quantile:alpha=0.3", "LogCosh"):
    plain = predicted(loss, x, targets)
    weighted = predicted(loss, x, targets, sample_weight=weights)
    repeated = predicted(loss, np.repeat(x, copies, axis=0), np.repeat(targets, copies))
    by_gradient = predicted(loss, x, targets, sample_weight=weights, more={"leaf_estimation_method": "Gradient"})
    print(f"{loss}: {plain}, weighted {weighted}, repeated rows {repeated}, weighted with Gradient {by_gradient}")
    seen[loss] = weighted == plain and abs(repeated - plain) > 0.2 and abs(by_gradient - repeated) < 0.3
sides = np.where(x[:, 0] == 0, 1.0, -1.0)
value = {c: round(eval_metric(targets, c * sides, "MAE", weight=weights)[0], 2) for c in (2.0, 0.5)}
print("weighted MAE of the predictions +-2 and +-0.5:", value)
EXPECTED = {"RMSE": False, "MAE": True, "Quantile:alpha=0.3": True, "LogCosh": True}
if seen != EXPECTED:
    sys.exit(f"changed: the weights act, or repeated rows do not: {seen}")
PY
