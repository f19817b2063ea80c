#!/usr/bin/env bash
# pytensor.tensor.max (min and the norm of order infinity alike), PyTensor 3.0.7, CPU, float64.
# Seen: max of (t, t, t - 1) is t, a smooth function with the derivative 1. PyTensor gives 2: each of the two entries
#   that are equally large gets the whole gradient. maximum(t, t) and the last entry of sort give 1.
# A good engineer would guess: one of them gets it, or both a half. Every choice gives 1 in t, but PyTensor's.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check pytensor==3.0.7 numpy==2.2.6
PYTENSOR_FLAGS="base_compiledir=$folder/compiled,cxx=" "$folder/venv/bin/python" - <<'PY'
import sys

import numpy as np
import pytensor
import pytensor.tensor as pt

print("pytensor", pytensor.__version__)
t = pt.dscalar()
entries = pt.stack([t, t, t - 1])
seen = {}
for name, value in {
    "max": pt.max(entries), "min": pt.min(-entries), "norm": pt.linalg.norm(entries, np.inf, axis=0),
    "maximum": pt.maximum(t, t), "sort": pt.sort(entries)[-1],
}.items():
    seen[name] = float(pytensor.function([t], pytensor.grad(value, t), mode="FAST_COMPILE")(2.0))
    print(f"{name}: derivative {seen[name]}")
EXPECTED = 2.0
if (seen["max"], seen["min"], seen["norm"]) != (EXPECTED, -EXPECTED, EXPECTED):
    sys.exit("changed: max does not count equal entries twice any more")
if (seen["maximum"], seen["sort"]) != (1.0, 1.0):
    sys.exit("changed: maximum or sort has another derivative")
PY
