#!/usr/bin/env bash
# gguf.quants, the formats of GGUF files for weights of about 1e-5. gguf 0.19.0, numpy 2.4.6, CPU.
# Seen: weights that are uniform between -1e-5 and 1e-5 lose 24 hundredths of the largest weight in Q8_0, with 8 bits,
#   and only 12 in Q4_0, with 4 bits. At 3e-6 all weights become 0 in Q8_0, and Q4_0 loses 16 hundredths. At 1 the
#   losses are 0.4 and 12 hundredths. BF16 loses 0.3 hundredths or less at each of these scales.
# A good engineer would guess: every block of 32 has a scale of its own, so the relative loss does not depend on the
#   size of the weights, and 8 bits are better than 4.
# Why: the scale of a block is stored as float16, and for Q8_0 it is the largest weight divided by 127. Below 6e-8 the
#   float16 has no digits left. The scale of Q4_0 is 16 times as large. Store layers with such weights, or differences
#   of weights, as BF16 or F32, or multiply them by a power of two first.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check gguf==0.19.0 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PY'
import sys
from importlib.metadata import version

import numpy as np
from gguf import GGMLQuantizationType, quants

print("gguf", version("gguf"), "numpy", np.__version__)
weights = np.random.default_rng(0).uniform(-1, 1, (1, 256)).astype(np.float32)


def loss(name, scale):
    """The largest error of a weight, relative to the largest weight."""
    kind, scaled = GGMLQuantizationType[name], weights * np.float32(scale)
    back = quants.dequantize(quants.quantize(scaled, kind), kind)
    return round(float(np.abs(back - scaled).max() / np.abs(scaled).max()), 3), bool(np.any(back))


seen = {}
for scale in (1.0, 1e-3, 1e-5, 3e-6):
    for name in ("Q8_0", "Q4_0", "BF16"):
        seen[name, scale] = loss(name, scale)
    print(f"weights up to {scale:g}:", {name: seen[name, scale][0] for name in ("Q8_0", "Q4_0", "BF16")})
EXPECTED = 0.239, True
if seen["Q8_0", 1e-5] != EXPECTED or seen["Q8_0", 3e-6][1]:
    sys.exit("changed: another loss of Q8_0 for small weights")
if not seen["Q8_0", 1e-5][0] > seen["Q4_0", 1e-5][0] > seen["Q8_0", 1.0][0]:
    sys.exit("changed: 8 bits lose less than 4 at 1e-5, or more at 1")
if max(seen["BF16", scale][0] for scale in (1.0, 1e-3, 1e-5, 3e-6)) > 0.004:
    sys.exit("changed: the loss of BF16")
PY
