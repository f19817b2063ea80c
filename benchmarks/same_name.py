"""Repeat a row of docs/same-name.md: a rule of another library beside torch's of that name, and beside its translation.

    python benchmarks/same_name.py                 # which rows can be repeated here
    python benchmarks/same_name.py "optax rprop"   # one of them
    python benchmarks/same_name.py --all           # all that are installed, as JSON, a line each

Ten steps on a matrix of 2 by 3, with gradients that change, in float64 where the library has it. A step differs where
an entry is farther off than 1e-5 of the largest update (1e-4 where the library has float32 alone).
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Iterator
from typing import Any

from more_libraries import has_tfjs
from more_rows import MORE
from other_libraries import (
    EPS,
    GRADIENTS,
    KB,
    LR,
    MB,
    START,
    TB,
    B,
    Row,
    made,
    of_autograd,
    of_jax,
    of_keras,
    of_mlx,
    of_optax,
    of_ours,
    of_sklearn,
    of_thinc,
    of_tinygrad,
    of_torch,
)

from mlp_core.base.errors import meant

os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("JAX_ENABLE_X64", "1")
os.environ.setdefault("DEV", "PYTHON")  # of tinygrad
os.environ.setdefault("TRAINING", "1")  # of tinygrad, too

X, K, M, G = of_optax, of_keras, of_mlx, of_tinygrad

ROWS: dict[str, Row] = {
    "optax sgd": (made(X, "sgd", momentum=0.9), made(of_torch, "SGD", momentum=0.9), None),
    "optax sgd nesterov": (
        made(X, "sgd", momentum=0.9, nesterov=True), made(of_torch, "SGD", momentum=0.9, nesterov=True), None),
    "optax adam": (made(X, "adam", **B), made(of_torch, "Adam", **TB), None),
    "optax adamw": (made(X, "adamw", weight_decay=0.1, **B), made(of_torch, "AdamW", weight_decay=0.1, **TB), None),
    "optax amsgrad": (made(X, "amsgrad", **B), made(of_torch, "Adam", amsgrad=True, **TB), None),
    "optax nadam": (
        made(X, "nadam", **B), made(of_torch, "NAdam", **TB), made(of_torch, "NAdam", momentum_decay=1e9, **TB)),
    "optax radam": (made(X, "radam", **B), made(of_torch, "RAdam", **TB), None),
    "optax rmsprop": (
        made(X, "rmsprop", decay=0.9, eps=EPS), made(of_torch, "RMSprop", alpha=0.9, eps=EPS), None),
    "optax rmsprop eps_in_sqrt=False": (
        made(X, "rmsprop", decay=0.9, eps=EPS, eps_in_sqrt=False), made(of_torch, "RMSprop", alpha=0.9, eps=EPS), None),
    "optax adagrad": (
        made(X, "adagrad", eps=EPS), made(of_torch, "Adagrad", initial_accumulator_value=0.1, eps=EPS),
        made(of_torch, "Adagrad", initial_accumulator_value=0.1 + EPS, eps=0.0)),
    "optax adadelta": (made(X, "adadelta", rho=0.9, eps=EPS), made(of_torch, "Adadelta", rho=0.9, eps=EPS), None),
    "optax adamax": (made(X, "adamax", **B), made(of_torch, "Adamax", **TB), None),
    "optax rprop": (made(X, "rprop"), made(of_torch, "Rprop"), None),
    "keras SGD": (made(K, "SGD", momentum=0.9), made(of_torch, "SGD", momentum=0.9), None),
    "keras SGD weight_decay": (
        made(K, "SGD", momentum=0.9, weight_decay=0.1), made(of_torch, "SGD", momentum=0.9, weight_decay=0.1), None),
    "keras Adam": (made(K, "Adam", **KB), made(of_torch, "Adam", **TB), None),
    "keras Adam weight_decay": (
        made(K, "Adam", beta_1=0.9, beta_2=0.95, epsilon=1e-15, weight_decay=0.1),
        made(of_torch, "Adam", betas=(0.9, 0.95), eps=1e-15, weight_decay=0.1),
        made(of_torch, "AdamW", betas=(0.9, 0.95), eps=1e-15, weight_decay=0.1)),
    "keras RMSprop": (
        made(K, "RMSprop", rho=0.9, epsilon=EPS), made(of_torch, "RMSprop", alpha=0.9, eps=EPS), None),
    "keras Adagrad": (
        made(K, "Adagrad", epsilon=EPS), made(of_torch, "Adagrad", initial_accumulator_value=0.1, eps=EPS),
        made(of_torch, "Adagrad", initial_accumulator_value=0.1 + EPS, eps=0.0)),
    "keras Adadelta": (made(K, "Adadelta", rho=0.9, epsilon=EPS), made(of_torch, "Adadelta", rho=0.9, eps=EPS), None),
    "keras Adamax": (made(K, "Adamax", **KB), made(of_torch, "Adamax", **TB), None),
    "keras Nadam": (
        made(K, "Nadam", **KB), made(of_torch, "NAdam", **TB), made(of_torch, "NAdam", momentum_decay=1.0, **TB)),
    "mlx SGD": (made(M, "SGD", momentum=0.9), made(of_torch, "SGD", momentum=0.9), None),
    "mlx SGD dampening": (
        made(M, "SGD", momentum=0.9, dampening=0.5), made(of_torch, "SGD", momentum=0.9, dampening=0.5), None),
    "mlx Adam": (made(M, "Adam", **MB), made(of_torch, "Adam", **TB), None),
    "mlx Adam bias_correction=True": (made(M, "Adam", bias_correction=True, **MB), made(of_torch, "Adam", **TB), None),
    "mlx AdamW": (
        made(M, "AdamW", weight_decay=0.1, **MB), made(of_torch, "AdamW", weight_decay=0.1, **TB), None),
    "mlx Adamax": (made(M, "Adamax", **MB), made(of_torch, "Adamax", **TB), None),
    "mlx RMSprop": (made(M, "RMSprop", alpha=0.9, eps=EPS), made(of_torch, "RMSprop", alpha=0.9, eps=EPS), None),
    "mlx Adagrad": (made(M, "Adagrad", eps=EPS), made(of_torch, "Adagrad", eps=EPS), None),
    "mlx AdaDelta": (made(M, "AdaDelta", rho=0.9, eps=EPS), made(of_torch, "Adadelta", rho=0.9, eps=EPS), None),
    "optax rmsprop centered, eps_in_sqrt=False": (
        made(X, "rmsprop", decay=0.9, eps=EPS, centered=True, eps_in_sqrt=False),
        made(of_torch, "RMSprop", alpha=0.9, eps=EPS, centered=True), None),
    "optax rmsprop momentum, eps_in_sqrt=False": (
        made(X, "rmsprop", decay=0.9, eps=EPS, momentum=0.9, eps_in_sqrt=False),
        made(of_torch, "RMSprop", alpha=0.9, eps=EPS, momentum=0.9), None),
    "optax rmsprop momentum": (
        made(X, "rmsprop", decay=0.9, eps=EPS, momentum=0.9),
        made(of_torch, "RMSprop", alpha=0.9, eps=EPS, momentum=0.9), None),
    "optax lion": (made(X, "lion", b1=0.9, b2=0.99, weight_decay=0.0), made(of_ours, "lion", betas=(0.9, 0.99)), None),
    "keras SGD nesterov": (
        made(K, "SGD", momentum=0.9, nesterov=True), made(of_torch, "SGD", momentum=0.9, nesterov=True), None),
    "keras AdamW": (made(K, "AdamW", weight_decay=0.1, **KB), made(of_torch, "AdamW", weight_decay=0.1, **TB), None),
    "keras Adam amsgrad": (made(K, "Adam", amsgrad=True, **KB), made(of_torch, "Adam", amsgrad=True, **TB), None),
    "keras RMSprop centered": (
        made(K, "RMSprop", rho=0.9, epsilon=EPS, centered=True),
        made(of_torch, "RMSprop", alpha=0.9, eps=EPS, centered=True), None),
    "keras RMSprop momentum": (
        made(K, "RMSprop", rho=0.9, epsilon=EPS, momentum=0.9),
        made(of_torch, "RMSprop", alpha=0.9, eps=EPS, momentum=0.9), None),
    "keras Lion": (made(K, "Lion", beta_1=0.9, beta_2=0.99), made(of_ours, "lion", betas=(0.9, 0.99)), None),
    "mlx SGD nesterov": (
        made(M, "SGD", momentum=0.9, nesterov=True), made(of_torch, "SGD", momentum=0.9, nesterov=True), None),
    "mlx Lion": (made(M, "Lion", betas=[0.9, 0.99]), made(of_ours, "lion", betas=(0.9, 0.99)), None),
    "tinygrad SGD nesterov": (
        made(G, "SGD", momentum=0.9, nesterov=True), made(of_torch, "SGD", momentum=0.9, nesterov=True), None),
    "jax nesterov": (
        lambda: of_jax("nesterov", 0.9), made(of_torch, "SGD", momentum=0.9, nesterov=True), None),
    "jax adamax": (lambda: of_jax("adamax", 0.9, 0.95, EPS), made(of_torch, "Adamax", **TB), None),
    "jax sgd": (lambda: of_jax("sgd"), made(of_torch, "SGD"), None),
    "tinygrad SGD": (made(G, "SGD", momentum=0.9), made(of_torch, "SGD", momentum=0.9), None),
    "tinygrad Adam": (made(G, "Adam", **B), made(of_torch, "Adam", **TB), None),
    "tinygrad AdamW": (
        made(G, "AdamW", weight_decay=0.1, **B), made(of_torch, "AdamW", weight_decay=0.1, **TB), None),
    "autograd sgd": (
        made(of_autograd, "sgd", mass=0.9), made(of_torch, "SGD", momentum=0.9),
        made(of_torch, "SGD", momentum=0.9, lr=LR * 0.1)),
    "autograd rmsprop": (
        made(of_autograd, "rmsprop", gamma=0.9, eps=EPS), made(of_torch, "RMSprop", alpha=0.9, eps=EPS), None),
    "autograd adam": (made(of_autograd, "adam", **B), made(of_torch, "Adam", **TB), None),
    "jax adagrad": (lambda: of_jax("adagrad"), made(of_torch, "Adagrad", eps=0.0), None),
    "jax adagrad momentum=0": (lambda: of_jax("adagrad", 0.0), made(of_torch, "Adagrad", eps=0.0), None),
    "jax adam": (lambda: of_jax("adam", 0.9, 0.95, EPS), made(of_torch, "Adam", **TB), None),
    "jax momentum": (lambda: of_jax("momentum", 0.9), made(of_torch, "SGD", momentum=0.9), None),
    "jax rmsprop": (lambda: of_jax("rmsprop", 0.9, EPS), made(of_torch, "RMSprop", alpha=0.9, eps=EPS), None),
    "sklearn Adam": (
        made(of_sklearn, "AdamOptimizer", beta_1=0.9, beta_2=0.95, epsilon=EPS), made(of_torch, "Adam", **TB), None),
    "sklearn SGD": (
        made(of_sklearn, "SGDOptimizer", momentum=0.9, nesterov=True),
        made(of_torch, "SGD", momentum=0.9, nesterov=True), None),
    "thinc Adam": (
        made(of_thinc, "Adam", beta1=0.9, beta2=0.95, eps=EPS, grad_clip=0.0), made(of_torch, "Adam", **TB), None),
    "thinc SGD": (
        made(of_thinc, "SGD", grad_clip=0.0), made(of_torch, "SGD"), None),
    **MORE,
}  # fmt: skip
"""by the words of a command: the rule, torch's of that name, and what equals it after all"""

