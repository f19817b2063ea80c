#!/usr/bin/env bash
# numpy.savez of arrays of bfloat16 or float8, the types that jax, orbax and others take from ml_dtypes. numpy 2.4.6,
#   ml_dtypes 0.6.0.
# Seen: savez writes without a word. load gives an array of raw bytes with the dtype V2: no arithmetic, and astype
#   raises. float8_e5m2 is written too, and load then raises for the file. h5py 3.16.0 gives V2 alike.
#   So a checkpoint of weights or moments in bfloat16 is found to be of no number only when it is loaded.
# A good engineer would guess: bfloat16 comes back, as float16 does, or savez raises.
# Why: the file names a type by its kind and size, and the types of ml_dtypes have no name there. The bytes are right:
#   .view(ml_dtypes.bfloat16) gives the numbers back. Save float32 to be safe.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check numpy==2.4.6 ml_dtypes==0.6.0 h5py==3.16.0
"$folder/venv/bin/python" - <<'PY'
import io
import sys

import h5py
import ml_dtypes
import numpy as np

print("numpy", np.__version__, "ml_dtypes", ml_dtypes.__version__, "h5py", h5py.__version__)


def by_numpy(array):
    file = io.BytesIO()
    np.savez(file, weight=array)
    file.seek(0)
    try:
        return np.load(file)["weight"]
    except ValueError as error:
        return error


def by_h5py(array):
    file = io.BytesIO()
    with h5py.File(file, "w") as content:
        content["weight"] = array
    with h5py.File(file, "r") as content:
        return content["weight"][:]


def told(back):
    return "an error" if isinstance(back, Exception) else str(back.dtype)


seen = {}
for name in ("float16", "bfloat16", "float8_e4m3fn", "float8_e5m2"):
    array = np.array([1.0, -2.0, 0.5]).astype(getattr(ml_dtypes, name, name))
    back = by_numpy(array)
    seen[name] = told(back)
    other = "not tried" if name == "float8_e5m2" else told(by_h5py(array))
    print(f"{name}: numpy.load gives {seen[name]}, h5py {other}")
    if name == "bfloat16":
        numbers = back.view(ml_dtypes.bfloat16).astype(float).tolist()
        try:
            print("bfloat16: astype gives", back.astype(float))
            sys.exit("changed: astype gives numbers")
        except ValueError as error:
            print("bfloat16: astype(float) raises:", error, "- view(bfloat16):", numbers)
        if numbers != [1.0, -2.0, 0.5] or other != "|V2":
            sys.exit("changed: other bytes, or h5py knows bfloat16")
EXPECTED = {"float16": "float16", "bfloat16": "|V2", "float8_e4m3fn": "|V1", "float8_e5m2": "an error"}
if seen != EXPECTED:
    sys.exit("changed: other types come back")
PY
