"""The laws of an optimizer about dtypes: several dtypes in one group, and 16 bits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import prod
from typing import Any

import torch
from hypothesis import strategies as st
from torch import Tensor

from mlp_core.testing.bounds import rounding
from mlp_core.testing.bounds.envelopes import comparable
from mlp_core.testing.engine.compare import compare
from mlp_core.testing.engine.evidence import Broken, Evidence, Raised
from mlp_core.testing.examples.scenario import Scenario
from mlp_core.testing.laws.optimizers.book import FEW, OptimizerBook
from mlp_core.testing.laws.optimizers.driving import doubled, from_zero
from mlp_core.testing.laws.optimizers.groups import coupled
from mlp_core.testing.laws.optimizers.shared import noise

SIXTEEN = (torch.bfloat16, torch.float16)

BLOCKS = (8, 70)
"""entries of a parameter with whole blocks of every width and a remainder"""

QUARTER = 0.25
"""the share of the largest step: more than a few roundings in 16 bits (1/256 each), less than a missing step"""

RUNS, FARTHER = 4, 4
"""runs whose gradients are moved by a rounding of 16 bits, and how much farther than the farthest of them a right step
may be: Muon multiplies the smallest singular value of a gradient, and the rounding in it, by up to 3.4 in each of its
iterations
"""

MIXED = """\
DTYPES_ = [DTYPES]
everybody = fresh
params = [p.detach().to(d).requires_grad_() for p, d in zip(everybody(), DTYPES_)]
optimizer = mine(groups(params), **hyper[0])
for row in gradients:
    for p, g in zip(params, row):
        p.grad = g.to(p.dtype)
    optimizer.step()
together, counts = params, [1]
for i, d in enumerate(DTYPES_):
    params = [everybody()[i].detach().to(d).requires_grad_()]
    optimizer = mine(groups(params), **hyper[0])
    for row in gradients:
        params[0].grad = row[i].to(d)
        optimizer.step()
    a, b = together[i].detach().double(), params[0].detach().double()
    near = (a - b).abs() <= [NOISES][i] * torch.maximum(a.abs(), b.abs())
    assert (near | (a == b) | a.isnan() & b.isnan()).all(), (i, d, a, b)"""
"""DTYPES and NOISES are filled in by the law"""

COARSE = """\
def end(dtype):
    params = [p.detach().to(FROM).to(dtype).requires_grad_() for p in fresh()]
    optimizer = mine(groups(params), **hyper[0])
    for row in gradients:
        for p, g in zip(params, row):
            p.grad = g.to(FROM).to(dtype)
        optimizer.step()
    return [p.detach().double() for p in params]
