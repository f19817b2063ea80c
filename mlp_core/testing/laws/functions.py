"""The laws of a gradient written by hand for any function: what torch knows of it, and how it must behave."""

from __future__ import annotations

import random
from typing import Any

import torch
from torch import Tensor

from mlp_core import gradcheck
from mlp_core.equality import same_bits
from mlp_core.testing.bounds import quotients
from mlp_core.testing.bounds.envelopes import Envelope, explained, gradient_envelopes
from mlp_core.testing.engine.compare import compare
from mlp_core.testing.engine.evidence import Broken, Evidence
from mlp_core.testing.engine.law import LawBook
from mlp_core.testing.examples.inputs import Inputs

book = LawBook()

AUTOGRAD = """\
own = [p.clone().requires_grad_() for p in params]
expected = torch.autograd.grad(loss(own, *data), own, allow_unused=True, materialize_grads=True)
which = {name!r}
k = int(which[len("params["):-1])
got, expected = gradient(params, *data)[k][{index}].item(), expected[k][{index}].item()
assert abs(got - expected) <= {bound}, (which, got, expected)"""

QUOTIENT = """\
k, got = int({name!r}[len("params["):-1]), gradient(params, *data)
def at(h):
    own = [p.clone() for p in params]
    own[k][{index}] += h
    return float(loss(own, *data))
h = STEP
quotient = (at(h) - at(-h)) / (2 * h)
assert abs(got[k][{index}].item() - quotient) <= {bound}, (got[k][{index}].item(), quotient)""".replace(
    "STEP", repr(gradcheck.STEP)
)

UNTOUCHED = """\
before = [t.clone() for t in (*params, *data) if isinstance(t, torch.Tensor)]
first = [g.clone() for g in gradient(params, *data)]
second = gradient(params, *data)
after = [t for t in (*params, *data) if isinstance(t, torch.Tensor)]
assert all(map(torch.equal, before, after)), "changed its arguments"
assert all(torch.equal(a.nan_to_num(), b.nan_to_num()) for a, b in zip(first, second)), (first, second)
assert not any(g.requires_grad for g in first), "left a graph behind\""""


@book.law(lambda subject: subject.inputs)
def equals_autograd_everywhere(subject: Any, inputs: Inputs) -> Evidence:
    """Every entry is autograd's, within what rounding explains: the scatter of autograd's own when every rounding and
    every parameter errs by one more unit in the last place. Entries at a kink of the function say nothing.

    For any function written with tensors autograd knows the gradient; how far two right formulas may differ is
    measured, not guessed.
    """
    got = subject.by_hand(inputs)

    def compared(found: tuple[Envelope, float]) -> Evidence:
        return _within(subject, inputs, got, found[0])

    return explained(gradient_envelopes(subject.loss, *inputs.fresh()), compared)


def _within(subject: Any, inputs: Inputs, got: list[Tensor], found: Envelope) -> Evidence:
    silent = found.silent
    for looked_closer in (False, True):
        spoken = [torch.where(s, e, g) for g, e, s in zip(got, found.expected, silent, strict=True)]
        try:
            evidence = compare(inputs.names(), spoken, found.expected, found.tolerance, closing=AUTOGRAD)
        except Broken:
            if looked_closer:
                raise
            silent = [s | k for s, k in zip(silent, kinks(subject, inputs), strict=True)]
            continue
        # the inputs are the user's: what lies at a kink or drowns in rounding there is no fault of the comparison
        evidence.entries -= int(sum(s.sum() for s in silent))
        evidence.counted = evidence.entries > 0
        return evidence
    raise AssertionError("unreachable")


