"""Laws about side effects of a hand-written backpropagation: what it must not change, must repeat, and must not
remember."""

from __future__ import annotations

import copy
from typing import Any

import torch

from mlp_core.equality import same_bits
from mlp_core.testing.bounds import formulas
from mlp_core.testing.engine.compare import compare
from mlp_core.testing.engine.evidence import Broken, Evidence
from mlp_core.testing.engine.groups import CONDUCT
from mlp_core.testing.engine.guards import (
    GENERATORS,
    foreign,
    in_words,
    modes_kept,
    random_states,
    replaced,
)  # fmt: skip
from mlp_core.testing.engine.law import LawBook
from mlp_core.testing.examples.problem import Case, Problem
from mlp_core.testing.oracles import gradients as oracles

PURE = """\
before = {value}.clone()
gradient()
assert torch.equal({value}, before), "{value} was changed\""""

FRESH = """\
first = gradient()["{name}"][{index}].item()
model, trace, dL_dy = __import__("copy").deepcopy((model, trace, dL_dy))
again = gradient()["{name}"][{index}].item()
assert first == again or first != first and again != again, (first, again)"""

AGAIN = """\
once = gradient()["{name}"][{index}].item()
again = gradient(clear=False)["{name}"][{index}].item()
assert once == again or once != once and again != again, (once, again)"""

MOVED = """\
gradient()
with torch.no_grad():
    model.flat.mul_(-0.5)
trace = model.trace(x)
with torch.no_grad():
    dL_dy = DL_DY
got = gradient()["{name}"][{index}].item()
expected = torch.autograd.grad(model(x), dict(model.named_parameters())["{name}"], dL_dy)[0][{index}].item()
assert abs(got - expected) <= {bound}, (got, expected)"""
"""DL_DY is filled in by the law"""

BOUND = """\
expected = torch.autograd.grad(model(x), dict(model.named_parameters())["{name}"], dL_dy)[0][{index}].item()
for p in model.parameters():
    p.grad = torch.full_like(p, float("nan"))
model.weights[0].requires_grad_(False)
FUNCTION(model, trace, dL_dy)
p = dict(model.named_parameters())["{name}"]
none, expected = (float("nan"), expected) if p.requires_grad else (0.0, 0.0)
got = none if p.grad is None else p.grad[{index}].item()
assert abs(got - expected) <= {bound}, (got, expected)"""
"""FUNCTION is filled in by the law"""

REPLACED = """\
before = {value}
gradient()
assert {value} is before"""

DREW = """\
before = STATE
gradient()
assert STATE == before"""
"""STATE is filled in by the law"""

book = LawBook()


@book.law(lambda subject: subject.problems(), group=CONDUCT)
def leaves_everything_else_alone(subject: Any, problem: Problem) -> Evidence:
    """Inputs, targets, parameters, the trace, random state and torch's global modes, such as the default dtype, are
    unchanged. Nothing in torch or Python is replaced.

    Computing a gradient must not change anything else. If it changes the parameters, the batch or the random state,
    every later result is about something else, and the error shows far away from its cause.
    """
    case = copy.deepcopy(problem).case()  # the snippet must not show data that the subject has changed
    watched = {
        **{f"z[{layer}]": z for layer, z in enumerate(case.trace.z)},
        **{f"a[{layer}]": a for layer, a in enumerate(case.trace.a)},
        "dL_dy": case.dL_dy, "parameters": case.model.flat, **({} if case.y is None else {"y": case.y}),
    }  # fmt: skip
    before = {name: tensor.clone() for name, tensor in watched.items()}
    state = random_states()
    with modes_kept("gradient()") as changed:
        subject.gradient(case)
    for name in replaced():
        raise Broken(name, "replaced by another", "untouched", closing=REPLACED.replace("{value}", name))
    for name, tensor in watched.items():
        if not same_bits(tensor, before[name]):
            raise Broken(
                name, "changed by the call", "untouched", closing=PURE.replace("{value}", _expression(name)),
            )  # fmt: skip
    for what, state_of in random_states().items():
        if state_of != state[what]:
            closing = DREW.replace("STATE", GENERATORS[what])
            raise Broken(f"{what}'s random state", "changed", "untouched", closing=closing)
    return Evidence(entries=sum(t.numel() for t in watched.values()), note=in_words(changed))


