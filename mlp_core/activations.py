"""Activation functions: one record each, with the derivative by hand beside the function.

A new activation is one record with f, with a function that multiplies delta by the derivative, and with the kinks of f.
Pass it to `register`, and the laws run on it. Formulas: Goodfellow, Bengio and Courville, *Deep Learning* (2016),
section 6.3; GELU: Hendrycks and Gimpel (2016), eq. 2; SiLU: Elfwing et al. (2017), eq. 3; softsign: Glorot and Bengio
(2010). At a kink the derivative is the one torch takes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import pi, sqrt

import torch
import torch.nn.functional as F
from torch import Tensor

from mlp_core.base.registry import Registry


def _ones(z: Tensor, a: Tensor) -> Tensor:
    return torch.ones_like(z)


@dataclass(frozen=True)
class Activation:
    """An elementwise function, with everything that backpropagation and the laws need.

    f(z) -> a; times_df(delta, z, a) -> delta * f'(z), elementwise; all tensors have one shape, and neither function
    changes its arguments. `fit` calls both in inference mode, in which torch.func can differentiate but backward()
    cannot. The product is part of the record because its order of operations decides the last bit, and because a kink
    masks delta instead of multiplying it: 0 * inf is not 0.

    >>> sigmoid = get("sigmoid")
    >>> z = torch.zeros(1)
    >>> sigmoid.df(z, sigmoid.f(z))
    tensor([0.2500])
    """

    name: str
    f: Callable[[Tensor], Tensor]
    times_df: Callable[[Tensor, Tensor, Tensor], Tensor]
    terms: Callable[[Tensor, Tensor], Tensor] = _ones
    """terms(z, a): the sum of the magnitudes of the terms of f'(z); rounding errors of f'(z) are relative to it"""
    kinks: tuple[float, ...] = ()
    """points at which f is not differentiable, in increasing order"""
    bends: tuple[float, ...] = ()
    """points at which f' is continuous but f'' jumps: a difference quotient across one loses an order of accuracy"""
    slopes: tuple[float, ...] = ()
    """for a piecewise linear f with f(0) = 0: the slopes left of, between and right of the kinks; otherwise empty"""
    kink_slopes: tuple[float, ...] = ()
    """for a piecewise linear f: the derivative used at each kink"""
    lipschitz: float = 1.0
    """the largest |f'|"""
    exact: bool = False
    """whether delta * f'(z) has the same bits as autograd's (torch 2.13 and later, float32 and float64, CPU)"""

    def __deepcopy__(self, memo: dict[int, object]) -> Activation:
        return self

    def __reduce__(self) -> tuple[object, ...]:
        return _by_name, (self.name,)  # functions cannot be pickled: a record travels by name

    def df(self, z: Tensor, a: Tensor) -> Tensor:
        """f'(z), of the shape of z; a = f(z)."""
        return self.times_df(torch.ones_like(z), z, a)


_registry: Registry[Activation] = Registry("activation", Activation)
register, get, names, remove = _registry.register, _registry.get, _registry.names, _registry.remove


def _by_name(name: str) -> Activation:
    return get(name)


def leaky(slope: float) -> Activation:
    """max(z, slope z) for a slope between 0 and 1, as a record whose name contains the slope.

    >>> leaky(0.125).f(torch.tensor([-8.0, 8.0]))
    tensor([-1.,  8.])
    """
    return Activation(
        f"leaky_relu({slope})",
        f=lambda z: F.leaky_relu(z, slope),
        times_df=lambda delta, z, a: torch.where(z > 0, delta, delta * slope),  # f' = 1 for z > 0, else slope
        kinks=(0.0,), slopes=(slope, 1.0), kink_slopes=(slope,), exact=True,
    )  # fmt: skip


def _identity(z: Tensor) -> Tensor:
    return z


def _identity_times_df(delta: Tensor, z: Tensor, a: Tensor) -> Tensor:
    return delta  # f' = 1


register(Activation("identity", f=_identity, times_df=_identity_times_df, slopes=(1.0,), exact=True))


def _relu_times_df(delta: Tensor, z: Tensor, a: Tensor) -> Tensor:
    # f' = 1 for z > 0, else 0: delta.masked_fill(z <= 0, 0) in one pass, by the kernel that autograd calls
    return torch.ops.aten.threshold_backward.default(delta, z, 0)


register(Activation(
    "relu", f=torch.relu, times_df=_relu_times_df, kinks=(0.0,), slopes=(0.0, 1.0), kink_slopes=(0.0,), exact=True,
))  # fmt: skip


