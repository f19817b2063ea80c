"""Measures what gradient checkers accept at their defaults: the table of docs/gradient-checking.md.

The function is a sum of s exp(x) with n entries. Its gradient is right, or wrong in one entry. A checker that is random
is asked several times.

    pip install autograd jax pylops openmdao
    python benchmarks/checkers.py
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from contextlib import redirect_stdout
from importlib.metadata import version

import numpy as np

Wrong = Callable[[np.ndarray], np.ndarray]
Checker = Callable[[int, Wrong, float], bool]
"""whether a gradient is accepted: of n entries, made wrong, of a function with that factor"""

X = np.random.default_rng(0)


def _first(g: np.ndarray, value: float) -> np.ndarray:
    g = g.copy()
    g[0] = value
    return g


COLUMNS: dict[str, tuple[Wrong, float]] = {
    "correct": (lambda g: g, 1.0),
    "off by 5e-4": (lambda g: _first(g, g[0] * (1 + 5e-4)), 1.0),
    "zero entry": (lambda g: _first(g, 0.0), 1.0),
    "wrong sign": (lambda g: _first(g, -g[0]), 1.0),
    "scale 1e-9, zero entry": (lambda g: _first(g, 0.0), 1e-9),
}


def by_torch(n: int, wrong: Wrong, scale: float, *, fast: bool = False) -> bool:
    import torch

    class F(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return scale * x.exp().sum()

        @staticmethod
        def backward(ctx, above):
            (x,) = ctx.saved_tensors
            return above * torch.from_numpy(wrong(scale * np.exp(x.numpy())))

    x = torch.from_numpy(X.normal(size=n)).requires_grad_()
    return torch.autograd.gradcheck(F.apply, (x,), raise_exception=False, fast_mode=fast)


def by_torch_fast(n: int, wrong: Wrong, scale: float) -> bool:
    return by_torch(n, wrong, scale, fast=True)


def by_autograd(n: int, wrong: Wrong, scale: float) -> bool:
    import autograd.numpy as anp
    from autograd.extend import defvjp, primitive
    from autograd.test_util import check_grads

    @primitive
    def f(x):
        return scale * anp.sum(anp.exp(x))

    defvjp(f, lambda _, x: lambda above: above * wrong(scale * np.exp(x)))
    return _raises_none(lambda: check_grads(f, modes=["rev"], order=1)(X.normal(size=n)))


def by_jax(n: int, wrong: Wrong, scale: float) -> bool:
    import jax
    import jax.numpy as jnp
    from jax.test_util import check_grads

    jax.config.update("jax_enable_x64", val=True)

    @jax.custom_vjp
    def f(x):
        return scale * jnp.sum(jnp.exp(x))

    f.defvjp(lambda x: (f(x), x), lambda x, above: (above * jnp.asarray(wrong(scale * np.exp(np.asarray(x)))),))
    return _raises_none(lambda: check_grads(f, (jnp.asarray(X.normal(size=n)),), order=1, modes=["rev"]))


def by_pylops(n: int, wrong: Wrong, scale: float) -> bool:
    from pylops import FunctionOperator
    from pylops.utils import dottest

    slopes = scale * np.exp(X.normal(size=n))
    operator = FunctionOperator(lambda v: slopes * v, lambda v: wrong(slopes) * v, n, n)
    return bool(dottest(operator, n, n, raiseerror=False))


def by_openmdao(n: int, wrong: Wrong, scale: float) -> bool:
    import openmdao.api as om
    from openmdao.utils.assert_utils import assert_check_partials

    class Component(om.ExplicitComponent):
        def setup(self):
            self.add_input("x", X.normal(size=n))
            self.add_output("y", 0.0)
            self.declare_partials("y", "x")

        def compute(self, inputs, outputs):
            outputs["y"] = scale * np.sum(np.exp(inputs["x"]))

        def compute_partials(self, inputs, partials):
            partials["y", "x"] = wrong(scale * np.exp(inputs["x"]))[None]

    problem = om.Problem(reports=False)
    problem.model.add_subsystem("c", Component())
    problem.setup()
    problem.run_model()
    return _raises_none(lambda: assert_check_partials(problem.check_partials(out_stream=None)))


def by_us(n: int, wrong: Wrong, scale: float) -> bool:
    import torch
    from hypothesis import strategies as st

    from mlp_core.testing import subjects, verify

    def gradient(params):
        return [torch.from_numpy(wrong(scale * np.exp(params[0].numpy())))]

    numbers = st.lists(st.floats(-2, 2), min_size=n, max_size=n).map(lambda k: torch.tensor(k, dtype=torch.float64))
    subject = subjects.gradient(lambda params: scale * params[0].exp().sum(), gradient, numbers.map(lambda t: ([t],)))
    return verify(subject, examples=20).ok


def _raises_none(check: Callable[[], object]) -> bool:
    try:
        check()
    except (AssertionError, ValueError):
        return False
    return True


ROWS: list[tuple[str, str, Checker, int, int]] = [
    ("torch gradcheck, slow", "torch", by_torch, 4, 1),
    ("torch gradcheck, slow", "torch", by_torch, 100, 1),
    ("torch gradcheck, fast", "torch", by_torch_fast, 10_000, 1),
    ("HIPS autograd check_grads", "autograd", by_autograd, 4, 40),
    ("HIPS autograd check_grads", "autograd", by_autograd, 10_000, 10),
    ("jax check_grads, float64", "jax", by_jax, 4, 1),
    ("jax check_grads, float64", "jax", by_jax, 1000, 1),
    ("pylops dottest", "pylops", by_pylops, 10, 20),
    ("OpenMDAO assert_check_partials", "openmdao", by_openmdao, 4, 1),
    ("mlp_core subjects.gradient", "mlp_core", by_us, 4, 1),
]
"""its name, its package, the checker, n, and how often it is asked"""


def cell(checker: Checker, n: int, tries: int, wrong: Wrong, scale: float) -> str:
    accepted = sum(checker(n, wrong, scale) for _ in range(tries))
    if tries > 1 and accepted:
        return f"{accepted} of {tries}"
    return "accepted" if accepted else "refused"


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    print("| checker |", " | ".join(COLUMNS), "|\n| --- |" + " --- |" * len(COLUMNS))
    for name, package, checker, n, tries in ROWS:
        with redirect_stdout(io.StringIO()):
            cells = [cell(checker, n, tries, *column) for column in COLUMNS.values()]
        print(f"| {name}, n = {n:,} ({package} {version(package)}) |", " | ".join(cells), "|", flush=True)
