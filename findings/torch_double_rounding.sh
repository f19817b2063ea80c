#!/usr/bin/env bash
# Conversions from float64 to 16 and 8 bits: torch 2.15.0, jax 0.10.2, ml_dtypes 0.6.0 and numpy 2.4.6, CPU.
# Seen: 1 + 2^-8 + 2^-40 is closer to 1 + 2^-7 than to 1, but becomes 1 in bfloat16, in torch, jax and ml_dtypes. torch
#   and jax make the same mistake in float16, and torch and ml_dtypes in the two formats of 8 bits. numpy's own float16
#   is right. The error is larger than half of the last digit, which is the limit of one rounding.
# A good engineer would guess: a conversion gives the closest number, as IEEE 754 asks for, and all four libraries agree.
# Why: the number is first rounded to float32. That gives exactly the middle of two numbers of the narrow format, and
#   the second rounding then takes the even one. A test that computes in float64 and compares narrow results to the bit
#   meets this. Compare with one unit in the last place, or round once with integers.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    torch==2.15.0 jax==0.10.2 jaxlib==0.10.2 ml_dtypes==0.6.0 numpy==2.4.6
OMP_NUM_THREADS=1 "$folder/venv/bin/python" -W ignore - <<'PY'
import sys
from fractions import Fraction
from importlib.metadata import version

import jax
import ml_dtypes
import numpy as np
import torch

jax.config.update("jax_enable_x64", True)
print("torch", torch.__version__, "jax", jax.__version__, "ml_dtypes", version("ml_dtypes"), "numpy", np.__version__)
FORMATS = {"bfloat16": 7, "float16": 10, "float8_e4m3fn": 3, "float8_e5m2": 2}  # bits behind the point
EXPECTED = 1.0  # correct is 1 + 2^-bits
for name, bits in FORMATS.items():
    x, right = 1 + 2.0 ** -(bits + 1) + 2.0**-40, 1 + 2.0**-bits
    if not Fraction(right) - Fraction(x) < Fraction(x) - 1:
        sys.exit("the example itself is wrong")
    numpys = np.float16 if name == "float16" else getattr(ml_dtypes, name)
    seen = {
        "torch": float(torch.tensor([x], dtype=torch.float64).to(getattr(torch, name)).double()),
        "numpy" if name == "float16" else "ml_dtypes": float(np.array(x).astype(numpys)),
    }
    if name in ("bfloat16", "float16"):
        seen["jax"] = float(jax.numpy.array(x).astype(name))
    print(f"{name}: correct {right}, {seen}")
    if seen.pop("numpy", right) != right:
        sys.exit("changed: numpy's float16 rounds twice")
    if set(seen.values()) != {EXPECTED}:
        sys.exit(f"changed: a library rounds once to {name}")
    single = torch.tensor([1 + 2.0 ** -(bits + 1) + 2.0**-20]).to(getattr(torch, name)).double()
    if float(single) != right:
        sys.exit("changed: a float32 number is not rounded to the closest")
PY
