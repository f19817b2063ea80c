"""Mistakes in delta[l] = above * f_l'(z[l])."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from mlp_core.testing import subjects
from mlp_core.testing.faults.catalogue import Catalogue
from mlp_core.testing.faults.gradients.reverse import BATCH, ONE, RIGHT, At, entered

CATALOGUE = Catalogue()

caught_by = entered(CATALOGUE, "derivative")


def of(at: At, *names: str) -> bool:
    """Whether the layer has one of these activations."""
    return at.f.name.partition("(")[0] in names  # leaky_relu(0.125) counts as leaky_relu


@caught_by(
    "agrees with central differences for one sample", "quarters its Taylor remainder",
    origin="course: the delta of the output layer, without f'", place="the output layer",
)  # fmt: skip
def forgets_the_derivative(at: At, delta: Tensor) -> Tensor:
    """the derivative f' of the activation is left out"""
    return delta


@caught_by(ONE, origin="Nielsen, ch. 2: BP2 evaluated at a instead of z")
def takes_the_derivative_at_a(at: At, delta: Tensor) -> Tensor:
    """f' is taken at a = f(z) instead of z"""
    return at.f.times_df(delta, at.a, at.f.f(at.a))


@caught_by(
    ONE, origin="the sigmoid's a (1 - a) with z as a: the most frequent question about hand-written backpropagation"
)
def takes_z_for_a(at: At, delta: Tensor) -> Tensor:
    """the formula of the derivative gets z, but it needs a = f(z)"""
    return at.f.times_df(delta, at.z, at.z)


@caught_by(ONE, origin="site: f'; f and df exchanged")
def multiplies_by_the_activation(at: At, delta: Tensor) -> Tensor:
    """delta is multiplied by f(z) instead of f'(z)"""
    return delta * at.a


@caught_by(ONE, origin="site: f'; applied when delta is computed and again when it is used")
def takes_the_derivative_twice(at: At, delta: Tensor) -> Tensor:
    """delta is multiplied by f' twice"""
    return RIGHT["derivative"](at, RIGHT["derivative"](at, delta))


@caught_by(ONE, origin="site: the index of f'; layer l + 1 instead of l", place="the hidden layers")
def takes_the_activation_above(at: At, delta: Tensor) -> Tensor:
    """f' is that of the next layer's activation"""
    f = at.model.activations[min(at.layer, at.model.L - 1)]
    return f.times_df(delta, at.z, f.f(at.z))


@caught_by(ONE, origin="site: the index of f'; layer l - 1 instead of l")
def takes_the_activation_below(at: At, delta: Tensor) -> Tensor:
    """f' is that of the previous layer's activation"""
    f = at.model.activations[max(at.layer - 2, 0)]
    return f.times_df(delta, at.z, f.f(at.z))


@caught_by(BATCH, origin="site: f'; one activation for the whole network", place="the hidden layers")
def takes_all_hidden_layers_for_the_first(at: At, delta: Tensor) -> Tensor:
    """f' is that of the first layer's activation in every layer"""
    f = at.model.activations[0]
    return f.times_df(delta, at.z, f.f(at.z))


@caught_by(BATCH, origin="site: f'; z of the first sample, used for the whole batch")
def takes_z_of_the_first_sample(at: At, delta: Tensor) -> Tensor:
    """f' is taken at z of the first sample for all samples"""
    return at.f.times_df(delta, at.z[:1].expand_as(at.z), at.a[:1].expand_as(at.a))


@caught_by("takes torch's convention at a kink", origin="relu'(0): z >= 0 instead of z > 0 (Bertoin et al. 2021)")
def relu_has_slope_1_at_0(at: At, delta: Tensor) -> Tensor:
    """relu's derivative at z = 0 is 1 instead of torch's 0"""
    return delta * (at.z >= 0) if of(at, "relu") else RIGHT["derivative"](at, delta)


@caught_by(
    "takes torch's convention at a kink", origin="relu'(0) = 1/2, from formulas with sign (Bertoin et al. 2021)"
)
def relu_has_slope_half_at_0(at: At, delta: Tensor) -> Tensor:
    """relu's derivative at z = 0 is 1/2 instead of torch's 0"""
    return delta * (1 + at.z.sign()) / 2 if of(at, "relu") else RIGHT["derivative"](at, delta)


@caught_by(ONE, origin="site: relu'; a mask from delta instead of z")
def relu_masks_by_delta(at: At, delta: Tensor) -> Tensor:
    """relu's mask is delta > 0 instead of z > 0"""
    return delta.clamp(min=0) if of(at, "relu") else RIGHT["derivative"](at, delta)


@caught_by(ONE, origin="site: f'; a network of relus, generalized later")
def takes_every_activation_for_relu(at: At, delta: Tensor) -> Tensor:
    """relu's derivative, 1 if z > 0 and else 0, is used for every activation"""
    return torch.where(at.z > 0, delta, 0)


