"""Custom operators of torch.library, rules for tangents in jax, and torch modules with a backward, in files."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from unittest.mock import patch

import pytest
from pairs_of_strangers import Case, holds

from mlp_core.testing.engine import runner as engine
from mlp_core.testing.foreign.child import laws_of
from mlp_core.testing.foreign.load import found_in, loaded
from mlp_core.testing.verification.verify import checked

OPERATOR = """\
import torch
from torch import Tensor


@torch.library.custom_op("strangers::NAME", mutates_args=())
def gated(x: Tensor, gate: Tensor) -> Tensor:
    return torch.tanh(gate) * x

@gated.register_fake
def _(x, gate):
    return torch.empty_like(x)

def _setup_context(ctx, inputs, output):
    ctx.save_for_backward(*inputs)

def _backward(ctx, grad_out):
    x, gate = ctx.saved_tensors
    return grad_out * torch.tanh(gate), grad_out * x * (1 - torch.tanh(gate) ** 2)

gated.register_autograd(_backward, setup_context=_setup_context)
"""

TANGENTS = """\
import jax.numpy as jnp
from jax import custom_jvp


@custom_jvp
def log1pexp(x):
    return jnp.log(1.0 + jnp.exp(x))

@log1pexp.defjvp
def log1pexp_jvp(primals, tangents):
    (x,), (x_dot,) = primals, tangents
    return log1pexp(x), (1 - 1 / (1 + jnp.exp(x))) * x_dot
"""


def test_a_custom_operator(tmp_path: Path) -> None:
    holds(tmp_path, Case(OPERATOR.replace("NAME", "right"), " ** 2)", ")", ("gated",), "gradient of gate"))
    code = snippet(tmp_path, OPERATOR.replace("NAME", "wrong").replace(" ** 2)", ")"))
    with pytest.raises(AssertionError):
        exec(code, {})  # noqa: S102  (the snippet is what is tested)


PRIMITIVE = """\
import hips_numpy as np
from hips_extend import primitive, defvjp


@primitive
def logsumexp(x, w):
    most = np.max(x)
    return most + np.log(np.sum(w**2 * np.exp(x - most)))

def logsumexp_vjp(ans, x, w):
    return lambda g: np.full(x.shape, g) * w**2 * np.exp(x - np.full(x.shape, ans))

defvjp(logsumexp, logsumexp_vjp, lambda ans, x, w: lambda g: g * 2 * w * np.exp(x - ans))
"""

STAND_IN = """\
def primitive(f):
    def f_wrapped(*args, **kwargs):
        return f(*args, **kwargs)
    f_wrapped.__name__, f_wrapped.fun = f.__name__, f
    return f_wrapped

def defvjp(f, *makers):
    f.makers = makers
"""
"""what autograd.extend does with a function, for environments without it"""


def test_a_primitive_of_hips_autograd(tmp_path: Path) -> None:
    (tmp_path / "hips_extend.py").write_text(STAND_IN, encoding="utf-8")
    (tmp_path / "hips_numpy.py").write_text("from numpy import *\nfrom numpy import max", encoding="utf-8")
    holds(tmp_path, Case(PRIMITIVE, "lambda g: g * 2 * w", "lambda g: g * w", ("logsumexp",), "gradient of w"))
    code = snippet(tmp_path, PRIMITIVE.replace("lambda g: g * 2 * w", "lambda g: g * w"))
    with pytest.raises(AssertionError):
        exec(code, {})  # noqa: S102  (the snippet is what is tested)


MODULE = """\
import torch
import torch.nn as nn


class ManualMLP(nn.Module):
    def __init__(self, d_in, d_hidden, d_out):
        super().__init__()
        self.fc1 = nn.Linear(d_in, d_hidden)
        self.fc2 = nn.Linear(d_hidden, d_out)

    def forward(self, x):
        self.x, self.z = x, self.fc1(x)
        self.a = torch.relu(self.z)
        return self.fc2(self.a)

    @torch.no_grad()
    def backward(self, grad_out):
        self.fc2.weight.grad = grad_out.t() @ self.a
        self.fc2.bias.grad = grad_out.sum(0)
        dz = grad_out @ self.fc2.weight * (self.z > 0)
        self.fc1.weight.grad = dz.t() @ self.x
        self.fc1.bias.grad = dz.sum(0)
        return dz @ self.fc1.weight
"""


def test_a_module(tmp_path: Path) -> None:
    holds(tmp_path, Case(MODULE, "= dz.sum(0)", "= dz.mean(0)", ("ManualMLP",), "gradient of fc1.bias"))
    code = snippet(tmp_path, MODULE.replace("= dz.sum(0)", "= dz.mean(0)"))
    with pytest.raises(AssertionError):
        exec(code, {})  # noqa: S102  (the snippet is what is tested)


@pytest.mark.skipif(find_spec("jax") is None, reason="jax is not installed")
def test_a_rule_for_tangents(tmp_path: Path) -> None:
    holds(tmp_path, Case(TANGENTS, "1 / (1 + jnp.exp(x)))", "1 / (1 + jnp.exp(-x)))", ("log1pexp",), "gradient of x"))
    code = snippet(tmp_path, TANGENTS.replace("1 / (1 + jnp.exp(x)))", "1 / (1 + jnp.exp(-x)))"))
    with pytest.raises(AssertionError):
        exec(code, {})  # noqa: S102  (the snippet is what is tested)


def snippet(folder: Path, text: str) -> str:
    path = folder / "snippet.py"
    path.write_text(text, encoding="utf-8")
    (name,) = found_in(str(path))
    laws = laws_of(*loaded(name), 8, checked)
    (law,) = (law for law in laws if law.name == "is the derivative of its own forward")
    assert law.runs is not None
    with patch.object(engine, "SHRINKS", 3):
        result = law.runs(law, examples=6)
    assert result.verdict == "FAIL"
    return str(result.snippet)
