"""Failures that read without knowing the test: where, got, expected, the smallest example, a snippet to paste."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from mlp_core.equality import same
from mlp_core.testing.law import Broken, Evidence

if TYPE_CHECKING:
    from mlp_core.testing.engine import Result


def failure_text(result: Result) -> str:
    """Everything known about what became of a law, the snippet last."""
    verdict = "BROKEN" if result.verdict == "FAIL" else result.verdict
    lines = [f"{verdict}: {result.subject}: {result.law}", f"  law        {result.statement}"]
    rows = [
        ("reason", result.reason if result.reason != "broken" else ""), ("where", result.where), ("got", result.got),
        ("expected", result.expected), ("diagnosis", result.diagnosis or ""), ("smallest", result.counterexample),
    ]  # fmt: skip
    lines += [f"  {name:<10} {value}" for name, value in rows if value]
    if result.snippet:
        lines += ["", "# paste this to see it again", result.snippet]
    return "\n".join(lines)


def compare(
    names: Sequence[str], got: Sequence[Tensor], expected: Sequence[Tensor], bounds: Sequence[Tensor | float],
    *, what: str = "", closing: str = "",
) -> Evidence:  # fmt: skip
    """Hold tensors to their expected values within bounds (0 asks for the same value); the worst entry is named.

    `closing` is a template for the last lines of the snippet: {name} {index} {expected} {bound} are filled in.
    Raises Broken where an entry differs by more than its bound, or is NaN where the other is not.
    """
    evidence = Evidence()
    worst: tuple[float, str, tuple[int, ...]] = (0.0, "", ())
    for name, g, e, entry_bounds in zip(names, got, expected, bounds, strict=True):
        if g.shape != e.shape:
            raise Broken(f"{what}{name}", f"shape {tuple(g.shape)}", f"shape {tuple(e.shape)}")
        evidence.entries += g.numel()
        if torch.equal(g, e):  # nearly always, where the same bits are asked for
            continue
        ratio, error = _ratio(g, e, entry_bounds)
        evidence.error = max(evidence.error, error.max().item())
        index = int(ratio.argmax())
        if ratio.flatten()[index] > worst[0]:
            worst = (
                ratio.flatten()[index].item(),
                name,
                tuple(int(i) for i in torch.unravel_index(torch.tensor(index), g.shape)),
            )
    evidence.ratio = worst[0]
    if worst[0] <= 1:
        return evidence
    at = dict(zip(names, range(len(names)), strict=True))[worst[1]]
    bound, entry, wanted = bounds[at], got[at][worst[2]].item(), expected[at][worst[2]].item()
    limit = bound[worst[2]].item() if isinstance(bound, Tensor) else float(bound)
    # a bound among the subnormal numbers only says that nothing but underflow is forgiven
    within = (
        "the same bits"
        if limit == 0
        else f"within {limit:.3g}"
        if limit > torch.finfo(torch.float64).tiny
        else "exactly"
    )
    unwritten = "NaN: never written (NaN stood there before the call), added to what was there, or computed"
    raise Broken(
        f"{what}{worst[1]}, entry {worst[2]}", f"{entry!r}", f"{wanted!r} ({within})",
        closing=closing.format(name=worst[1], index=worst[2], expected=literal(wanted), bound=literal(limit)),
        note=unwritten if entry != entry else "",
    )  # fmt: skip


def _ratio(got: Tensor, expected: Tensor, bound: Tensor | float) -> tuple[Tensor, Tensor]:
    """Error over bound by entry (above 1: broken), and the error; equality to the bit has ratio 0."""
    g, e = got.double(), expected.double()
    equal = same(g, e)
    error = torch.where(equal, 0.0, (g - e).abs().nan_to_num(nan=float("inf")))
    limit = torch.as_tensor(bound, dtype=torch.float64).expand_as(error)
    ratio = torch.where(equal, 0.0, torch.where(limit > 0, error / limit, float("inf")))
    return ratio.nan_to_num(nan=float("inf"), posinf=float("inf")), error


def literal(value: float) -> str:
    """A number as Python source."""
    return repr(value) if abs(value) < float("inf") else f'float("{value!r}")'
