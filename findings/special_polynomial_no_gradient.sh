#!/usr/bin/env bash
# torch.special.chebyshev_polynomial_t and 15 more smooth functions of torch.special, torch 2.15.0, CPU, float64.
# Seen: the gradient of x ** 2 + T_3(x) at x = 1 is 2, that of x ** 2 alone. The true one is 11. Nothing is raised.
#   torch.func.jvp of T_3 gives 0. The other eleven polynomials, airy_ai, spherical_bessel_j0 and
#   scaled_modified_bessel_k0 and k1 do the same; so do linspace and logspace with tensors as ends, but for jvp.
# A good engineer would guess: a function without a derivative raises in backward, as special.zeta does by its first
#   argument: "the derivative for 'special_zeta' is not implemented".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check torch==2.15.0 numpy==2.2.6
OMP_NUM_THREADS=1 "$folder/venv/bin/python" - <<'PY'
import sys

import torch

print("torch", torch.__version__)
torch.set_default_dtype(torch.float64)
polynomials = {
    name: lambda x, name=name: getattr(torch.special, name)(x, 3)
    for name in dir(torch.special) if "_polynomial_" in name
}
others = {
    name: getattr(torch.special, name)
    for name in ("airy_ai", "spherical_bessel_j0", "scaled_modified_bessel_k0", "scaled_modified_bessel_k1")
}
ends = {
    "linspace": lambda x: torch.linspace(x, torch.tensor(3.0), 4)[1],
    "logspace": lambda x: torch.logspace(x, torch.tensor(3.0), 4)[1],
}
seen = {}
for name, function in (polynomials | others | ends).items():
    x = torch.tensor(1.0, requires_grad=True)
    (gradient,) = torch.autograd.grad(x**2 + function(x), x)
    one = torch.ones(())
    seen[name] = (gradient.item(), None if name in ends else torch.func.jvp(function, (one,), (one,))[1].item())
    quotient = (function(one + 2.0**-17) - function(one - 2.0**-17)) / 2.0**-16
    print(f"x ** 2 + {name}: gradient {seen[name][0]}; jvp of it alone {seen[name][1]}, difference {quotient.item():.6g}")
try:
    torch.autograd.grad(torch.special.zeta(x + 1, x), x)
    refused = False
except NotImplementedError as error:
    refused = True
    print("zeta:", error)
EXPECTED = (2.0, 0.0)
if len(polynomials) != 12 or not refused:
    sys.exit("changed: other polynomials, or zeta no longer raises")
if any(found != EXPECTED for name, found in seen.items() if name not in ends) or any(seen[e][0] != 2.0 for e in ends):
    sys.exit("changed: one of them has a gradient, or raises")
PY
