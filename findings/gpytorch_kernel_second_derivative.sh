#!/usr/bin/env bash
# gpytorch's RBFKernel and MaternKernel, the second derivative by the lengthscale. gpytorch 1.15.2, torch 2.15.0, CPU,
#   float64.
# Seen: the first derivative is right. The second one by autograd is 1.456 for RBFKernel, and difference quotients of
#   the first one give 0.664. Nothing is raised. It is right if the inputs require a gradient, and for RQKernel. A
#   Hessian of the hyperparameters, as Laplace's approximation and Newton's method use it, is wrong with these two
#   kernels.
# A good engineer would guess: right, or an error, as for a backward that is once_differentiable.
# Why: the kernel's own backward multiplies by a matrix that its forward saved. That matrix depends on the
#   lengthscale, and was computed without a graph. Inputs that require a gradient take another path, without an own
#   backward.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check torch==2.15.0 gpytorch==1.15.2 numpy==2.2.6
OMP_NUM_THREADS=1 "$folder/venv/bin/python" -W ignore - <<'PY'
import sys

import gpytorch
import torch

print("gpytorch", gpytorch.__version__, "torch", torch.__version__)
torch.set_default_dtype(torch.float64)
inputs = torch.tensor([[0.0], [0.7], [1.9]])
weights = torch.tensor([[1.0, 2.0, 3.0], [0.5, -1.0, 2.0], [1.0, 1.0, 1.0]])
kernels = gpytorch.kernels
settings = {
    "RBFKernel": (kernels.RBFKernel, {}, inputs),
    "MaternKernel, nu=2.5": (kernels.MaternKernel, {"nu": 2.5}, inputs),
    "RQKernel": (kernels.RQKernel, {}, inputs),
    "RBFKernel, inputs that require a gradient": (kernels.RBFKernel, {}, inputs.clone().requires_grad_()),
}


def first(setting, at):
    make, options, x = setting
    kernel = make(**options)
    kernel.lengthscale = at
    (gradient,) = torch.autograd.grad((weights * kernel(x).to_dense()).sum(), kernel.raw_lengthscale, create_graph=True)
    return gradient, kernel.raw_lengthscale


seen = {}
for name, setting in settings.items():
    gradient, raw = first(setting, 0.85)
    (second,) = torch.autograd.grad(gradient.sum(), raw)
    h, soft = 2.0**-13, torch.nn.functional.softplus
    up, down = (first(setting, soft(raw.detach() + step))[0].item() for step in (h, -h))
    seen[name] = (second.item(), (up - down) / (2 * h))
    print(f"{name}: second derivative {seen[name][0]:.5f}, difference of the first {seen[name][1]:.5f}")
EXPECTED = [True, True, False, False]
if [abs(second - quotient) > 0.1 for second, quotient in seen.values()] != EXPECTED:
    sys.exit("changed: other kernels have a wrong second derivative, or none has")
if any(abs(second - quotient) > 1e-5 for second, quotient in list(seen.values())[2:]):
    sys.exit("changed: the right second derivatives are off")
PY
