"""The comparison of a gradient with difference quotients of its function, entry by entry."""

from __future__ import annotations

from math import isfinite

import torch
from torch import Tensor

from mlp_core.testing.bounds import references
from mlp_core.testing.engine.compare import compare
from mlp_core.testing.engine.evidence import Evidence
from mlp_core.testing.laws.functions.shared import worst_first
from mlp_core.testing.oracles.functions import Gradient, Values
from mlp_core.testing.oracles.slopes import FARTHEST, Slope
from mlp_core.testing.oracles.steps import largest, steps_of
from mlp_core.testing.oracles.ties import conventional

QUOTIENT = """\
k, got = int({name!r}[len("params["):-1]), gradient(params, *data)
def at(h):
    own = [p.clone() for p in params]
    own[k][{index}] += h
    return float(loss(own, *data))
h = STEP
quotient = (at(h) - at(-h)) / (2 * h)
assert abs(got[k][{index}].item() - quotient) <= {bound}, (got[k][{index}].item(), quotient)"""
"""STEP is filled in by the law"""


def held_to_quotients(
    values: Values, k: int, g: Tensor, evidence: Evidence, closing: str = QUOTIENT, claimed: Gradient | None = None,
    *, alone: bool = False, coarse: Tensor | None = None, noise: float = 0.0,
) -> None:  # fmt: skip
    """Compare the gradient of one parameter with quotients of one step. Entries that this leaves open, or that are
    nearer to 0 than the step, are compared with a ladder of steps. `closing`: the last lines of the snippet, as for
    compare, with STEP for the step; `claimed`: the gradient at any parameters. alone: whether the function is one of
    each entry by itself, so that at a kink no number is right but 0 and those between the slopes of both sides. coarse:
    how far rounding may carry the gradient itself, if it is known. noise: how large its rounding may be where the
    function is constant, as log(exp(x)) - x is."""
    fine, limit = values.quotients(k)
    beside, error, u = largest(fine), (g - fine).abs(), values.rounding.u
    flat = (error == 0) & (not values.lost)  # a flat function: 0, to the bit
    if not (references.telling(limit, beside, u) | flat).all():
        beside = max(beside, values.scale(k))
    settled = (error <= limit) & references.telling(limit, beside, u) | flat
    theta = values.inputs.params[k]
    settled &= (theta == 0) | (theta.abs() > 2 * steps_of(theta))  # many a function bends at 0
    evidence.entries += int(settled.sum())
    evidence.error = max(evidence.error, largest(error[settled]))
    evidence.ratio = max(evidence.ratio, largest((error / limit)[settled]))
    ratio = (error / limit).nan_to_num(nan=float("inf")).clamp(min=2.0)
    looked = worst_first([torch.where(settled, 0.0, ratio)])
    evidence.skipped += int((~settled).sum()) - len(looked)
    for _, place in looked:
        mine, one, extra = g[place].item(), values.closer(k, place), 0.0
        if not _tells(one, 0.0, beside, u):
            one = _farther(values, k, place, mine, beside) or one
        told = one.allows(mine) if one.sides else one.confirms(mine)
        told |= one.value == one.bound == 0 and abs(mine) <= noise
        if not told and isfinite(one.bound) and one.sides is None:
            extra = values.surer(k, place, one, mine)
            told = one.confirms(mine, extra)
            if not told and claimed is not None and values.own is not None:
                extra += values.own[k][place].item()
                told = one.confirms(mine, extra)
            if not told and coarse is not None:
                extra += coarse[place].item()
                told = one.confirms(mine, extra)
            if (
                not told and values.resolved(k, place, one, extra, mine, claimed)
                and not conventional(values, k, place, g) and not values.confirmed(k, place, mine)
            ):  # fmt: skip
                _refuted(values.inputs.names()[k], *values.whole(k, g, place), one, one.bound + extra, closing)
        if alone and one.sides is not None and _outside(mine, one.sides):
            far = max(abs(side - one.value) for side in (*one.sides, 0.0))
            _refuted(values.inputs.names()[k], *values.whole(k, g, place), one, far, closing)
        if told and one.sides is None and not _tells(one, extra, beside, u):
            one, extra = values.sharper.closer(k, place), 0.0
            told = one.confirms(mine)
        told &= _tells(one, extra, beside, u)
        evidence.entries += told
        evidence.skipped += not told


def _outside(number: float, sides: tuple[float, float]) -> bool:
    """Whether a number is no slope of a kink, of either side or between, and not 0 by convention."""
    return number < min(*sides, 0.0) or number > max(*sides, 0.0)


def _farther(values: Values, k: int, place: tuple[int, ...], mine: float, beside: float) -> Slope | None:
    """A slope from long steps, if it is sharp enough and confirms the number. If not, it refutes nothing: the function
    may behave differently so far away.
    """
    one = values.closer(k, place, FARTHEST)
    confirms = one.sides is None and one.confirms(mine) and _tells(one, 0.0, beside, values.rounding.u)
    return one if confirms else None


def _tells(one: Slope, extra: float, beside: float, u: float) -> bool:
    """Whether a slope with the additional error `extra` can separate right from wrong."""
    size = beside if one.value != one.value else max(beside, abs(one.value))  # quotients of one step may be NaN
    return bool(references.telling(torch.tensor(one.bound + extra, dtype=torch.float64), size, u))


def _refuted(name: str, g: Tensor, place: tuple[int, ...], found: Slope, bound: float, closing: str) -> None:
    """Raise Broken for one entry."""
    expected, within = g.clone(), torch.zeros_like(g)
    expected[place], within[place] = found.value, bound
    step = abs(found.points[0] - found.points[1]) / 2
    compare([name], [g], [expected], [within], closing=closing.replace("STEP", repr(step)))
