"""Wrong autograd.Functions: a product and a scaled tanh, which are two outputs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from mlp_core.testing import subjects
from mlp_core.testing.faults.catalogue import Catalogue

CATALOGUE = Catalogue()

OWN, REFERENCE = "is the derivative of its own forward", "equals the gradient of its reference"
ALONE, OUTPUT = "is right if only one gradient is needed", "is right if only one output is used"
TWICE, SINGLE = "is right or refused when differentiated twice", "gives the same gradients in float32"
APART, MAPPED = "keeps two calls apart", "gives the same under vmap"

INPUTS = subjects.arrays("(n,d),(n,d)", lib="torch")


def reference(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    return a * b, torch.tanh(a) * 2


class Right(torch.autograd.Function):
    """a b and 2 tanh a."""

    @staticmethod
    def forward(ctx: Any, a: Tensor, b: Tensor) -> Any:
        ctx.save_for_backward(a, b)
        return a * b, torch.tanh(a) * 2

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Any:
        one, other = grads
        a, b = ctx.saved_tensors
        return one * b + other * 2 * (1 - torch.tanh(a) ** 2), one * a


def of(thing: Any) -> Any:
    return subjects.function(thing, INPUTS, reference)


def caught_by(*laws: str, origin: str) -> Callable[[Any], Any]:
    return CATALOGUE.caught_by(*laws, right=Right, origin=origin, subject=of, examples=60, reference=reference)


@caught_by(REFERENCE, origin="site: the second output's contribution to da")
class LeavesOutTheSecondOutput(Right):
    """the upstream gradient of the second output is left out"""

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Any:
        a, b = ctx.saved_tensors
        return grads[0] * b, grads[0] * a


@caught_by(REFERENCE, origin="site: a table of tanh with ten digits")
class IsOffByOneInTenBillion(Right):
    """the gradient has a relative error of 1e-10"""

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Any:
        da, db = Right.backward(ctx, *grads)
        return da * (1 + 1e-10), db


@caught_by(ALONE, origin="public reports: needs_input_grad[0] is used for the second argument")
class AsksAtTheWrongIndex(Right):
    """ctx.needs_input_grad is read at the index of the other argument"""

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Any:
        da, db = Right.backward(ctx, *grads)
        return da if ctx.needs_input_grad[1] else None, db if ctx.needs_input_grad[0] else None


@caught_by(OUTPUT, origin="torch, extending autograd: set_materialize_grads(False) without a check for None")
class ExpectsEveryOutputUsed(Right):
    """the upstream gradient of an unused output may be None, which is not checked"""

    @staticmethod
    def forward(ctx: Any, a: Tensor, b: Tensor) -> Any:
        ctx.set_materialize_grads(False)
        return Right.forward(ctx, a, b)


@caught_by(TWICE, origin="torch, double backward of custom functions: sinh, which saves its exponentials")
class KeepsAnIntermediate(Right):
    """an intermediate result is saved instead of an argument, so that its graph is lost"""

    @staticmethod
    def forward(ctx: Any, a: Tensor, b: Tensor) -> Any:
        ctx.save_for_backward(a.tanh(), b, a)
        return a * b, torch.tanh(a) * 2

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Any:
        t, b, a = ctx.saved_tensors
        return grads[0] * b + grads[1] * 2 * (1 - t**2), grads[0] * a


@caught_by(TWICE, origin="site: x.detach() or .data inside backward")
class Detaches(Right):
    """the gradient is computed from detached tensors, so that its own derivative is zero"""

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Any:
        a, b = (t.detach() for t in ctx.saved_tensors)
        return grads[0] * b + grads[1] * 2 * (1 - torch.tanh(a) ** 2), grads[0] * a


@caught_by(SINGLE, origin="site: an epsilon of 1e-12 added to 1, or a table for float64 only")
class CancelsInFloat32(Right):
    """the derivative of tanh is computed as a difference that has no correct digits in float32"""

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Any:
        a, b = ctx.saved_tensors
        h = 1e-6
        quotient = (torch.tanh(a + h) - torch.tanh(a - h)) / (2 * h)
        slope = quotient if a.dtype == torch.float32 else 1 - torch.tanh(a) ** 2
        return grads[0] * b + grads[1] * 2 * slope, grads[0] * a


@caught_by(APART, origin="site: values for backward, stored on the class or in a global instead of ctx")
class KeepsOnTheClass(Right):
    """the numbers for backward are stored on the class, and the next call overwrites them: use ctx"""

    kept: Any = None

    @staticmethod
    def forward(ctx: Any, a: Tensor, b: Tensor) -> Any:
        KeepsOnTheClass.kept = a, b
        return a * b, torch.tanh(a) * 2

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> Any:
        a, b = KeepsOnTheClass.kept
        return grads[0] * b + grads[1] * 2 * (1 - torch.tanh(a) ** 2), grads[0] * a


@caught_by("takes upstream gradients of any strides", origin="a kernel that reads an expanded tensor as one number")
class TakesStridesOfZeroForOneNumber(Right):
    """an upstream gradient with a stride of 0 is read as one number for all entries"""

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Any:
        one, other = (g.flatten()[0].expand(g.shape) if 0 in g.stride() and g.numel() else g for g in grads)
        return Right.backward(ctx, one, other)


class Mapped(torch.autograd.Function):
    """The cumulative sums of a along its last axis, with a rule for vmap."""

    @staticmethod
    def forward(a: Tensor) -> Tensor:
        return a.cumsum(-1)

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        pass

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Any:
        return grads[0].flip(-1).cumsum(-1).flip(-1)

    @staticmethod
    def vmap(info: Any, in_dims: Any, a: Tensor) -> Any:
        return Mapped.apply(a.movedim(in_dims[0], 0)), 0


def wrong_under_vmap(origin: str) -> Callable[[Any], Any]:
    return CATALOGUE.caught_by(
        MAPPED, right=Mapped, origin=origin, examples=60,
        subject=lambda thing: subjects.function(thing, subjects.arrays("(n,d)", lib="torch")),
    )  # fmt: skip


@wrong_under_vmap(origin="torch, extending functorch: in_dims may differ from 0")
class MapsAsIfTheBatchCameFirst(Mapped):
    """the vmap rule assumes that the batch is the first axis, whatever in_dims says"""

    @staticmethod
    def vmap(info: Any, in_dims: Any, a: Tensor) -> Any:
        return Mapped.apply(a), in_dims[0]
