"""The laws of an optimizer about the size of parameters, and about the size of their numbers in bits."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from hypothesis import strategies as st
from torch import Tensor

from mlp_core.equality import same_bits
from mlp_core.testing.bounds.envelopes import envelopes, explained, left_out
from mlp_core.testing.engine.distinct import digest
from mlp_core.testing.engine.evidence import Broken, Evidence
from mlp_core.testing.engine.guards import foreign
from mlp_core.testing.examples.scenario import Scenario
from mlp_core.testing.laws.optimizers.book import FEW, OptimizerBook
from mlp_core.testing.laws.optimizers.shared import noise

LARGE = (5_003, 70_001)
"""the least numbers of entries: above one block of 4096 and above one of 65536, and no multiples of a block"""

TILES = 3
"""copies of a parameter in one tensor, which show whether each moves like the parameter by itself"""

PLAIN = 1 / 16
"""the allowed difference, in parts of the longest way of an entry. Rounding explains far less, except for steps by
the sign of a number near zero"""

TILED = """\
def tiled(t):
    return t.repeat(COUNT, *[1] * (t.ndim - 1)) if t.ndim else t.repeat(COUNT)
small, rows = fresh, gradients
*_, (params, _) = run(mine)
expected = tiled(params[0].detach())
fresh, gradients = lambda: [tiled(small()[0].detach()).requires_grad_()], [[tiled(row[0])] for row in rows]
*_, (params, _) = run(mine)
near = (params[0] - expected).abs() <= SLACK
assert (near | ~expected.isfinite()).all(), (params[0][~near], expected[~near])"""
"""COUNT and SLACK are filled in by the law"""

TWO = """\
begun, ends = fresh, []
for dtype in (torch.float32, torch.float64):
    fresh = lambda: [p.detach().to(dtype).requires_grad_() for p in begun()]
    rows, gradients = gradients, [[g.to(dtype) for g in row] for row in gradients]
    *_, (params, _) = run(mine)
    ends.append([p.detach().double() for p in params])
