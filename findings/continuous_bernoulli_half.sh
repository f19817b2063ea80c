#!/usr/bin/env bash
# torch.distributions.ContinuousBernoulli near probs = 0.5: rsample and cdf, torch 2.15.0, CPU, float64.
# Seen: for probs from 0.499 to 0.501 the derivative of a sample by probs is 0, and that of the distribution function
#   too. At 0.498 and at 0.502 the derivative of the sample is 2 u (1 - u), with the uniform draw u that the sample is
#   made of, to two digits. log_prob has its derivative everywhere.
# A good engineer would guess: the lower and upper limit only save digits of the value. A decoder whose logits begin at 0
#   gets no gradient through its samples.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check torch==2.15.0 numpy==2.2.6
OMP_NUM_THREADS=1 "$folder/venv/bin/python" - <<'PY'
import sys

import torch

print("torch", torch.__version__)
seen = {}
for point in (0.498, 0.4995, 0.5, 0.5005, 0.502):
    p = torch.tensor(point, dtype=torch.float64, requires_grad=True)
    distribution = torch.distributions.ContinuousBernoulli(probs=p)
    torch.manual_seed(0)
    draw = torch.rand((), dtype=torch.float64)
    torch.manual_seed(0)
    (sample,) = torch.autograd.grad(distribution.rsample(), p, retain_graph=True)
    at = torch.tensor(0.3, dtype=torch.float64)
    (cdf,) = torch.autograd.grad(distribution.cdf(at), p, allow_unused=True, materialize_grads=True, retain_graph=True)
    (density,) = torch.autograd.grad(distribution.log_prob(at), p)
    seen[point] = (sample.item(), cdf.item(), density.item())
    print(f"probs {point}: derivative of the sample {sample.item():.4f}, 2 u (1 - u) {(2 * draw * (1 - draw)).item():.4f}; "
          f"of cdf(0.3) {cdf.item():.4f}; of log_prob(0.3) {density.item():.4f}")
true = (2 * draw * (1 - draw)).item()
EXPECTED = (0.0, 0.0)
if any(seen[point][:2] != EXPECTED for point in (0.4995, 0.5, 0.5005)):
    sys.exit("changed: samples near 0.5 have a derivative by probs")
if any(abs(seen[point][0] - true) > 0.01 or abs(seen[point][1] + 0.42) > 0.02 for point in (0.498, 0.502)):
    sys.exit("changed: another derivative at 0.498 or 0.502")
if any(abs(found[2] + 0.8) > 0.02 for found in seen.values()):
    sys.exit("changed: another derivative of log_prob")
PY
