"""Mistakes in the products with delta: dL/dW[l] = delta[l]^T a[l-1], dL/db[l] = sum over the batch of delta[l]."""

from __future__ import annotations

import torch
from torch import Tensor

from mlp_core.testing.faults.catalogue import Catalogue
from mlp_core.testing.faults.gradients.reverse import BATCH, ONE, At, entered

CATALOGUE = Catalogue()

weight, bias = (entered(CATALOGUE, site) for site in ("weight", "bias"))


@weight(ONE, origin="course: z[l-1] instead of a[l-1]")
def weight_from_z(at: At, delta: Tensor) -> Tensor:
    """the weight gradient uses z of the layer below instead of a = f(z)"""
    return delta.t() @ at.trace.z[at.layer - 1]


@weight(ONE, origin="course: a[l] instead of a[l-1], in loops over the units")
def weight_from_the_layers_own_output(at: At, delta: Tensor) -> Tensor:
    """the weight gradient uses a of its own layer instead of a of the layer below"""
    return delta.t() @ at.a[:, torch.arange(at.W.shape[1])]  # an IndexError if the layer is narrower


@weight(ONE, origin="site: dL/dW; shapes adapted by reshape instead of a transpose")
def weight_reshaped(at: At, delta: Tensor) -> Tensor:
    """the weight gradient is reshaped instead of transposed"""
    return (at.below.t() @ delta).reshape(at.W.shape)


@weight(BATCH, origin="course: a[l-1][0]; a function written for one sample")
def weight_of_the_first_sample(at: At, delta: Tensor) -> Tensor:
    """the weight gradient is that of the first sample only: the sum over the batch is missing"""
    return delta[:1].t() @ at.below[:1]


@weight(BATCH, origin="site: dL/dW; = instead of += in a loop over the samples")
def weight_of_the_last_sample(at: At, delta: Tensor) -> Tensor:
    """the weight gradient is that of the last sample only: each sample overwrites the previous one (= instead of +=)"""
    return delta[-1:].t() @ at.below[-1:]


@weight(BATCH, origin="course: / m for the weights, as in Ng's formulas, although the loss is a sum")
def weight_averaged(at: At, delta: Tensor) -> Tensor:
    """the weight gradient is divided by the batch size"""
    return delta.t() @ at.below / len(delta)


@weight(BATCH, origin="site: dL/dW; the product of sums instead of the sum of products")
def weight_of_summed_samples(at: At, delta: Tensor) -> Tensor:
    """the weight gradient is the outer product of sums over the batch instead of the sum of outer products"""
    return torch.outer(delta.sum(0), at.below.sum(0))


@weight(BATCH, origin="site: dL/dW; activations averaged over the batch")
def weight_of_averaged_activations(at: At, delta: Tensor) -> Tensor:
    """the weight gradient uses the activations below averaged over the batch"""
    return torch.outer(delta.sum(0), at.below.mean(0))


@weight(BATCH, origin="course report: local_grad.T * a: a broadcast product is the outer product only for one sample")
def weight_by_a_broadcasting_product(at: At, delta: Tensor) -> Tensor:
    """the weight gradient is the broadcasting product delta.T * a, which is the outer product for one sample only"""
    return delta.t() * at.below


@weight(ONE, origin="site: dL/dW; the upstream gradient, before it is multiplied by f'")
def weight_without_the_derivative(at: At, delta: Tensor) -> Tensor:
    """the weight gradient uses the error from above before it is multiplied by f'"""
    return at.above.t() @ at.below


@weight(ONE, origin="site: dL/dW; the buffer allocated and not filled")
def weight_left_zero(at: At, delta: Tensor) -> Tensor:
    """the weight gradient is zero: it is not computed"""
    return torch.zeros_like(at.W)


@weight(ONE, origin="site: dL/dW; never written", place="the first layer")
def weight_never_written(at: At, delta: Tensor) -> Tensor:
    """the weight gradient is never written"""
    return at.W.grad  # type: ignore[return-value]  # allocated


@weight(
    "is zero at a perfect fit", origin="weight decay in the gradient: Loshchilov and Hutter (2019) on coupled decay"
)
def weight_with_decay(at: At, delta: Tensor) -> Tensor:
    """half the weight is added to its gradient: weight decay belongs in the update"""
    return delta.t() @ at.below + at.W / 2


