"""Wrong verdicts of a gradient check: norms, the compared entries, NaN and kinks."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from torch import Tensor

from mlp_core.gradcheck import RelativeErrors, check_model, relative_error
from mlp_core.testing import subjects
from mlp_core.testing.faults.catalogue import Catalogue
from mlp_core.testing.faults.gradchecks.quotients import CS231N, REPORTS, Piece, in_pieces

CATALOGUE = Catalogue()

caught_by = partial(CATALOGUE.caught_by, right=check_model, subject=subjects.gradcheck, examples=50)

APART, ALIKE, NAN = (
    "judges every tensor by itself",
    "judges tiny and huge gradients alike",
    "reports nan as an infinite error",
)

KINKS = "skips entries at kinks and no others"

NG = "Ng, Deep Learning course 2, week 1, gradient checking"


@caught_by(REPORTS, origin="site: d_approx, computed from the gradient itself")
def compares_the_gradient_with_itself(*asked: Any, **options: Any) -> RelativeErrors:
    """the gradient is compared with itself, so that it always passes"""
    return in_pieces(*asked, judge=lambda a, d: relative_error(d, d), **options)


@caught_by(REPORTS, origin=f"{CS231N}, assignment 1, grad_check_sparse: a few dimensions drawn at random")
def looks_at_a_few_entries(*asked: Any, **options: Any) -> RelativeErrors:
    """only two entries of each tensor are compared"""
    return in_pieces(*asked, judge=lambda a, d: relative_error(a.view(-1)[:2], d.view(-1)[:2]), **options)


@caught_by(REPORTS, origin="site: the norm of the difference, its sign")
def lets_errors_cancel(*asked: Any, **options: Any) -> RelativeErrors:
    """the differences of the entries are added up with their signs, so that they can cancel"""
    return in_pieces(*asked, judge=lambda a, d: (a - d).sum().abs() / (a.norm() + d.norm()), **options)


@caught_by(APART, origin=f"{NG}: all parameters reshaped into one big vector theta")
def takes_the_norm_of_all_tensors(*asked: Any, **options: Any) -> RelativeErrors:
    """one norm is taken over all tensors, in which a wrong bias disappears: compare each tensor by itself"""
    return in_pieces(*asked, all_of_them=concatenated, **options)


def concatenated(errors: dict[str, tuple[Tensor, Tensor]], judge: Piece) -> dict[str, float]:
    a, d = (torch.cat([pair[k].view(-1) for pair in errors.values()]) for k in (0, 1))
    return dict.fromkeys(errors, float(judge(a, d)))


def norm_of(divisor: Piece) -> Piece:
    """||a - d|| over a divisor; the same as relative_error if both are zero or one is NaN."""

    def judge(a: Tensor, d: Tensor) -> float:
        q = relative_error(a, d)
        return q if q in {0.0, float("inf")} else float((a - d).norm() / divisor(a, d))

    return judge


@caught_by(REPORTS, ALIKE, origin=f"{CS231N}: why an absolute difference is not informative")
def judges_by_the_absolute_error(*asked: Any, **options: Any) -> RelativeErrors:
    """the difference is not divided by a norm: every small gradient passes, and every large one fails"""
    return in_pieces(*asked, judge=norm_of(lambda a, d: 1.0), **options)


@caught_by(REPORTS, origin="site: ||d_approx|| + ||d||, its second norm")
def divides_by_the_norm_of_the_quotient(*asked: Any, **options: Any) -> RelativeErrors:
    """the difference is divided by the norm of the quotient only: the error comes out twice too large"""
    return in_pieces(*asked, judge=norm_of(lambda a, d: a.norm()), **options)


@caught_by(REPORTS, origin="site: ||d_approx|| + ||d||, its first norm")
def divides_by_the_norm_of_the_gradient(*asked: Any, **options: Any) -> RelativeErrors:
    """the difference is divided by the norm of the checked gradient only, which grows with its error"""
    return in_pieces(*asked, judge=norm_of(lambda a, d: d.norm()), **options)


@caught_by(REPORTS, origin=f"{CS231N}: |f_a - f_n| / max(|f_a|, |f_n|); site: the sum of the norms")
def divides_by_the_larger_norm(*asked: Any, **options: Any) -> RelativeErrors:
    """the difference is divided by the larger of the two norms instead of their sum"""
    return in_pieces(*asked, judge=norm_of(lambda a, d: max(a.norm(), d.norm())), **options)


@caught_by(REPORTS, origin="site: the square root of the norms")
def forgets_the_root(*asked: Any, **options: Any) -> RelativeErrors:
    """squared norms are used instead of norms: the square roots are missing"""
    return in_pieces(*asked, judge=squares, **options)


def squares(a: Tensor, d: Tensor) -> Tensor:
    return (a - d).square().sum() / (a.square().sum() + d.square().sum()).clamp(min=torch.finfo(a.dtype).tiny)


@caught_by(ALIKE, origin=f"{CS231N}, assignment 1, rel_error: maximum(1e-8, |x| + |y|)")
def keeps_the_divisor_from_zero(*asked: Any, **options: Any) -> RelativeErrors:
    """the divisor is at least 1e-8, so that every gradient smaller than that passes"""
    return in_pieces(*asked, judge=norm_of(lambda a, d: max(float(a.norm() + d.norm()), 1e-8)), **options)


@caught_by(NAN, origin="site: a comparison with NaN, which is never true")
def overlooks_nan(*asked: Any, **options: Any) -> RelativeErrors:
    """NaN counts as no error, because every comparison with NaN is false"""
    return in_pieces(*asked, judge=lambda a, d: relative_error(a, torch.where(d == d, d, a)), **options)


@caught_by(KINKS, origin=f"{CS231N}: kinks in the objective")
def leaves_out_nothing_at_kinks(*asked: Any, **options: Any) -> RelativeErrors:
    """entries whose step crosses a kink are compared like the others"""
    return in_pieces(*asked, left_out=torch.zeros_like, **options)


@caught_by(KINKS, origin="site: the mask of one entry, applied to all")
def leaves_out_everything_for_one_kink(*asked: Any, **options: Any) -> RelativeErrors:
    """if one entry crosses a kink, no entry is compared"""
    return in_pieces(*asked, left_out=lambda crossing: crossing | crossing.any(), **options)


@caught_by(KINKS, origin="site: the count of skipped entries")
def counts_tensors_for_entries(*asked: Any, **options: Any) -> RelativeErrors:
    """`skipped` counts tensors with a skipped entry instead of entries"""
    return in_pieces(*asked, count=lambda crossing: crossing.any() + crossing.all(), **options)
