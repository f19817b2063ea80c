#!/usr/bin/env bash
# mygrad.maximum and mygrad.minimum of two equal numbers. mygrad 2.5.0, numpy 2.4.6.
# Seen: both arguments get the gradient 0. maximum(x, x) so has the slope 0, where it is x and has the slope 1. max of
#   an array is right: one of the equal entries gets all.
# A good engineer would guess: half each, or all to one of them. The documentation says that maximum(x, y) is
#   where(x >= y, x, y), which gives all to x.
# Why: the derivative by x is taken as 1 where x > y, that by y where y > x, and nothing is left for x == y. Use where.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check mygrad==2.5.0 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PY'
import sys

import mygrad as mg

print("mygrad", mg.__version__)


def slopes(f, *numbers):
    inputs = [mg.tensor(float(x)) for x in numbers]
    f(*inputs).backward()
    return [float(x.grad) for x in inputs]


forms = {
    "maximum(x, y)": mg.maximum,
    "minimum(x, y)": mg.minimum,
    "where(x >= y, x, y)": lambda x, y: mg.where(x >= y, x, y),
    "max([x, y])": lambda x, y: mg.max(mg.stack([x, y])),
}
seen = {name: (slopes(f, 2, 2), slopes(f, 2, 3)) for name, f in forms.items()}
for name, (equal, other) in seen.items():
    print(f"{name}: slopes at (2, 2) {equal}, at (2, 3) {other}")
    if sum(other) != 1.0:
        sys.exit("changed: the slopes of different numbers are wrong")
    if sum(equal) != 1.0 and "imum" not in name:
        sys.exit(f"changed: {name} is wrong")
both = slopes(lambda x: mg.maximum(x, x), 2)
print("maximum(x, x): slope", both)
EXPECTED = [0.0, 0.0]
if not seen["maximum(x, y)"][0] == seen["minimum(x, y)"][0] == EXPECTED or both != [0.0]:
    sys.exit("changed: equal numbers have other slopes, perhaps the right ones")
PY
