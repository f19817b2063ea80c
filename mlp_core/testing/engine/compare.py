"""Compares values, and words a failure so that it reads without knowing the test: where, got, expected, and a
snippet."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

from mlp_core.equality import place_of, same
from mlp_core.testing.engine.evidence import Broken, Evidence
from mlp_core.testing.engine.source import literal


def compare(
    names: Sequence[str], got: Sequence[Tensor], expected: Sequence[Tensor], bounds: Sequence[Tensor | float],
    *, what: str = "", closing: str = "",
) -> Evidence:  # fmt: skip
    """Compare tensors with their expected values within bounds (0 means equal values). Raises Broken for the worst
    entry if one differs by more than its bound, or if only one of the two is NaN. `closing` is a template for the last
    lines of the snippet, in which {name} {index} {expected} {bound} are filled in.
    """
    evidence, unequal = Evidence(), list[int]()
    for index, (name, g, e, _) in enumerate(zip(names, got, expected, bounds, strict=True)):
        if g.shape != e.shape:
            raise Broken(f"{what}{name}", f"shape {tuple(g.shape)}", f"shape {tuple(e.shape)}")
        evidence.entries += g.numel()
        if not torch.equal(g, e):  # rare, if equal bits are required
            unequal.append(index)
    if not unequal:
        return evidence
    limits = [torch.as_tensor(bounds[k], dtype=torch.float64).expand_as(got[k]) for k in unequal]
    ratio, error = _ratio(_joined(got[k] for k in unequal), _joined(expected[k] for k in unequal), _joined(limits))
    evidence.ratio, evidence.error = ratio.max().item(), error.max().item()
    if evidence.ratio <= 1:
        return evidence
    worst = int(ratio.argmax())
    for at in unequal:
        if worst < got[at].numel():
            break
        worst -= got[at].numel()
    place = place_of(worst, got[at].shape)
    bound, entry, wanted = bounds[at], got[at][place].item(), expected[at][place].item()
    limit = bound[place].item() if isinstance(bound, Tensor) else float(bound)
    # no precision explains a NaN; a subnormal bound only means that underflow is allowed
    within = (
        ""
        if math.isnan(entry) or math.isnan(wanted)
        else " (the same bits)"
        if limit == 0
        else f" (within {limit:.3g})"
        if limit > torch.finfo(torch.float64).tiny
        else " (exactly)"
    )
    unwritten = "NaN: the code computes it, or it fills a buffer and does not write this entry"
    raise Broken(
        f"{what}{names[at]}, entry {place}", f"{entry!r}", f"{wanted!r}{within}",
        closing=closing.format(name=names[at], index=place, expected=literal(wanted), bound=literal(limit)),
        note=unwritten if math.isnan(entry) else "",
    )  # fmt: skip


def _joined(tensors: Iterable[Tensor]) -> Tensor:
    """All entries of the tensors, one tensor after the other, in double precision."""
    return torch.cat([t.flatten().double() for t in tensors])


def _ratio(got: Tensor, expected: Tensor, limit: Tensor) -> tuple[Tensor, Tensor]:
    """The error divided by its bound, per entry (above 1 is a failure), and the error. Equal values have ratio 0."""
    equal = same(got, expected)
    error = torch.where(equal, 0.0, (got - expected).abs().nan_to_num(nan=float("inf")))
    ratio = torch.where(equal, 0.0, torch.where(limit > 0, error / limit, float("inf")))
    return ratio.nan_to_num(nan=float("inf"), posinf=float("inf")), error
