"""The law of equality with a reference: to the bit for torch's twin, within what rounding explains for any other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

import torch
from torch import Tensor

from mlp_core import equality
from mlp_core.equality import same_bits
from mlp_core.testing.bounds import references, rounding
from mlp_core.testing.envelopes import Envelope, envelopes, explained
from mlp_core.testing.failure import compare
from mlp_core.testing.law import Broken, Evidence, LawBook, Raised
from mlp_core.testing.rule_laws import same, seen
from mlp_core.testing.rule_snippets import AGAINST_TWIN, WITHIN
from mlp_core.testing.scenario import Scenario

twin_book, reference_book = LawBook(), LawBook()

T = TypeVar("T")

SIXTEEN = (torch.float16, torch.bfloat16) if torch.__version__ >= "2.15" else (torch.float16,)
"""of 16 bits: too few for any other law, but enough to be the same; in bfloat16 the Muon of torch 2.13 normalises its
momentum itself, where a copy is meant"""


@twin_book.law(lambda s: s.scenarios(missing=True, counts=s.counts, dtypes=(*s.dtypes, *s.dtypes, *SIXTEEN)))
def equals_its_twin(subject: Any, scenario: Scenario) -> Evidence:
    """Parameters, and the state that both keep under one name, have the bits of the torch optimizer it claims to be,
    after every step, the first or the millionth, in 64, 32 or 16 bits.

    An update that is nearly Adam trains nearly as well, and no loss curve shows it. Formulas of the same name differ in
    where decay, dampening and epsilon stand: bits tell them apart, after one step or after a million.
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


def comparable(subject: Any) -> list[torch.dtype]:
    return [dtype for dtype in subject.dtypes if references.compares(rounding.unit_roundoff(dtype))]


def needs_a_reference(subject: Any) -> str | None:
    if subject.reference is None:
        return str(subject.unreferenced)
    return None if comparable(subject) else "16 bits leave too few digits to tell a wrong update from a rounded one"


@reference_book.law(
    lambda s: s.scenarios(missing=True, counts=s.counts, dtypes=comparable(s) or s.dtypes), skip=needs_a_reference
)
def equals_its_reference(subject: Any, scenario: Scenario) -> Evidence:
    """After every step every parameter is where its reference puts it, within what rounding explains: the scatter of
    the reference when all its roundings, gradients and hyperparameters err by one more unit in the last place.

    Code that is not ours orders its operations as it likes, so bits cannot be asked for. What rounding can explain is
    measured on the reference itself, so that 1e-10 in one entry still shows and a rearranged formula does not.
    """
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
    return explained(envelopes(scenario, subject.reference), lambda found: within(scenario, got, found))


def _blamed(run: Iterator[T]) -> Iterator[T]:
    """What a reference raises is no mistake of the subject."""
    try:
        yield from run
    except Broken as broken:
        broken.where = "the reference, not the subject"
        raise
    except Exception as error:
        raised = Raised(error)
        raised.where = "the reference, not the subject"
        raise raised from error


def within(scenario: Scenario, got: list[list[Tensor]], envelopes: list[Envelope]) -> Evidence:
    """Hold the parameters after every step to an envelope. Raises Broken where rounding does not explain them."""
    total = Evidence()
    for step, (found, envelope) in enumerate(zip(got, envelopes, strict=True), start=1):
        # the same bits, NaN among them, need no tolerance; what has none that tells is left out, and counted
        three = zip(envelope.silent, found, envelope.expected, strict=True)
        left_out = [s & ~equality.same(g, e) for s, g, e in three]
        spoken = [torch.where(s, e, g) for g, e, s in zip(found, envelope.expected, left_out, strict=True)]
        one = compare(
            scenario.names(), spoken, envelope.expected, envelope.tolerance, what=f"step {step}: ",
            closing=WITHIN.replace("STEP", str(step)),
        )  # fmt: skip
        silent = int(sum(s.sum() for s in left_out))
        total.join(one, silent=silent)
        total.skipped += silent
    return total