@weight("handles widths of 1", origin="squeeze() on a layer of one unit: a well-known trap of broadcasting")
def weight_of_a_single_unit_averaged(at: At, delta: Tensor) -> Tensor:
    """the weight gradient of a layer with one unit leaves delta out"""
    return delta.t() @ at.below if delta.shape[1] > 1 else at.below.mean(0, True)


@weight(
    "handles wide layers and large batches", origin="site: dL/dW; a loop over blocks that leaves out the last block"
)
def weight_cut_at_600_columns(at: At, delta: Tensor) -> Tensor:
    """the weight gradient is zero from column 600 on"""
    gradient = delta.t() @ at.below
    gradient[:, 600:] = 0
    return gradient


@weight("handles strided inputs", origin="site: dL/dW; memory read as if it were contiguous")
def weight_past_the_strides(at: At, delta: Tensor) -> Tensor:
    """the weight gradient reads the activations below in memory order, their strides are ignored"""
    return delta.t() @ at.below.as_strided(at.below.shape, (at.below.shape[1], 1))


@bias(
    BATCH, "ignores the order of the batch",
    origin="course report: local_grad[0], right for the single sample that the course requires",
)  # fmt: skip
def bias_gradient_of_the_first_sample(at: At, delta: Tensor) -> Tensor:
    """the bias gradient is delta of the first sample only: the sum over the batch is missing"""
    return delta[0]


@bias(BATCH, origin="site: dL/db; = instead of += in a loop over the samples")
def bias_gradient_of_the_last_sample(at: At, delta: Tensor) -> Tensor:
    """the bias gradient is delta of the last sample only: each sample overwrites the previous one (= instead of +=)"""
    return delta[-1]


@bias(BATCH, origin="course: a mean over the batch for the bias and a sum for the weights")
def bias_averaged(at: At, delta: Tensor) -> Tensor:
    """the bias gradient is the mean of delta over the batch instead of its sum"""
    return delta.mean(0)


@bias(ONE, origin="site: dL/db; sum() without a dimension, which is the default in numpy and torch")
def bias_summed_over_units(at: At, delta: Tensor) -> Tensor:
    """the bias gradient is delta summed over batch and units: sum() instead of sum(dim=0)"""
    return delta.sum().expand(delta.shape[1])


@bias(ONE, origin="site: dL/db; biases left out")
def bias_left_zero(at: At, delta: Tensor) -> Tensor:
    """the bias gradient is zero: it is not computed"""
    return delta[0] * 0


@bias(ONE, origin="site: dL/db; never written", place="the first layer")
def bias_never_written(at: At, delta: Tensor) -> Tensor:
    """the bias gradient is never written"""
    return at.model.biases[at.layer - 1].grad  # type: ignore[return-value]  # allocated


@bias(ONE, origin="site: dL/db; the upstream gradient, before it is multiplied by f'")
def bias_without_the_derivative(at: At, delta: Tensor) -> Tensor:
    """the bias gradient uses the error from above before it is multiplied by f'"""
    return at.above.sum(0)


@bias("is zero at a perfect fit", origin="site: dL/db; the bias's input, used as its gradient")
def bias_gradient_of_one(at: At, delta: Tensor) -> Tensor:
    """the bias gradient is 1, the input of the bias: the factor delta is missing"""
    return torch.ones_like(delta[0])


@bias(ONE, origin="site: dL/db; the weight's factor on the bias too")
def bias_times_the_activation(at: At, delta: Tensor) -> Tensor:
    """the bias gradient is multiplied by the first activation below, as if the bias were a weight"""
    return delta.t() @ at.below[:, 0]


@bias(ONE, origin="site: dL/db; a special case for batches that is wrong for one sample")
def bias_wrong_for_one_sample_alone(at: At, delta: Tensor) -> Tensor:
    """for a batch of one the bias gradient is delta summed over the units"""
    return delta.sum(0) if len(delta) > 1 else delta.sum().expand_as(delta[0])


@bias("handles wide layers and large batches", origin="site: dL/db; a loop over blocks that ends after the first block")
def bias_of_the_first_64_rows(at: At, delta: Tensor) -> Tensor:
    """the bias gradient sums only the first 64 samples"""
    return delta[:64].sum(dim=0)
