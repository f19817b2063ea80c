"""A gradient by hand of any function equals what is known of it: autograd, and difference quotients."""

from __future__ import annotations

from math import isfinite
from typing import Any

from mlp_core.testing.bounds.envelopes import Envelope, explained
from mlp_core.testing.bounds.functions import gradient_envelopes
from mlp_core.testing.engine.evidence import Broken, Evidence
from mlp_core.testing.engine.law import LawBook
from mlp_core.testing.examples.inputs import Inputs
from mlp_core.testing.laws.functions.shared import arbitrated, held_to_quotients, is_random, within
from mlp_core.testing.oracles.functions import Values

book = LawBook(judges=True, waivable=True)

RANDOM = "it is random: called again with the same arguments it gives other numbers"


@book.law(lambda subject: subject.inputs)
def equals_autograd_everywhere(subject: Any, inputs: Inputs) -> Evidence:
    """Every entry is autograd's, within what rounding explains: the scatter of autograd's own when every rounding and
    every parameter errs by one more unit in the last place. If the function's own values confirm another number than
    autograd's, nobody is blamed.

    For any function written with tensors autograd knows the gradient; how far two right formulas may differ is
    measured, not guessed.
    """
    got, seen = subject.by_hand(inputs), list[Envelope]()
    if not isfinite(Values(subject, inputs).here()):
        return Evidence(counted=False, note="the function is not finite there")

    def compared(found: Envelope) -> Evidence:
        seen[:] = [found]
        return within(inputs, got, found)

    try:
        evidence = explained(gradient_envelopes(subject.loss, *inputs.fresh()), compared)
    except Broken:
        if is_random(subject, inputs, got):
            return Evidence(counted=False, note=RANDOM)
        return arbitrated(Values(subject, inputs), got, seen[0])
    return arbitrated(Values(subject, inputs), got, seen[0]) if evidence.skipped else evidence


@book.law(
    lambda subject: subject.inputs,
    beside="it asks the loss alone, where autograd, like the gradient, is the chain rule",
)
def agrees_with_difference_quotients(subject: Any, inputs: Inputs) -> Evidence:
    """The difference quotients of the function confirm every entry, within their truncation and rounding. Entries at a
    kink, or where the function's values tell nothing, are left out and counted.

    A gradient derived on paper can be right for another function than the one that was coded. The quotient asks the
    code.
    """
    got = subject.by_hand(inputs)
    evidence, values = Evidence(), Values(subject, inputs)
    try:
        for k, g in enumerate(got):
            held_to_quotients(values, k, g, evidence)
    except Broken:
        if is_random(subject, inputs, got):
            return Evidence(counted=False, note=RANDOM)
        raise
    evidence.counted = evidence.entries > 0
    return evidence