_leaky = leaky(0.01)
register(Activation(
    "leaky_relu",
    f=_leaky.f, times_df=_leaky.times_df,
    kinks=_leaky.kinks, slopes=_leaky.slopes, kink_slopes=_leaky.kink_slopes, exact=True,
))  # fmt: skip


def _elu_times_df(delta: Tensor, z: Tensor, a: Tensor) -> Tensor:
    return torch.where(z <= 0, delta * torch.exp(z), delta)  # f' = e^z for z <= 0, else 1


def _elu_terms(z: Tensor, a: Tensor) -> Tensor:
    return 2 + a.clamp(max=0)  # other code computes a + 1 for z <= 0


register(Activation("elu", f=F.elu, times_df=_elu_times_df, terms=_elu_terms, bends=(0.0,)))


def _softplus_times_df(delta: Tensor, z: Tensor, a: Tensor) -> Tensor:
    # f' = sigmoid(z); torch's softplus is z itself above 20, a jump of 2e-9, so 20 counts as a kink
    return torch.where(z > 20, delta, delta * torch.sigmoid(z))


register(Activation("softplus", f=F.softplus, times_df=_softplus_times_df, kinks=(20.0,)))


def _sigmoid_times_df(delta: Tensor, z: Tensor, a: Tensor) -> Tensor:
    return delta * (1 - a) * a  # f' = (1 - a) a, in autograd's order


def _sigmoid_terms(z: Tensor, a: Tensor) -> Tensor:
    return (1 + a) * a


register(Activation(
    "sigmoid", f=torch.sigmoid, times_df=_sigmoid_times_df, terms=_sigmoid_terms, lipschitz=0.25, exact=True,
))  # fmt: skip


def _tanh_times_df(delta: Tensor, z: Tensor, a: Tensor) -> Tensor:
    return delta * (1 - a * a)  # f' = 1 - a^2


def _tanh_terms(z: Tensor, a: Tensor) -> Tensor:
    return 1 + a * a


register(Activation("tanh", f=torch.tanh, times_df=_tanh_times_df, terms=_tanh_terms))


def _silu_times_df(delta: Tensor, z: Tensor, a: Tensor) -> Tensor:
    s = torch.sigmoid(z)
    return delta * (s * (1 + z * (1 - s)))  # f' = s (1 + z (1 - s)), s = sigmoid(z)


def _silu_terms(z: Tensor, a: Tensor) -> Tensor:
    s = torch.sigmoid(z)
    return s * (1 + z.abs() * (1 + s))


register(Activation("silu", f=F.silu, times_df=_silu_times_df, terms=_silu_terms, lipschitz=1.1))


def _normal_cdf(z: Tensor) -> Tensor:
    return 0.5 * (1 + torch.erf(z / sqrt(2)))


def _normal_pdf(z: Tensor) -> Tensor:
    return torch.exp(-0.5 * z * z) / sqrt(2 * pi)


def _gelu_times_df(delta: Tensor, z: Tensor, a: Tensor) -> Tensor:
    return delta * (_normal_cdf(z) + z * _normal_pdf(z))  # f' = Phi(z) + z phi(z)


def _gelu_terms(z: Tensor, a: Tensor) -> Tensor:
    return 1 + z.abs() * _normal_pdf(z)


register(Activation("gelu", f=F.gelu, times_df=_gelu_times_df, terms=_gelu_terms, lipschitz=1.13))


def _softsign_times_df(delta: Tensor, z: Tensor, a: Tensor) -> Tensor:
    return delta / (1 + z.abs()) ** 2  # f' = 1 / (1 + |z|)^2


def _softsign_terms(z: Tensor, a: Tensor) -> Tensor:
    return 2 / (1 + z.abs())  # autograd: 1 / (1 + |z|) - |z| / (1 + |z|)^2


register(Activation("softsign", f=F.softsign, times_df=_softsign_times_df, terms=_softsign_terms, bends=(0.0,)))


def _hardtanh_times_df(delta: Tensor, z: Tensor, a: Tensor) -> Tensor:
    # f' = 1 for -1 < z < 1, else 0: delta.masked_fill((z <= -1) | (z >= 1), 0), by the kernel that autograd calls
    return torch.ops.aten.hardtanh_backward.default(delta, z, -1, 1)


register(Activation(
    "hardtanh", f=F.hardtanh, times_df=_hardtanh_times_df,
    kinks=(-1.0, 1.0), slopes=(0.0, 1.0, 0.0), kink_slopes=(0.0, 0.0), exact=True,
))  # fmt: skip