def _expression(name: str) -> str:
    return {"parameters": "model.flat"}.get(name, name if name in ("y", "dL_dy") else f"trace.{name}")


@book.law(lambda subject: subject.problems(), group=CONDUCT)
def leaves_no_graph_behind(subject: Any, problem: Problem) -> Evidence:
    """The gradients are plain numbers: none requires a gradient, and none keeps an autograd graph alive.

    A gradient that requires a gradient keeps the whole forward pass in memory. Memory grows with every step until the
    run dies, although every number is correct.
    """
    case = problem.case()
    raw = subject.raw_gradient(case)
    for name, g in zip(case.names, raw, strict=True):
        if g.requires_grad:
            closing = f'got = gradient()["{name}"]\nassert not got.requires_grad'
            expected = "plain numbers: compute under torch.no_grad()"
            raise Broken(name, "a tensor that requires a gradient", expected, closing=closing)
    return Evidence(entries=len(raw))


@book.law(lambda subject: subject.problems(), group=CONDUCT)
def repeats_itself_to_the_bit(subject: Any, problem: Problem) -> Evidence:
    """The same call gives the same bits: on a fresh model, and on a model that already holds gradients.

    A run that cannot be repeated cannot be debugged. The most common cause is a gradient that is added to the previous
    content of the buffer.
    """
    case = problem.case()
    first = [g.clone() for g in subject.gradient(case)]
    twin = copy.deepcopy(case)
    fresh = subject.gradient(twin)
    zeros = [0.0] * len(first)
    compare(case.names, fresh, first, zeros, what="on a fresh model: ", closing=FRESH)
    again = subject.gradient(case, clear=False)
    return compare(case.names, again, first, zeros, what="called again: ", closing=AGAIN)


@book.law(lambda subject: subject.problems())
def uses_the_current_parameters(subject: Any, problem: Problem) -> Evidence:
    """After an update has changed the model's flat buffer, the next call gives the gradient for the new weights.
    Nothing of the previous weights, or of the previous deltas, is reused.

    The optimizer changes the weights between two calls, often in place. A cached weight gives the gradient of a network
    that no longer exists.
    """
    case = problem.case()
    subject.gradient(case)
    with torch.no_grad():
        case.model.flat.mul_(-0.5)
        trace = case.model.trace(case.trace.a[0])
    if problem.loss is None:
        dL_dy = 2 * case.dL_dy
    else:
        assert case.y is not None
        dL_dy = problem.loss.grad(trace.output, case.y)
    moved = Case(case.model, trace, dL_dy, case.y)
    got, expected = subject.gradient(moved), oracles.autograd(moved)
    closing = MOVED.replace("DL_DY", "2 * dL_dy" if problem.loss is None else problem.setup()[-1].partition(" = ")[2])
    return compare(moved.names, got, expected, formulas.backprop(moved), closing=closing)


@book.law(
    lambda subject: subject.problems(),
    skip=lambda subject: None if subject.to_the_bit else "only for the core's own backpropagation",
)
def fills_gradients_that_are_stored_elsewhere(subject: Any, problem: Problem) -> Evidence:
    """A parameter whose gradient is stored elsewhere in memory gets its gradient in its grad, as all others do. A
    frozen parameter gets none, as with autograd, or zeros.

    zero_grad() drops the buffers, other libraries bind their own, and layers are frozen and unfrozen. The optimizer
    never sees a gradient that is written to an old place, and it moves a frozen layer that has one.
    """
    case = problem.case()
    expected = oracles.autograd(case)
    for p in case.model.parameters():
        p.grad = torch.full_like(p, float("nan"))
    case.model.weights[0].requires_grad_(False)
    expected[0] = torch.zeros_like(expected[0])
    with foreign():
        subject.function(case.model, case.trace, case.dL_dy)
    none = [torch.full_like(p, float("nan") if p.requires_grad else 0.0) for p in case.model.parameters()]
    got = [zero if p.grad is None else p.grad for p, zero in zip(case.model.parameters(), none, strict=True)]
    return compare(case.names, got, expected, formulas.backprop(case), closing=BOUND.replace("FUNCTION", subject.name))
