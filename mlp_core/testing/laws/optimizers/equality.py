"""The laws of equality with a reference: bit for bit for torch's twin, within what rounding explains for any other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

import torch

from mlp_core.equality import same_bits
from mlp_core.testing.bounds.envelopes import comparable, envelopes, explained, within
from mlp_core.testing.engine.evidence import Broken, Evidence, Raised
from mlp_core.testing.examples.scenario import Scenario
from mlp_core.testing.laws.optimizers.book import OptimizerBook
from mlp_core.testing.laws.optimizers.shared import same, seen

AGAINST_TWIN = """\
for step, (a, b) in enumerate(zip(run(mine), run(reference)), start=1):
    got, expected = look(*a, "{name}")[{index}].item(), look(*b, "{name}")[{index}].item()
    assert got == expected or got != got and expected != expected, (step, got, expected)"""

WITHIN = """\
for step, (a, b) in enumerate(zip(run(mine), run(reference)), start=1):
    if step == STEP:
        got, expected = look(*a, "{name}")[{index}].item(), look(*b, "{name}")[{index}].item()
        assert abs(got - expected) <= {bound}, (got, expected)"""
"""STEP is filled in by the law; the bound is what rounding explains"""

twin_book, reference_book = OptimizerBook(judges=True), OptimizerBook(judges=True)

T = TypeVar("T")

SIXTEEN = (torch.float16, torch.bfloat16) if torch.__version__ >= "2.15" else (torch.float16,)
"""of 16 bits: too few for any other law, but enough to be the same; in bfloat16 the Muon of torch 2.13 normalises its
momentum in place, instead of a copy"""


@twin_book.law(lambda s: s.scenarios(missing=True, counts=s.counts, dtypes=(*s.dtypes, *s.dtypes, *s.others(*SIXTEEN))))
def equals_its_twin(subject: Any, scenario: Scenario) -> Evidence:
    """After every step the parameters have the bits of the torch optimizer that the rule claims to equal. So has the
    state that both keep under one name. This holds for the first step and the millionth, in 64, 32 and 16 bits.

    An update that is almost Adam trains almost as well, and no loss curve shows it. Formulas with the same name place
    decay, dampening and epsilon differently. Bits separate them, after one step or after a million.
    """
    mine, theirs = scenario.fresh(), scenario.fresh()
    a, b = subject.optimizer(scenario, mine), subject.optimizer(scenario, theirs, subject.reference)
    evidence = Evidence()
    for step, _ in zip(subject.run(scenario, a, mine), scenario.run(b, theirs), strict=True):
        ours, torchs = seen(scenario, mine, a), seen(scenario, theirs, b)
        both = [k for k in ours if k in torchs and (" of " not in k or k.split(" of ")[0] in subject.shared_state)]
        one = same({k: ours[k] for k in both}, {k: torchs[k] for k in both}, f"step {step + 1}: ", AGAINST_TWIN)
        evidence.entries += one.entries
    return evidence


def needs_a_reference(subject: Any) -> str | None:
    if subject.reference is None:
        return None if subject.doubt else str(subject.unreferenced)
    return None if comparable(subject) else "16 bits have too few digits to separate a wrong update from rounding"


@reference_book.law(
    lambda s: s.scenarios(missing=True, counts=s.counts, dtypes=comparable(s) or s.dtypes), skip=needs_a_reference
)
def equals_its_reference(subject: Any, scenario: Scenario) -> Evidence:
    """After every step every parameter equals the reference's, within what rounding explains: how far the reference
    scatters when its operations, gradients and hyperparameters err by one more unit in the last place.

    Other code may order its operations differently, so that bits need not agree. The tolerance is measured on the
    reference itself. An error of 1e-10 in one entry still shows, and a rearranged formula does not fail.
    """
    if subject.reference is None:
        return Evidence(untested=subject.doubt)
    mine, theirs = scenario.fresh(), scenario.fresh()
    a = subject.optimizer(scenario, mine)
    (b,) = _blamed(subject.optimizer(scenario, theirs, subject.reference) for _ in range(1))
    got, differs, entries = [], False, 0
    for _ in zip(subject.run(scenario, a, mine), _blamed(scenario.run(b, theirs)), strict=True):
        got.append([p.detach().double().clone() for p in mine])
        differs |= not all(map(same_bits, mine, theirs))
        entries += sum(p.numel() for p in mine)
    if not differs:
        return Evidence(entries=entries)
    return explained(envelopes(scenario, subject.reference), lambda found: within(scenario, got, found, WITHIN))


def _blamed(run: Iterator[T]) -> Iterator[T]:
    """Raises an error of the reference so that it does not count as a failure of the subject."""
    try:
        yield from run
    except Broken as broken:
        broken.where = "the reference, not the subject"
        raise
    except Exception as error:
        raised = Raised(error)
        raised.where = "the reference, not the subject"
        raise raised from error
