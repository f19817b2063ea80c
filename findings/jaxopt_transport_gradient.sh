#!/usr/bin/env bash
# jaxopt.projection.projection_transport and projection_birkhoff, the gradient. jaxopt 0.8.5, jax 0.10.2, CPU, float64.
# Seen: the projection of ((0.5, 0.4), (0.1, 0.2)) onto the doubly stochastic matrices is ((0.55, 0.45), (0.45, 0.55)),
#   which is right. Its gradient is 0 in all entries, in this and in each other example. Correct for the weights
#   ((1, 2), (0, -1)) is -0.5 on the diagonal and 0.5 beside it. The gradient with respect to the marginals is wrong
#   too. Nothing is raised. A network that learns through such a layer never changes.
# A good engineer would guess: difference quotients confirm the gradient, as for the other projections of this module.
# Why: the objective of the semi-dual uses the envelope theorem: it stops the gradient at its inner solution. That is
#   right for the first derivative, but the plan is already a first derivative, and its own derivative then is 0. Pass
#   use_semi_dual=False, which is right.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    jaxopt==0.8.5 jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6 scipy==1.17.1
"$folder/venv/bin/python" -W ignore - <<'PY'
import sys
from importlib.metadata import version

import jax
import jax.numpy as jnp
import numpy as np
from jaxopt.projection import projection_birkhoff, projection_transport

jax.config.update("jax_enable_x64", True)
print("jaxopt", version("jaxopt"), "jax", jax.__version__)
points = jnp.array([[0.5, 0.4], [0.1, 0.2]])
weights = jnp.array([[1.0, 2.0], [0.0, -1.0]])
rows, columns = jnp.array([0.4, 0.6]), jnp.array([0.3, 0.7])
losses = {
    "projection_birkhoff": lambda x, semi: (projection_birkhoff(x, use_semi_dual=semi) * weights).sum(),
    "projection_transport": lambda x, semi: (
        projection_transport(x, (rows, columns), use_semi_dual=semi) * weights
    ).sum(),
}
for name, loss in losses.items():
    loss = jax.jit(loss, static_argnums=1)
    slope = jax.jit(jax.grad(loss), static_argnums=1)
    gradient, advised = (np.asarray(slope(points, semi)) for semi in (True, False))
    quotients = np.zeros((2, 2))
    for i in range(2):
        for j in range(2):
            quotients[i, j] = (loss(points.at[i, j].add(1e-3), True) - loss(points.at[i, j].add(-1e-3), True)) / 2e-3
    print(f"{name}: gradient {gradient.tolist()}, quotients {quotients.round(4).tolist()}")
    print(f"    use_semi_dual=False: {advised.round(4).tolist()}")
    EXPECTED = 0.0
    if np.abs(gradient - EXPECTED).max() > 1e-12:
        sys.exit("changed: the gradient is not 0")
    correct = np.array([[-0.5, 0.5], [0.5, -0.5]])
    if np.abs(quotients - correct).max() > 0.05 or np.abs(advised - correct).max() > 1e-6:
        sys.exit("changed: the quotients or the advised gradient")
PY