@caught_by(ONE, origin="site: leaky_relu'; relu's derivative")
def leaky_relu_does_not_leak(at: At, delta: Tensor) -> Tensor:
    """leaky_relu's derivative is 0 for negative z instead of its slope"""
    return delta * (at.z > 0) if of(at, "leaky_relu") else RIGHT["derivative"](at, delta)


@caught_by(ONE, origin="site: hardtanh'; z is clipped instead of masked")
def hardtanh_never_saturates(at: At, delta: Tensor) -> Tensor:
    """hardtanh's derivative is 1 instead of 0 where it saturates"""
    return delta if of(at, "hardtanh") else RIGHT["derivative"](at, delta)


@caught_by(ONE, origin="site: sigmoid'; the factor 1 - a left out")
def sigmoid_without_1_minus_a(at: At, delta: Tensor) -> Tensor:
    """sigmoid's derivative is a instead of a (1 - a)"""
    return delta * at.a if of(at, "sigmoid") else RIGHT["derivative"](at, delta)


@caught_by(ONE, origin="site: tanh'; the square left out")
def tanh_without_the_square(at: At, delta: Tensor) -> Tensor:
    """tanh's derivative is 1 - a instead of 1 - a^2"""
    return delta * (1 - at.a) if of(at, "tanh") else RIGHT["derivative"](at, delta)


@caught_by(ONE, origin="site: tanh'; the sigmoid's formula for a tanh network")
def tanh_as_a_sigmoid(at: At, delta: Tensor) -> Tensor:
    """tanh's derivative is a (1 - a), which is the sigmoid's, instead of 1 - a^2"""
    return delta * at.a * (1 - at.a) if of(at, "tanh") else RIGHT["derivative"](at, delta)


@caught_by(ONE, origin="Elfwing et al. (2017), eq. 5: the product rule's second term left out")
def silu_without_its_second_term(at: At, delta: Tensor) -> Tensor:
    """silu's derivative is sigmoid(z): the term z sigmoid'(z) is missing"""
    return delta * torch.sigmoid(at.z) if of(at, "silu") else RIGHT["derivative"](at, delta)


@caught_by(ONE, origin="Hendrycks and Gimpel (2016), eq. 2: the product rule's second term left out")
def gelu_without_its_second_term(at: At, delta: Tensor) -> Tensor:
    """gelu's derivative is Phi(z): the term z phi(z) is missing"""
    return delta * torch.special.ndtr(at.z) if of(at, "gelu") else RIGHT["derivative"](at, delta)


@caught_by(ONE, origin="Hendrycks and Gimpel (2016): gelu's tanh approximation, torch's approximate='tanh'")
def gelu_by_its_approximation(at: At, delta: Tensor) -> Tensor:
    """gelu's derivative is that of its tanh approximation instead of the exact one"""
    if not of(at, "gelu"):
        return RIGHT["derivative"](at, delta)
    return torch.ops.aten.gelu_backward(delta.contiguous(), at.z.contiguous(), approximate="tanh")


@caught_by(ONE, origin="site: elu'; relu's derivative")
def elu_as_relu(at: At, delta: Tensor) -> Tensor:
    """elu's derivative is 0 for negative z instead of a + 1"""
    return delta * (at.z > 0) if of(at, "elu") else RIGHT["derivative"](at, delta)


@caught_by(ONE, origin="site: softsign'; the square left out")
def softsign_without_the_square(at: At, delta: Tensor) -> Tensor:
    """softsign's derivative is 1 / (1 + |z|) instead of 1 / (1 + |z|)^2"""
    return delta / (1 + at.z.abs()) if of(at, "softsign") else RIGHT["derivative"](at, delta)


@caught_by(ONE, origin="Dugas et al. (2001): softplus' is the sigmoid; used as sigmoid'")
def softplus_by_the_sigmoids_derivative(at: At, delta: Tensor) -> Tensor:
    """softplus's derivative is sigmoid(z) (1 - sigmoid(z)) instead of sigmoid(z)"""
    s = torch.sigmoid(at.z)
    return delta * s * (1 - s) if of(at, "softplus") else RIGHT["derivative"](at, delta)


@caught_by(
    "is not finite where autograd is not", origin="site: relu'; a product with the mask, though 0 * inf is not 0",
    subject=lambda f: replace(subjects.backprop(f), to_the_bit=True),  # a law that only the core's own must satisfy
)  # fmt: skip
def multiplies_by_the_mask_of_relu(at: At, delta: Tensor) -> Tensor:
    """relu multiplies by its mask, so that 0 * inf is NaN: use torch.where or masked_fill"""
    return delta * (at.z > 0) if of(at, "relu") else RIGHT["derivative"](at, delta)
