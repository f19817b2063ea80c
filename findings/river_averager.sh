#!/usr/bin/env bash
# river.optim.Averager and AdaBound, used as their documents show. river 0.26.1, CPU.
# Seen: LogisticRegression(Averager(SGD(0.1))) has the weights of LogisticRegression(SGD(0.1)) to the last bit: nothing
#   is averaged. AdaBound with the schedule InverseScaling(0.1) has final_lr = 6.4e-11 after 20 steps, and stands
#   still; in the code of its authors it is 0.1 / sqrt(20) = 0.022.
# A good engineer would guess: the model predicts with averaged weights, and final_lr follows the schedule.
# Why: step returns the averaged weights, and linear models ignore what step returns: they rely on the change in place.
#   AdaBound multiplies final_lr by rate / first rate in each step, so that all factors pile up.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    river==0.26.1 numpy==2.4.6 scipy==1.17.1 pandas==2.3.3
"$folder/venv/bin/python" -W ignore - <<'PY'
import random
import sys
from importlib.metadata import version

from river import linear_model, optim

print("river", version("river"))


def weights(optimizer):
    random.seed(0)
    model = linear_model.LogisticRegression(optimizer)
    for _ in range(200):
        x = {"a": random.gauss(0, 1), "b": random.gauss(0, 1)}
        model.learn_one(x, x["a"] - x["b"] + random.gauss(0, 1) > 0)
    return dict(model.weights)


plain, averaged = weights(optim.SGD(0.1)), weights(optim.Averager(optim.SGD(0.1)))
print("SGD", plain, "Averager", averaged)

step = optim.Averager(optim.SGD(0.1)).step
alone = [step(w, {"a": 1.0})["a"] for w in [{"a": 0.0}] for _ in range(3)]
print("Averager alone, steps of 0.1:", alone)

bounds = {}
for name, rate in {"constant": 0.1, "falling": optim.schedulers.InverseScaling(0.1)}.items():
    adabound, w, before = optim.AdaBound(rate), {"a": 0.0}, 0.0
    for _ in range(20):
        before = w["a"]
        adabound.step(w, {"a": 1.0})
    bounds[name] = (adabound.final_lr, before - w["a"])
    print(f"AdaBound, {name} rate: final_lr {adabound.final_lr:.3g} after 20 steps, last step {before - w['a']:.3g}")
EXPECTED = 6.411e-11
if plain != averaged or [round(a, 6) for a in alone] != [-0.1, -0.15, -0.2]:
    sys.exit("changed: the model uses averaged weights")
if bounds["constant"][0] != 0.1 or abs(bounds["falling"][0] / EXPECTED - 1) > 1e-3 or bounds["falling"][1] > 1e-8:
    sys.exit("changed: final_lr is another one")
PY
