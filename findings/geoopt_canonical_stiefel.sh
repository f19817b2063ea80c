#!/usr/bin/env bash
# geoopt's CanonicalStiefel: retr and expmap, the moves of its optimizers. geoopt 0.5.1, torch 2.15.0, CPU, float64.
# Seen: for a tangent vector v = x S, S skew, the point retr(x, t v) leaves x with the speed 2 v. So RiemannianSGD with
#   a rate of 0.01 on a square matrix moves 0.02 times the gradient. For v orthogonal to x it is v: the direction of a
#   step is not the one of the gradient either. proju(proju(u)) is not proju(u). EuclideanStiefel has v.
# A good engineer would guess: retr(x, t v) = x + t v + O(t^2), which is what makes it a retraction.
# Why: the Cayley transform is made of v x^T - x v^T, without the correction that takes half of the part along x away.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    geoopt==0.5.1 torch==2.15.0 numpy==2.4.6 scipy==1.17.1
OMP_NUM_THREADS=1 "$folder/venv/bin/python" -W ignore - <<'PY'
import sys
from importlib.metadata import version

import geoopt
import torch

torch.set_default_dtype(torch.float64)
print("geoopt", version("geoopt"), "torch", torch.__version__)


def speeds(manifold):
    torch.manual_seed(0)
    x, skew, u = manifold.random(5, 3), torch.randn(3, 3), torch.randn(5, 3)
    along, across = x @ (skew - skew.T), u - x @ (x.T @ u)
    found = []
    for v in (along, across):
        start = (manifold.retr(x, 1e-6 * v) - manifold.retr(x, -1e-6 * v)) / 2e-6
        factor = ((start * v).sum() / (v * v).sum()).item()
        if (start - factor * v).abs().max() > 1e-6:
            sys.exit("changed: the move has another direction")
        found.append(round(factor, 3))
    once = manifold.proju(x, u)
    found.append(bool((manifold.proju(x, once) - once).abs().max() < 1e-9))
    return found


def step(manifold):
    torch.manual_seed(0)
    p = geoopt.ManifoldParameter(torch.linalg.qr(torch.randn(3, 3))[0], manifold=manifold)
    before, p.grad = p.detach().clone(), torch.randn(3, 3)
    gradient = manifold.egrad2rgrad(before, p.grad)
    geoopt.optim.RiemannianSGD([p], lr=1e-5).step()
    return round(((before - p.detach()).norm() / gradient.norm() / 1e-5).item(), 3)


seen = {m.__name__: speeds(m()) + [step(m())] for m in (geoopt.CanonicalStiefel, geoopt.EuclideanStiefel)}
for name, (along, across, projects, moved) in seen.items():
    print(f"{name}: speed / v along x {along}, across {across}; proju idempotent: {projects}; SGD step / lr {moved}")
EXPECTED = {"CanonicalStiefel": [2.0, 1.0, False, 2.0], "EuclideanStiefel": [1.0, 1.0, True, 1.0]}
if seen != EXPECTED:
    sys.exit("changed: other speeds")
PY
