"""Wrong quotients in a gradient check. All are one check, entry by entry, in which one piece is replaced."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor

from mlp_core import MLP, backprop, losses
from mlp_core.gradcheck import STEP, RelativeErrors, check_model, crosses_kink, relative_error
from mlp_core.losses import Loss
from mlp_core.testing import subjects
from mlp_core.testing.faults.catalogue import Catalogue

CATALOGUE = Catalogue()

caught_by = partial(CATALOGUE.caught_by, right=check_model, subject=subjects.gradcheck, examples=50)

CONFIRMS, REPORTS = "confirms a right gradient", "reports the true relative error"

APART, ALIKE, NAN = (
    "judges every tensor by itself",
    "judges tiny and huge gradients alike",
    "reports nan as an infinite error",
)

SINGLE, KINKS = "checks a float32 model in float64", "skips entries at kinks and no others"

UNTOUCHED = "leaves everything as it was"

CS231N = "Stanford CS231n, notes on gradient checks"

NG = "Ng, Deep Learning course 2, week 1, gradient checking"

Piece = Callable[..., Any]


def difference(J: Callable[[], Tensor], entries: Tensor, i: int, h: float) -> Tensor:
    """(J(theta + h e_i) - J(theta - h e_i)) / (2 h); the entry is restored."""
    before = entries[i].clone()
    entries[i] = before + h
    above = J()
    entries[i] = before - h
    below = J()
    entries[i] = before
    return (above - below) / (2 * h)


def by_tensor(errors: dict[str, tuple[Tensor, Tensor]], judge: Piece) -> dict[str, float]:
    return {name: float(judge(a, d)) for name, (a, d) in errors.items()}


def in_pieces(
    model: MLP, x: Tensor, y: Tensor, loss: str | Loss = "squared_error", *, gradient: Any = backprop,
    dtype: torch.dtype | None = torch.float64, own: Piece = copy.deepcopy, step: float = STEP,
    quotient: Piece = difference,
    moves: Piece = lambda name, i: True, batch: Piece = lambda x, y: (x, y), judge: Piece = relative_error,
    all_of_them: Piece = by_tensor, left_out: Piece = lambda crossing: crossing, count: Piece = Tensor.sum,
) -> RelativeErrors:  # fmt: skip
    """Correct: check_model, written differently."""
    loss, dtype = losses.get(loss), dtype or model.flat.dtype
    model = own(model)
    if model.flat.dtype != dtype:
        model = model.to(dtype)
    x, y = x.to(dtype), y if loss.classes else y.to(dtype)

    def J() -> Tensor:
        with torch.no_grad():
            return loss.value(model(x), y)

    crossing = model.layout.views(left_out(crosses_kink(model, x, step)))
    quotients = []
    for name, p in model.named_parameters():
        a = torch.zeros_like(p, requires_grad=False)
        for i in range(p.numel()):
            if moves(name, i):
                a.view(-1)[i] = quotient(J, p.detach().view(-1), i, step)
        quotients.append(a)
    xb, yb = batch(x, y)
    trace = model.trace(xb)
    model.flat_grad.fill_(float("nan"))
    gradient(model, trace, loss.value_and_grad(trace.output, yb)[1])
    grads = model.layout.views(model.flat_grad)
    judged = zip(model.named_parameters(), quotients, grads, crossing, strict=True)
    found = {name: (a[~c], g[~c].detach().clone()) for (name, _), a, g, c in judged}
    skipped = sum(int(count(c)) for c in crossing)
    return RelativeErrors(all_of_them(found, judge), skipped)


def one_sided(J: Piece, entries: Tensor, i: int, h: float) -> Tensor:
    here, before = J(), entries[i].clone()
    entries[i] = before + h
    above = J()
    entries[i] = before
    return (above - here) / h


@caught_by(CONFIRMS, origin=f"{CS231N}: use the centered formula")
def takes_the_quotient_on_one_side(*asked: Any, **options: Any) -> RelativeErrors:
    """the quotient is one-sided, (J(theta + h) - J(theta)) / h: it has an error of h J'' / 2"""
    return in_pieces(*asked, quotient=one_sided, **options)


@caught_by(CONFIRMS, origin="site: 2 h in the divisor")
def divides_by_one_step(*asked: Any, **options: Any) -> RelativeErrors:
    """the difference over two steps is divided by h instead of 2 h: every quotient is twice too large"""
    return in_pieces(*asked, quotient=lambda *at: 2 * difference(*at), **options)


@caught_by(CONFIRMS, origin=f"{CS231N}: be careful with the step size h; site: truncation, h^2 / 6 J'''")
def takes_a_large_step(*asked: Any, **options: Any) -> RelativeErrors:
    """the step of 0.01 is so large that the third derivative spoils the quotient"""
    return in_pieces(*asked, step=1e-2, **options)


@caught_by(CONFIRMS, origin=f"{CS231N}: be careful with the step size h; site: rounding, u J / h")
def takes_a_tiny_step(*asked: Any, **options: Any) -> RelativeErrors:
    """the step of 1e-13 is so small that the difference of the losses is mostly rounding"""
    return in_pieces(*asked, step=1e-13, **options)


@caught_by(CONFIRMS, origin=f"{CS231N}: use double precision")
def evaluates_in_float32(*asked: Any, **options: Any) -> RelativeErrors:
    """the losses are evaluated in float32, whose rounding is larger than a difference over so small a step"""
    return in_pieces(*asked, dtype=torch.float32, **options)


@caught_by(SINGLE, origin="torch.autograd.gradcheck, documentation: likely to fail if the input is of less precision")
def stays_in_the_dtype_of_the_model(*asked: Any, **options: Any) -> RelativeErrors:
    """a float32 model is checked in float32 instead of in a float64 copy"""
    return in_pieces(*asked, dtype=None, **options)


def unrestored(J: Piece, entries: Tensor, i: int, h: float) -> Tensor:
    before = entries[i].clone()
    quotient = difference(J, entries, i, h)
    entries[i] = before - h
    return quotient


@caught_by(UNTOUCHED, origin=f"{CS231N}, assignment 1, eval_numerical_gradient: x[ix] = oldval # restore")
def moves_the_entries_of_the_callers_model(*asked: Any, **options: Any) -> RelativeErrors:
    """the entries of the caller's own model are moved, and not moved back"""
    return in_pieces(*asked, own=lambda model: model, quotient=unrestored, **options)