for start, p, q, spread in zip(fresh(), end(FROM), end(WIDE), [SPREADS]):
    way = (q - start.detach().double()).abs()
    bound = 0.25 * way.max() + spread + 8 * torch.finfo(FROM).eps * torch.maximum(q.abs(), p.abs())
    assert ((p - q).abs() <= bound).logical_or(~q.isfinite()).all(), (p, q)"""
"""FROM, WIDE and SPREADS are filled in by the law"""

book = OptimizerBook(waivable=True)


def several(subject: Any) -> Sequence[torch.dtype]:
    """The dtypes that one group may contain."""
    return list(dict.fromkeys((*subject.dtypes, *subject.others(torch.bfloat16))))


def needs_several(subject: Any) -> str | None:
    if subject.max_groups < 2:
        return "it accepts only one parameter group"
    return None if len(several(subject)) > 1 else "it is tested in one dtype only"


@book.law(
    lambda s: s.telling(per_group=(3, 3), shapes=s.steady or s.shapes, dtypes=s.dtypes[:1]), skip=needs_several,
    share=FEW, doing="with parameters of several dtypes in one group",
    beside="it puts several dtypes into one group, which no other law does",
)  # fmt: skip
def steps_several_dtypes_together(subject: Any, scenario: Scenario) -> Evidence:
    """Parameters of several dtypes and sizes in one group move as each does in its own optimizer.

    Models keep norms in float32 and weights in bfloat16. Code that passes all tensors to one kernel, or makes all state
    in the dtype of the first parameter, reads the others wrongly.
    """
    dtypes = [several(subject)[k % len(several(subject))] for k in range(len(scenario.names()))]
    params = [p.detach().to(d).requires_grad_() for p, d in zip(scenario.fresh(), dtypes, strict=True)]
    start = [p.detach().clone() for p in params]

    def gradient(step: int, index: int) -> Tensor:
        return scenario.given(step, index).to(scenario.dtype).to(dtypes[index])

    noises = [0.0 if d not in SIXTEEN else noise(d) for d in dtypes]  # in 16 bits foreach rounds differently
    closing = MIXED.replace("[DTYPES]", repr(dtypes)).replace("[NOISES]", repr(noises))
    try:
        for _ in subject.run(scenario, subject.optimizer(scenario, params), params, gradient):
            pass
    except Raised as raised:
        if isinstance(raised.__cause__, (ValueError, TypeError)) and "dtype" in raised.got:
            return Evidence(entries=1, note=f"it refuses parameters of several dtypes: {raised.got}")
        raised.closing = closing
        raise
    evidence = Evidence()
    for k, (p, own, dtype) in enumerate(zip(params, start, dtypes, strict=True)):
        alone = replace(
            scenario, parameters=((own.double(),),), dtype=dtype,
            gradients=tuple((gradient(s, k).double(),) for s in range(len(scenario.gradients))),
        )  # fmt: skip
        expected = subject.finished(alone)[0][0].detach()
        bound = noises[k] * torch.maximum(p.detach().double().abs(), expected.double().abs())
        try:
            found = compare(
                [f"params[{k}], {str(dtype)[6:]}"], [p.detach().double()], [expected.double()], [bound],
                what="beside other dtypes: ", closing=doubled(closing),
            )  # fmt: skip
        except Broken:
            if subject.exact or not coupled(subject, scenario, 1):
                raise
            return Evidence(entries=1)
        evidence.join(found)
    return evidence


def sixteen(subject: Any) -> list[torch.dtype]:
    """The 16-bit dtypes that it is tested with."""
    return [d for d in (*subject.dtypes, *subject.others(torch.bfloat16)) if d in SIXTEEN]


def coarse(subject: Any) -> st.SearchStrategy[Scenario]:
    """From zero, so that every step shows; with constant gradients, so that no step cancels another; with equal
    singular values, so that a rule that divides by these does not multiply the rounding of 16 bits.
    """
    usual = subject.steady or subject.shapes
    blocks = [s for s in usual if BLOCKS[0] <= prod(s) <= BLOCKS[1]] or subject.few()
    made = subject.telling(shapes=blocks, steps=(2, 2), kinds=("same",), decay=False, dtypes=sixteen(subject))
    return made.map(lambda scenario: from_zero(scenario).with_gradients(_equal_singular_values))


def _equal_singular_values(g: Tensor) -> Tensor:
    """A matrix U S V^T with S replaced by its largest value; anything else, or a zero, as it is."""
    if g.dim() != 2 or not g.numel() or not g.isfinite().all():
        return g
    u, s, vh = torch.linalg.svd(g.double(), full_matrices=False)
    return (s.max() * u @ vh).to(g.dtype)


def needs_sixteen_bits(subject: Any) -> str | None:
    if not sixteen(subject):
        return "no 16-bit dtype is tested; dtypes= adds one"
    return None if comparable(subject) else "only 16-bit dtypes are tested: there is none to compare with"


@book.law(
    coarse, skip=needs_sixteen_bits, reshaped=True, share=FEW, floor=0.01, doing="in 16 bits",
    beside="it needs no reference that runs in 16 bits",
)  # fmt: skip
def moves_16_bit_parameters_as_32_bit_ones(subject: Any, scenario: Scenario) -> Evidence:
    """After two steps from zero, every entry of a 16-bit parameter is close to its value in float32 or float64.

    Kernels for 16 bits are separate code, often in blocks of eight. A block that is left out, or a denominator that is
    rounded to zero, shows in no float32 test.
    """
    dtype = scenario.dtype
    wide = torch.float32 if torch.float32 in subject.dtypes else comparable(subject)[0]
    rounded = scenario.mapped(lambda t: t.to(dtype).double())
    got = [p.detach().double() for p in subject.finished(rounded)[0]]
    expected = [p.detach().double() for p in subject.finished(replace(rounded, dtype=wide))[0]]
    eps, entries = 2 * rounding.unit_roundoff(dtype), 0
    spreads = _spreads(subject, replace(rounded, dtype=wide), expected, eps)
    closing = COARSE.replace("FROM", str(dtype)).replace("WIDE", str(wide)).replace("[SPREADS]", repr(spreads))
    for k, (p, q) in enumerate(zip(got, expected, strict=True)):
        step = q.abs().max() if q.numel() else q
        bound = QUARTER * step + spreads[k] + 8 * eps * torch.maximum(p.abs(), q.abs())
        wrong = ((p - q).abs() > bound) & q.isfinite() & ((p.isfinite()) | (dtype is torch.bfloat16))
        entries += int((q.ne(0) & (bound < step)).sum())
        if bool(wrong.any()):
            flat = wrong.flatten().nonzero().flatten().tolist()
            at = flat[0]
            a, b = p.flatten()[at].item(), q.flatten()[at].item()
            still = not any(p.flatten()[i] for i in flat)
            raise Broken(
                f"params[{k}], entry {at} of {p.numel()} in flat order, from 0 in {len(scenario.gradients)} steps",
                a, f"{b!r} as in {str(wide)[6:]}, within a quarter of the largest step", closing=closing,
                measured=f"in {str(dtype)[6:]} {len(flat)} of {p.numel()} entries of params[{k}] "
                f"{'do not move' if still else 'move differently than in finer dtypes'}: "
                f"entry {at} is {a:.4g}, in {str(wide)[6:]} {b:.4g}",
            )  # fmt: skip
    return Evidence(entries=entries, counted=entries > 0)


def _spreads(subject: Any, scenario: Scenario, expected: Sequence[Tensor], eps: float) -> list[float]:
    """Per parameter, FARTHER times the farthest that any entry moves from `expected` if the gradients are multiplied by
    1 + eps or 1 - eps, entry by entry, in RUNS runs.
    """
    farthest = [0.0] * len(expected)
    for seed in range(RUNS):

        def moved(g: Tensor, seed: int = seed) -> Tensor:
            signs = torch.randint(2, g.shape, generator=torch.Generator().manual_seed(seed))
            return g * (1 + eps * (2 * signs - 1))  # the same in every step, as the gradient is

        run = subject.finished(scenario.with_gradients(moved))[0]
        for k, (p, q) in enumerate(zip(run, expected, strict=True)):
            apart = (p.detach().double() - q).abs()
            farthest[k] = max(farthest[k], float(apart[apart.isfinite()].max()) if apart.isfinite().any() else 0.0)
    return [FARTHER * far for far in farthest]