@book.law(
    lambda subject: subject.inputs,
    beside="it asks the loss alone, where autograd, like the gradient, is the chain rule",
)
def agrees_with_difference_quotients(subject: Any, inputs: Inputs) -> Evidence:
    """The difference quotients of the function confirm every entry, within their truncation and rounding; entries at a
    kink, or where the function is not finite, say nothing.

    A gradient derived on paper can be right for another function than the one that was coded. The quotient asks the
    code.
    """
    got = subject.by_hand(inputs)
    *_, (_, error) = gradient_envelopes(subject.loss, *inputs.fresh())
    evidence, bends = Evidence(), kinks(subject, inputs)
    for k, (name, g) in enumerate(zip(inputs.names(), got, strict=True)):
        f, step = _alone(subject, inputs, k), gradcheck.STEP
        fine, coarse = (gradcheck.central_difference(f, inputs.params[k], step=h) for h in (step, 2 * step))
        limit = quotients.central(error, step, coarse, fine)
        nowhere = ~limit.isfinite() | ~fine.isfinite()
        silent = bends[k] | nowhere
        one = compare([name], [torch.where(silent, fine, g)], [fine], [limit.nan_to_num()], closing=QUOTIENT)
        evidence.join(one, silent=int(silent.sum()))
    evidence.counted = evidence.entries > 0
    return evidence


def kinks(subject: Any, inputs: Inputs) -> list[Tensor]:
    """Where the one-sided quotients of a parameter's entries differ by as much at h as at 2h: a kink. Where the
    function is smooth, they differ by h f'', half as much."""
    found = []
    for k, p in enumerate(inputs.params):
        f, theta = _alone(subject, inputs, k), p.flatten()
        gaps, middle = [], f(p)
        for h in (gradcheck.STEP, 2 * gradcheck.STEP):
            gap = torch.zeros_like(theta)
            for i in range(theta.numel()):
                sides = []
                for sign in (1, -1):
                    moved = theta.clone()
                    moved[i] += sign * h
                    sides.append(f(moved.view(p.shape)))
                gap[i] = abs(sides[0] - 2 * middle + sides[1]) / h  # the right quotient less the left one
            gaps.append(gap)
        found.append(((gaps[0] > 0.75 * gaps[1]) & (gaps[0] > 0)).view(p.shape))
    return found


def _alone(subject: Any, inputs: Inputs, k: int) -> Any:
    """The function of parameter k alone, without a graph."""

    def f(theta: Tensor) -> float:
        params, data = inputs.fresh()
        params[k] = theta
        with torch.no_grad():
            return float(subject.loss(params, *data))

    return f


@book.law(lambda subject: subject.inputs)
def repeats_itself_and_leaves_no_trace(subject: Any, inputs: Inputs) -> Evidence:
    """Called again it gives the same bits; parameters, data, random state and default dtype stay as they were, and no
    graph is left behind.

    A gradient that centres its data in place is right once, and wrong at every call after it.
    """
    params, data = inputs.fresh()
    state = (torch.get_default_dtype(), torch.get_num_threads(), random.getstate(), torch.get_rng_state().tolist())
    first = [g.clone() for g in subject.gradient(params, *data)]
    second = list(subject.gradient(params, *data))
    if state != (torch.get_default_dtype(), torch.get_num_threads(), random.getstate(), torch.get_rng_state().tolist()):
        raise Broken("default dtype, thread count or random state", "changed", "untouched", closing=UNTOUCHED)
    handed = [(f"params[{k}]", p, q) for k, (p, q) in enumerate(zip(params, inputs.params, strict=True))]
    handed += [
        (f"data[{k}]", d, e) for k, (d, e) in enumerate(zip(data, inputs.data, strict=True)) if isinstance(d, Tensor)
    ]
    for name, value, before in handed:
        if not same_bits(value.detach(), before):
            raise Broken(name, "changed by the call", "untouched", closing=UNTOUCHED)
    for name, g in zip(inputs.names(), first, strict=False):
        if g.requires_grad:
            raise Broken(f"gradient of {name}", "requires grad: a graph is left behind", "detached", closing=UNTOUCHED)
    names = [f"gradient of {name}" for name in inputs.names()]
    return compare(names, second, first, [0.0] * len(first), what="called again: ", closing=UNTOUCHED)
