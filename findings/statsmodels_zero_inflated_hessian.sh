#!/usr/bin/env bash
# statsmodels' ZeroInflatedPoisson with its default inflation="logit": hessian, and the standard errors of fit.
#   statsmodels 0.15.0, CPU.
# Seen: the Hessian has zeros where a parameter of the inflation meets one of the mean; the derivative of the score has
#   33.4, -0.29 and 20.7 there. The standard errors of fit are 24 to 33 % too small. The score is right, and so are the
#   two blocks. ZeroInflatedNegativeBinomialP has a right Hessian.
# A good engineer would guess: hessian is the derivative of score.
# Why: the two blocks are put on the diagonal and the mixed second derivatives left out. Use the inverse of
#   differences of score for standard errors, as the script does.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    statsmodels==0.15.0 numpy==2.4.6 scipy==1.17.1 pandas==3.1.1
OMP_NUM_THREADS=1 "$folder/venv/bin/python" -W ignore - <<'PY'
import sys

import numpy as np
import statsmodels
import statsmodels.api as sm
from statsmodels.discrete import count_model

print("statsmodels", statsmodels.__version__)
random = np.random.default_rng(0)
x = sm.add_constant(random.normal(size=(300, 1)))
y = random.poisson(np.exp(x @ [0.3, 0.5])) * (random.uniform(size=300) < 0.6)


def derivative_of_score(model, at):
    return np.array([(model.score(at + 1e-5 * e) - model.score(at - 1e-5 * e)) / 2e-5 for e in np.eye(len(at))])


def errors(hessian):
    return np.sqrt(np.diag(np.linalg.inv(-hessian)))


model = count_model.ZeroInflatedPoisson(y, x, exog_infl=x)
result = model.fit(method="bfgs", maxiter=500, disp=0)
true = derivative_of_score(model, result.params)
mixed, mixed_true = model.hessian(result.params)[:2, 2:], true[:2, 2:]
print("mixed part of the Hessian", mixed.tolist(), "by the score", mixed_true.round(2).tolist())
print("standard errors of fit", result.bse.round(4), "by the score", errors(true).round(4))
negative = count_model.ZeroInflatedNegativeBinomialP(y, x, exog_infl=x)
at = np.array([0.1, 0.2, 0.3, 0.5, 0.4])
off = np.abs(negative.hessian(at) - derivative_of_score(negative, at)).max()
print("ZeroInflatedNegativeBinomialP: Hessian off by", off)
EXPECTED = 0.0
if np.abs(mixed).max() != EXPECTED or np.abs(mixed_true).max() < 30 or np.abs(model.score(result.params)).max() > 1e-2:
    sys.exit("changed: the mixed part is not 0")
if off > 1e-3 or not (result.bse < 0.8 * errors(true)).all():
    sys.exit("changed: other errors, or another Hessian of the negative binomial model")
if np.abs((model.hessian(result.params) - true)[2:, 2:]).max() > 1e-3:
    sys.exit("changed: the block of the mean is wrong")
PY
