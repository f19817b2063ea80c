#!/usr/bin/env bash
# numpy.random inside a test of Hypothesis, for example to draw the weights of a layer. hypothesis 6.170.17,
#   numpy 2.4.6.
# Seen: numpy.random.randn gives the same numbers in each of 100 examples and in each run of the test, and so does
#   Python's random. numpy.random.default_rng() gives new ones each time.
#   A test of a layer with the weights np.random.rand(3) - 0.5 so tests one set of weights, and all three are positive.
#   A mistake that shows only at negative weights is never found.
# A good engineer would guess: 100 examples see 100 sets of weights, as without Hypothesis.
# Why: Hypothesis seeds random and numpy.random with 0 before each example, so that failures can be repeated. It does so
#   even if the test draws all its data from elsewhere. Draw the weights, or a seed for default_rng, with a strategy.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    hypothesis==6.170.17 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PY'
import random
import sys

import hypothesis
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

print("hypothesis", hypothesis.__version__, "numpy", np.__version__)
sources = {
    "numpy.random.rand": lambda: tuple(np.random.rand(3) - 0.5),
    "random.random": random.random,
    "numpy.random.default_rng": lambda: np.random.default_rng().random(),
    "a seed from a strategy": None,
}
seen = {name: set() for name in sources}


@settings(max_examples=100, database=None)
@given(x=st.floats(-1, 1), seed=st.integers(0, 2**32 - 1))
def test(x, seed):
    for name, draw in sources.items():
        seen[name].add(draw() if draw else np.random.default_rng(seed).random())


for _ in range(2):
    np.random.seed()
    test()
counts = {name: len(values) for name, values in seen.items()}
print("different values in two runs of 100 examples:", counts)
print("the only weights from numpy.random:", [round(float(w), 4) for w in next(iter(seen["numpy.random.rand"]))])
if min(counts["numpy.random.default_rng"], counts["a seed from a strategy"]) < 50:
    sys.exit("changed: other sources repeat as well")
EXPECTED = 1
if counts["numpy.random.rand"] != EXPECTED or counts["random.random"] != EXPECTED:
    sys.exit("changed: new numbers in the examples")
PY
