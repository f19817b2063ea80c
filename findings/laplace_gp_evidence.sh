#!/usr/bin/env bash
# laplace-torch, the evidence of a regression with hessian_structure="gp". laplace-torch 0.3, torch 2.15.0, CPU, float64.
# Seen: a linear layer with 20 rows, noise 0.5 and prior precision 2 has an evidence that a formula gives exactly. "full"
#   and "kron" return it: -35.42. "gp" with all 20 rows returns -46.62, although its predictions are exact. The
#   derivative with respect to sigma_noise is 126 instead of 66, so the best noise is found elsewhere.
# A good engineer would guess: all three are the same Gaussian process here, so they have the same evidence.
# Why: the formula of a Gaussian process already contains the misfit of the data. "gp" adds the log-likelihood at the
#   trained weights once more. Use "full" or "kron" to choose sigma_noise and prior_precision.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    laplace-torch==0.3 torch==2.15.0 torchvision==0.29.2 numpy==2.4.6 scipy==1.17.1
OMP_NUM_THREADS=1 "$folder/venv/bin/python" -W ignore - <<'PY'
import math
import sys
from importlib.metadata import version

import torch
from laplace import Laplace

print("laplace-torch", version("laplace-torch"), "torch", torch.__version__)
torch.set_default_dtype(torch.float64)
torch.manual_seed(0)
rows, features, noise, precision = 20, 3, 0.5, 2.0
X, new = torch.randn(rows, features), torch.randn(4, features)
y = torch.randn(rows, 1)
data = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(X, y), batch_size=rows)
curvature = X.T @ X / noise**2 + precision * torch.eye(features)


def formula(sigma):
    """log N(y; 0, sigma^2 I + X X^T / precision)"""
    covariance = sigma**2 * torch.eye(rows) + X @ X.T / precision
    misfit = (y.T @ torch.linalg.solve(covariance, y)).squeeze()
    return -0.5 * (misfit + torch.logdet(covariance) + rows * math.log(2 * math.pi))


def with_slope(evidence):
    sigma = torch.tensor(noise, requires_grad=True)
    value = evidence(sigma)
    return value.item(), torch.autograd.grad(value, sigma)[0].item()


exact = with_slope(formula)
spread = ((new @ torch.linalg.inv(curvature)) * new).sum(1)
print(f"formula: evidence {exact[0]:.4f}, derivative by sigma {exact[1]:.4f}")
seen = {}
for structure, options in {"full": {}, "kron": {}, "gp": {"n_subset": rows}}.items():
    net = torch.nn.Sequential(torch.nn.Linear(features, 1, bias=False))
    net[0].weight.data = torch.linalg.solve(curvature, X.T @ y / noise**2).T.clone()  # the maximum of the posterior
    posterior = Laplace(net, "regression", subset_of_weights="all", hessian_structure=structure, sigma_noise=noise,
                        prior_precision=precision, **options)
    posterior.fit(data)
    off = (posterior(new)[1].flatten() / spread - 1).abs().max().item()
    seen[structure] = with_slope(lambda sigma: posterior.log_marginal_likelihood(sigma_noise=sigma))
    print(f"{structure}: evidence {seen[structure][0]:.4f}, derivative by sigma {seen[structure][1]:.4f}, variances of "
          f"predictions off by {off:.1e}")
    if off > 1e-6:
        sys.exit("changed: the predictions are not exact any more")
EXPECTED = -46.6189
if abs(seen["gp"][0] - EXPECTED) > 1e-3 or abs(seen["gp"][1] - exact[1]) < 1:
    sys.exit("changed: another evidence of gp")
if abs(seen["full"][1] - exact[1]) > 1e-6 or any(abs(seen[name][0] - exact[0]) > 1e-6 for name in ("full", "kron")):
    sys.exit("changed: the evidence of full or kron is not exact any more")
PY
