"""A hand-written gradient of any function equals autograd, and difference quotients confirm it."""

from __future__ import annotations

from math import isfinite
from typing import Any

from torch import Tensor

from mlp_core.testing.bounds.envelopes import Envelope, explained
from mlp_core.testing.bounds.functions import gradient_envelopes
from mlp_core.testing.engine.evidence import Broken, Evidence
from mlp_core.testing.engine.law import LawBook
from mlp_core.testing.examples.inputs import Inputs
from mlp_core.testing.laws.functions.quotients import held_to_quotients
from mlp_core.testing.laws.functions.shared import arbitrated, is_random, within
from mlp_core.testing.oracles.functions import Values

book = LawBook(judges=True, waivable=True)

RANDOM = "it is random: a second call with the same arguments gives other numbers"

SEEDED = "seed it, or let it keep nothing between calls"

NO_NUMBER = (
    "your gradient is NaN at {name}, entry {place}, and so is autograd's, so that nothing can be compared there; "
    "return a number, or draw inputs without this point"
)


@book.law(lambda subject: subject.inputs)
def equals_autograd_everywhere(subject: Any, inputs: Inputs) -> Evidence:
    """Every entry equals autograd's, within what rounding explains: how far autograd's own result scatters when every
    operation and every parameter errs by one more unit in the last place, or else how far yours does. If the values of
    the function itself refute autograd's number, the law does not fail.

    Autograd gives the gradient of any function that is written with tensors. How far two correct formulas may differ is
    measured, not guessed.
    """
    got, seen = subject.by_hand(inputs), list[Envelope]()
    if not isfinite(Values(subject, inputs).here()):
        return Evidence(counted=False, note="the function is not finite")

    def compared(found: Envelope) -> Evidence:
        seen[:] = [found]
        return within(inputs, got, found)

    try:
        evidence = explained(gradient_envelopes(subject.value, *inputs.fresh()), compared)
    except Broken:
        if is_random(subject, inputs, got):
            return Evidence(counted=False, note=RANDOM, untested=f"{RANDOM}; {SEEDED}")
        return arbitrated(Values(subject, inputs), got, seen[0])
    evidence = arbitrated(Values(subject, inputs), got, seen[0]) if evidence.skipped else evidence
    evidence.untested, evidence.note = _no_number(inputs, got, seen[0]), evidence.note or subject.note
    return evidence


def _no_number(inputs: Inputs, got: list[Tensor], found: Envelope) -> str:
    """The first entry at which neither gradient is a number, in words."""
    for name, g, e in zip(inputs.names(), got, found.expected, strict=True):
        for place in (g.isnan() & e.isnan()).nonzero()[:1].tolist():
            return NO_NUMBER.format(name=name, place=tuple(place))
    return ""


@book.law(
    lambda subject: subject.inputs,
    beside="it uses only values of the loss; autograd applies the chain rule, as the gradient does",
)
def agrees_with_difference_quotients(subject: Any, inputs: Inputs) -> Evidence:
    """Difference quotients of the function confirm every entry, within their truncation and rounding. Entries at a
    kink, and entries for which the tolerance is too large to be useful, are skipped and counted.

    A gradient can be derived correctly for a function other than the one in the code. A difference quotient uses only
    the values that the code computes.
    """
    got = subject.by_hand(inputs)
    evidence, values = Evidence(), Values(subject, inputs)
    try:
        for k, g in enumerate(got):
            held_to_quotients(values, k, g, evidence, claimed=values.by_hand)
    except Broken:
        if is_random(subject, inputs, got):
            return Evidence(counted=False, note=RANDOM, untested=f"{RANDOM}; {SEEDED}")
        raise
    evidence.counted = evidence.entries > 0
    return evidence