for start, p, q in zip(begun(), *ends):
    way = torch.maximum((p - start).abs().max(), (q - start).abs().max())
    assert ((p - q).abs() <= way / 16).logical_or(~q.isfinite()).all(), (p, q)"""

book = OptimizerBook(waivable=True)


def tiles(t: Tensor, count: int) -> Tensor:
    """One tensor with copies of `t`, along its first dimension."""
    return t.repeat(count, *[1] * (t.ndim - 1)) if t.ndim else t.repeat(count)


def _tiled(scenario: Scenario, count: int) -> Scenario:
    return scenario.mapped(lambda t: tiles(t, count))


def _slack(scenario: Scenario, small: Tensor) -> float:
    """How far copies may end from the parameter by itself. Sums over thousands of entries round too."""
    way = (small - scenario.fresh()[0].detach().double()).abs()
    finite = small.isfinite()
    if not bool(finite.any()):
        return 0.0
    return noise(scenario.dtype) * float(small[finite].abs().max()) + PLAIN * float(way[finite].max())


def _apart(subject: Any, scenario: Scenario, small: Tensor, count: int) -> Tensor:
    """Which entries of the copies do not end near the parameter by itself."""
    end = subject.finished(_tiled(scenario, count))[0][0].detach().double()
    expected = tiles(small, count)
    return ~((end - expected).abs() <= _slack(scenario, small)) & expected.isfinite()


def _coupled(subject: Any, scenario: Scenario) -> bool:
    """Whether other gradients for the other copies change how the first copy moves."""
    rows = len(scenario.parameters[0][0]) if scenario.parameters[0][0].ndim else 1

    def louder(g: Tensor) -> Tensor:
        return torch.cat([g[:rows], 3 * g[rows:] + 1])

    plain, tripled = _tiled(scenario, TILES), _tiled(scenario, TILES).with_gradients(louder)
    one, other = (subject.finished(s)[0][0].detach()[:rows] for s in (plain, tripled))
    return not same_bits(one, other)


@book.law(
    lambda s: s.telling(per_group=(1, 1), steps=(2, 3)), reshaped=True, share=FEW, doing="in a large parameter"
)  # fmt: skip
def moves_large_parameters_as_small_ones(subject: Any, scenario: Scenario) -> Evidence:
    """Thousands of copies of a parameter in one tensor move like the parameter by itself, if three copies do so and no
    copy depends on another.

    Above some size an optimizer uses a kernel that works in blocks. A mistake behind the last whole block, or an index
    with too few bits, does not show in a tensor of a hundred entries.
    """
    small = subject.finished(scenario)[0][0].detach().double()
    if not small.numel():
        return Evidence(counted=False)
    if _coupled(subject, scenario) or bool(_apart(subject, scenario, small, TILES).any()):
        return Evidence(entries=1)  # for example a step divided by a norm: copies may differ
    count = 1 + LARGE[digest(scenario) % len(LARGE)] // small.numel()
    wrong = _apart(subject, scenario, small, count)
    if bool(wrong.any()):
        where = wrong.flatten().nonzero().flatten()
        at, total = int(where[0]), wrong.numel()
        end = subject.finished(_tiled(scenario, count))[0][0].detach().flatten()[at].item()
        expected = tiles(small, count).flatten()[at].item()
        closing = TILED.replace("COUNT", str(count)).replace("SLACK", repr(_slack(scenario, small)))
        raise Broken(
            f"params[0], entry {at} of {total} in flat order", end, f"{expected!r}, as in a small parameter",
            closing=closing,
            measured=f"{len(where)} of {total} entries of a large parameter, from entry {at} on, do not move as in a "
            f"parameter of {small.numel()} entries: {end:.4g} instead of {expected:.4g}",
        )  # fmt: skip
    return Evidence(entries=wrong.numel())


def single(subject: Any) -> st.SearchStrategy[Scenario]:
    """In float32, with the same gradient in each step, so that differences add up."""
    return subject.telling(steps=(6, 6), kinds=("same",), dtypes=(torch.float32,))


def needs_both(subject: Any) -> str | None:
    both = torch.float32 in subject.dtypes and torch.float64 in subject.dtypes
    return None if both else "it is not verified in both float32 and float64"


@book.law(
    single, skip=needs_both, reshaped=True, share=FEW, closing=TWO, doing="in float32",
    beside="it says that the step depends on the dtype; other laws only report steps that differ",
)  # fmt: skip
def moves_float32_as_float64(subject: Any, scenario: Scenario) -> Evidence:
    """From the same numbers, with every hyperparameter in use, parameters in float32 end near those in float64. The law
    fails if they differ by a sixteenth of the way that they moved, which is far more than rounding.

    Each dtype may have its own kernel. If one kernel uses another formula, such as coupled decay only in 32 bits, every
    test that stays within one dtype passes.
    """
    rounded = scenario.mapped(lambda t: t.float().double())
    start = [p.detach().double() for p in rounded.fresh()]
    got = [p.detach().double() for p in subject.finished(rounded)[0]]
    expected = [p.detach().double() for p in subject.finished(replace(rounded, dtype=torch.float64))[0]]

    def far(slack: list[Tensor] | None = None) -> Evidence:
        entries = 0
        for k, (p, q, s) in enumerate(zip(got, expected, start, strict=True)):
            if not p.numel():
                continue
            way = torch.maximum((p - s).abs().max(), (q - s).abs().max())
            wrong = ((p - q).abs() > PLAIN * way + (0 if slack is None else slack[k])) & q.isfinite()
            entries += p.numel()
            if bool(wrong.any()):
                at = int(wrong.flatten().nonzero()[0])
                a, b = p.flatten()[at].item(), q.flatten()[at].item()
                raise Broken(
                    f"params[{k}], entry {at} in flat order, in float32", a, f"{b!r}, as in float64", closing=TWO,
                    measured=f"float32 uses another formula than float64: entry {at} of params[{k}] ends at {a:.6g} in "
                    f"float32 and at {b:.6g} in float64",
                )  # fmt: skip
        return Evidence(entries=entries, counted=entries > 0)

    try:
        return far()
    except Broken:
        return explained(
            envelopes(rounded, subject.make),
            lambda found: far([
                torch.where(left_out(g, e, t, s.double() > 0), float("inf"), t)
                for g, e, t, s in zip(got, expected, found[-1].tolerance, found[-1].silent, strict=True)
            ]), foreign,
        )  # fmt: skip
