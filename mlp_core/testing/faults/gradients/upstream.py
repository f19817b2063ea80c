"""Mistakes in the gradient that the loss passes to backpropagation."""

from __future__ import annotations

from torch import Tensor

from mlp_core.testing.faults.catalogue import Catalogue
from mlp_core.testing.faults.gradients.reverse import BATCH, ONE, At, entered

CATALOGUE = Catalogue()

caught_by = entered(CATALOGUE, "upstream")


@caught_by(ONE, "agrees with central differences for one sample", origin="course: y - y_hat instead of y_hat - y")
def turns_the_sign(at: At, dL_dy: Tensor) -> Tensor:
    """the loss gradient has the wrong sign: the gradient points downhill"""
    return -dL_dy


@caught_by(
    "agrees with central differences for one sample", origin="course: the loss, assumed to be half the squared error"
)
def halves(at: At, dL_dy: Tensor) -> Tensor:
    """the factor 2 of the squared error is missing: every gradient is half as large as it should be"""
    return dL_dy / 2


@caught_by(
    "agrees with central differences for one sample", origin="site: dL/dy_hat, the 2 applied by the loss and again"
)
def doubles(at: At, dL_dy: Tensor) -> Tensor:
    """the factor 2 of the squared error is applied twice: every gradient is twice as large as it should be"""
    return 2 * dL_dy


@caught_by(
    "agrees with central differences for a batch", "adds up over the batch",
    origin="a mean although the loss is a sum: torch's reduction='mean' instead of 'sum'",
)  # fmt: skip
def mean_over_the_batch(at: At, dL_dy: Tensor) -> Tensor:
    """the gradient is divided by the batch size once too often: the loss defines whether it is a mean"""
    return dL_dy / len(dL_dy)


@caught_by(BATCH, origin="site: dL/dy_hat; a mean over samples applied the wrong way round")
def times_the_batch(at: At, dL_dy: Tensor) -> Tensor:
    """the gradient is multiplied by the batch size"""
    return dL_dy * len(dL_dy)


@caught_by(ONE, origin="a mean over the outputs: torch's MSELoss divides by all entries")
def mean_over_the_outputs(at: At, dL_dy: Tensor) -> Tensor:
    """the gradient is divided by the number of outputs once too often: the loss defines whether it is a mean"""
    return dL_dy / dL_dy.shape[1]


@caught_by(BATCH, origin="a mean over all entries: torch's MSELoss instead of a sum")
def mean_over_everything(at: At, dL_dy: Tensor) -> Tensor:
    """the gradient is divided by the batch size times the number of outputs"""
    return dL_dy / dL_dy.numel()


@caught_by(ONE, origin="site: dL/dy_hat; a vector of losses, treated as one number")
def sums_over_the_outputs(at: At, dL_dy: Tensor) -> Tensor:
    """every output gets the sum of the loss gradients of all outputs"""
    return dL_dy.sum(1, keepdim=True).expand_as(dL_dy)


@caught_by(BATCH, origin="site: dL/dy_hat; batches handled as one averaged sample")
def averages_over_the_samples(at: At, dL_dy: Tensor) -> Tensor:
    """every sample gets the mean of the loss gradients of all samples"""
    return dL_dy.mean(0, keepdim=True).expand_as(dL_dy)


@caught_by("adds up over the batch", origin="site: dL/dy_hat; a function written for one sample")
def first_sample_alone(at: At, dL_dy: Tensor) -> Tensor:
    """only the error of the first sample flows back"""
    kept = dL_dy * 0
    kept[0] = dL_dy[0]
    return kept


@caught_by(ONE, origin="site: dL/dy_hat; y and y_hat of different outputs, after a squeeze or transpose of the target")
def first_output_alone(at: At, dL_dy: Tensor) -> Tensor:
    """only the error of the first output flows back"""
    kept = dL_dy * 0
    kept[:, 0] = dL_dy[:, 0]
    return kept


@caught_by("scales with the loss", origin="gradient clipping left on (Pascanu, Mikolov and Bengio 2013)")
def clips_what_flows_back(at: At, dL_dy: Tensor) -> Tensor:
    """the loss gradient is clipped to [-4, 4]"""
    return dL_dy.clamp(-4, 4)


@caught_by(
    "scales with the loss", origin="site: dL/dy_hat; the gradient of the absolute error instead of the squared error"
)
def takes_the_sign(at: At, dL_dy: Tensor) -> Tensor:
    """only the sign of the loss gradient flows back, not its size"""
    return dL_dy.sign()


@caught_by("is zero at a perfect fit", ONE, origin="site: dL/dy_hat; y_hat instead of y_hat - y")
def output_in_place_of_the_error(at: At, dL_dy: Tensor) -> Tensor:
    """twice the output flows back instead of the loss gradient: the target is not subtracted"""
    return 2 * at.a
