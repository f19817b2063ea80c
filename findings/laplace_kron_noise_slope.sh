#!/usr/bin/env bash
# laplace-torch, the derivative of the evidence with respect to sigma_noise. laplace-torch 0.3, torch 2.15.0, float64.
# Seen: a small network, 20 rows, noise 0.5. With hessian_structure="kron", which is the default, the derivative of
#   log_marginal_likelihood is 94.03, and the difference quotient of the same function is 115.74. "full" and "diag"
#   agree with their difference quotients, and so does the derivative with respect to prior_precision of all three.
# A good engineer would guess: the derivative is that of the returned value, as the docstring says "differentiable in
#   `prior_precision` and `sigma_noise`". A search for the noise by gradients uses it.
# Why: the log-determinant of the posterior depends on the noise, but for "kron" its gradient is lost on the way. Use
#   "full" or "diag" to learn the noise, or difference quotients.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    laplace-torch==0.3 torch==2.15.0 torchvision==0.29.2 numpy==2.4.6 scipy==1.17.1
OMP_NUM_THREADS=1 "$folder/venv/bin/python" -W ignore - <<'PY'
import sys
from importlib.metadata import version

import torch
from laplace import Laplace

print("laplace-torch", version("laplace-torch"), "torch", torch.__version__)
torch.set_default_dtype(torch.float64)
torch.manual_seed(0)
X, y = torch.randn(20, 3), torch.randn(20, 1)
data = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(X, y), batch_size=20)
net = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 1))
h, seen = 1e-5, {}
for structure in ("full", "kron", "diag"):
    posterior = Laplace(net, "regression", subset_of_weights="all", hessian_structure=structure)
    posterior.fit(data)

    def evidence(noise, precision):
        return posterior.log_marginal_likelihood(sigma_noise=noise, prior_precision=precision)

    at = torch.tensor(0.5, requires_grad=True), torch.tensor(2.0, requires_grad=True)
    slopes = [slope.item() for slope in torch.autograd.grad(evidence(*at), at)]
    s, p = at[0].detach(), at[1].detach()
    quotients = [
        (evidence(s + h, p) - evidence(s - h, p)).item() / (2 * h),
        (evidence(s, p + h) - evidence(s, p - h)).item() / (2 * h),
    ]
    seen[structure] = slopes, quotients
    print(f"{structure}: derivatives by noise and precision {slopes[0]:.4f}, {slopes[1]:.4f}; difference quotients "
          f"{quotients[0]:.4f}, {quotients[1]:.4f}")
EXPECTED = 94.0343, 115.7431
if any(abs(seen["kron"][i][0] - EXPECTED[i]) > 1e-3 for i in (0, 1)):
    sys.exit("changed: another derivative of kron with respect to the noise")
if any(abs(seen[name][0][0] - seen[name][1][0]) > 1e-3 for name in ("full", "diag")):
    sys.exit("changed: the derivative of full or diag with respect to the noise")
if any(abs(slopes[1] - quotients[1]) > 1e-4 for slopes, quotients in seen.values()):
    sys.exit("changed: a derivative with respect to the precision")
PY
