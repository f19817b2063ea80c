#!/usr/bin/env bash
# statsmodels' NegativeBinomialP with p = 1.5, its Hessian and standard errors. statsmodels 0.15.0, CPU, 300 counts.
# Seen: the Hessian's entries for a coefficient and alpha are -143.8 and -8.1 at the maximum; difference quotients of
#   `score`, which is right, give 17.5 and 2.6. So all standard errors are NaN, and correct are 0.062, 0.058 and 0.130.
#   With p = 1 and p = 2 the Hessian is right.
# A good engineer would guess: p is any number, as the documentation says, and the Hessian is right for all p.
# Why: one term of the mixed part has a factor 2 - p too much, which has no effect if p is 1 or 2. Compute the Hessian
#   with differences of `score`; a fit by "newton" uses the wrong one too.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    statsmodels==0.15.0 numpy==2.4.6 scipy==1.17.1 pandas==3.1.1
OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 "$folder/venv/bin/python" -W ignore - <<'PY'
import sys
from importlib.metadata import version

import numpy as np
from statsmodels.discrete.discrete_model import NegativeBinomialP

print("statsmodels", version("statsmodels"))
drawn = np.random.default_rng(0)
x = np.column_stack([np.ones(300), drawn.normal(size=300)])
counts = drawn.poisson(np.exp(x @ [0.5, 0.4]) * drawn.gamma(2.0, 0.5, 300))


def slopes(function, at, step=1e-5):
    """The difference quotients of a function by every coordinate."""
    return np.array([(function(at + e) - function(at - e)) / (2 * step) for e in step * np.eye(len(at))])


off, kept = {}, {}
for p in (1, 2, 1.5):
    model = NegativeBinomialP(counts, x, p=p)
    fit = model.fit(disp=0, maxiter=200)
    at = np.asarray(fit.params)
    if np.abs(model.score(at) - slopes(model.loglike, at)).max() > 1e-4:
        sys.exit("changed: the score is wrong")
    hessian, right = model.hessian(at), slopes(model.score, at)
    off[p] = float(np.abs(hessian - right).max())
    kept[p] = hessian[2, :2].round(2).tolist(), np.asarray(fit.bse)
    print(f"p = {p}: mixed entries {kept[p][0]}, correct {right[2, :2].round(2).tolist()}; standard errors "
          f"{kept[p][1].round(3).tolist()}, correct {np.sqrt(np.diag(np.linalg.inv(-right))).round(3).tolist()}")
EXPECTED = [-143.81, -8.1]
if kept[1.5][0] != EXPECTED or not np.isnan(kept[1.5][1]).all():
    sys.exit("changed: another Hessian at p = 1.5")
if max(off[1], off[2]) > 1e-3:
    sys.exit("changed: the Hessian at p = 1 or 2")
PY