FLOAT32 = ("mlx", "tinygrad", "thinc", "tfjs")
"""libraries, and rules, with fewer digits"""


def compared(name: str) -> dict[str, Any]:
    """The first step that differs, and by how much of the largest update, from torch's and from the translation."""
    rule, same, translated = ROWS[name]
    limit = 1e-4 if name.startswith(FLOAT32) else 1e-5
    found: dict[str, Any] = {"row": name}
    for what, other in (("torch", same), ("translation", translated)):
        if other is None:
            continue
        a, b, before, first, worst = rule(), other(), START, None, 0.0
        for index, g in enumerate(GRADIENTS):
            got, expected = a(g), b(g)
            size = (expected - before).abs().max().item()
            off = (got - expected).abs().max().item() / size
            worst = max(worst, off)
            if first is None and not off <= limit:
                first = index + 1
                found[f"{what}: first off by"] = float(f"{off:.2g}") if off == off else "NaN"
            before = expected
        found[f"{what}: first step"] = first
        found[f"{what}: worst"] = float(f"{worst:.2g}")
    return found


def installed() -> Iterator[str]:
    """The rows whose library is there."""
    there = dict[str, bool]()
    for name in ROWS:
        library = name.split()[0]
        if there.setdefault(library, has_tfjs() if library == "tfjs" else _imports(MODULES.get(library, library))):
            yield name


MODULES = {"mlx": "mlx.core", "ensmallen": "pyensmallen"}


def _imports(module: str) -> bool:
    try:
        importlib.import_module(module)
    except ImportError:
        return False
    return True


def main(arguments: list[str]) -> int:
    if arguments == ["--all"]:
        for name in installed():
            try:
                print(json.dumps(compared(name)), flush=True)
            except Exception as error:
                print(json.dumps({"row": name, "error": f"{type(error).__name__}: {error}"}), flush=True)
    elif arguments and " ".join(arguments) in ROWS:
        for key, value in compared(" ".join(arguments)).items():
            print(f"{key}: {value}")
    elif arguments:
        name = " ".join(arguments)
        print(f"error: no row {name!r}; without a name, the command lists them{meant(name, ROWS)}", file=sys.stderr)
        return 2
    else:
        print("\n".join(installed()))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