def far_unrestored(J: Piece, entries: Tensor, i: int, h: float) -> Tensor:
    quotient = difference(J, entries, i, h)
    entries[i] += 1e-3
    return quotient


@caught_by(CONFIRMS, origin="site: theta_i = before, on the copy, between one entry and the next")
def goes_on_from_the_moved_entry(*asked: Any, **options: Any) -> RelativeErrors:
    """a checked entry is not moved back before the next one is checked: every quotient is taken at another point"""
    return in_pieces(*asked, quotient=far_unrestored, **options)


@caught_by(UNTOUCHED, origin="site: the copy of the gradient buffer")
def leaves_its_gradient_behind(model: MLP, *asked: Any, gradient: Any = backprop, **options: Any) -> RelativeErrors:
    """the gradient that is checked is written into the caller's gradient buffer"""

    def written(net: MLP, *at: Tensor) -> None:
        gradient(net, *at)
        model.flat_grad.copy_(net.flat_grad[: len(model.flat)])

    return in_pieces(model, *asked, gradient=written, **options)


@caught_by(UNTOUCHED, origin="torch.nn.Module.double, documentation: modifies the module in place")
def turns_the_callers_model_to_float64(*asked: Any, **options: Any) -> RelativeErrors:
    """the caller's model is converted to float64 instead of a copy"""
    return in_pieces(*asked, own=lambda model: copy.deepcopy(model.double()), **options)


@caught_by(UNTOUCHED, origin="torch.set_default_dtype(torch.float64) in many gradient checks; site: never restored")
def leaves_float64_as_the_default(*asked: Any, **options: Any) -> RelativeErrors:
    """the default dtype is set to float64 and not set back"""
    torch.set_default_dtype(torch.float64)
    return in_pieces(*asked, **options)


@caught_by(CONFIRMS, REPORTS, origin="site: the loop over the parameters; torch names them weight and bias")
def moves_weights_but_no_biases(*asked: Any, **options: Any) -> RelativeErrors:
    """only weights are moved: the quotients of the biases stay zero"""
    return in_pieces(*asked, moves=lambda name, i: name.startswith("W"), **options)


@caught_by(CONFIRMS, origin="site: the loop over the entries, one index short")
def leaves_the_last_entry_unmoved(model: MLP, *asked: Any, **options: Any) -> RelativeErrors:
    """the loop over the entries of a tensor ends one entry too early"""
    last = {name: p.numel() - 1 for name, p in model.named_parameters()}
    return in_pieces(model, *asked, moves=lambda name, i: i < last[name], **options)


@caught_by(CONFIRMS, origin="site: the batch of the gradient; a DataLoader used twice returns two batches")
def checks_the_gradient_of_another_batch(*asked: Any, **options: Any) -> RelativeErrors:
    """gradient and quotients are taken on different batches"""
    return in_pieces(*asked, batch=lambda x, y: (x.flip(1) / 2, y), **options)
