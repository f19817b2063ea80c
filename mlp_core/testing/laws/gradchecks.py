"""The laws of a gradient check: what it reports of gradients that are right, and of gradients that are wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from hypothesis import strategies as st
from torch import Tensor

from mlp_core.equality import same_bits
from mlp_core.testing.bounds import quotients
from mlp_core.testing.engine.evidence import Broken, Evidence
from mlp_core.testing.engine.law import LawBook
from mlp_core.testing.engine.source import literal
from mlp_core.testing.oracles.gradchecks import Known, crossings, known
from mlp_core.testing.subjects.questions import Question, bent, right, wide, wrong

AT_MOST = """\
errors = check_model(model, x, y, loss, gradient=gradient)
assert errors["{name}"] <= {bound}, errors"""

WITHIN = """\
errors = check_model(model, x, y, loss, gradient=gradient)
assert abs(errors["{name}"] - {expected}) <= {bound}, errors"""

INFINITE = """\
errors = check_model(model, x, y, loss, gradient=gradient)
assert errors["{name}"] == float("inf"), errors"""

SKIPPED = """\
errors = check_model(model, x, y, loss, gradient=gradient)
assert {low} <= errors.skipped <= {high}, errors.skipped"""

UNTOUCHED = """\
model.flat_grad.fill_(7.0)
def everything():
    return [model.flat, model.flat_grad, x, y, *model.parameters(), torch.get_rng_state()]
before, dtype = [t.detach().clone() for t in everything()], torch.get_default_dtype()
check_model(model, x, y, loss, gradient=gradient)
assert torch.get_default_dtype() == dtype, "left another default dtype"
same = [a.dtype == b.dtype and torch.equal(a, b) for a, b in zip(before, everything())]
assert all(same), "changed what it was given\""""

book = LawBook(judges=True)


def fine(subject: Any, asked: Question) -> Evidence:
    """A right gradient in the fine band; above it no farther than rounding and curvature can bring a right check."""
    errors, evidence = subject.errors(asked, *asked.asked()), uncounted()
    for tensor in known(asked):
        got, limit = errors[tensor.name], max(quotients.FINE, tensor.limit)
        if not limit < float("inf"):
            continue
        if not got <= limit:
            closing = AT_MOST.format(name=tensor.name, bound=limit)
            raise Broken(f"relative error of {tensor.name}", got, f"at most {limit:.3g}: it is right", closing=closing)
        evidence.entries += tensor.entries
        evidence.tensors += 1
        evidence.by_bound += got > quotients.FINE
        evidence.error, evidence.ratio = max(evidence.error, got), max(evidence.ratio, got / limit)
        evidence.counted |= limit <= quotients.SUSPECT
    return evidence


def agree(errors: Mapping[str, float], expected: list[Known], evidence: Evidence) -> Evidence:
    """Hold a report to what is known; it says something where the planted error stands clear of the limit."""
    for tensor in expected:
        if not tensor.limit < float("inf"):
            continue
        got = errors[tensor.name]
        error = 0.0 if got == tensor.error else abs(got - tensor.error)
        if not error <= tensor.limit:
            values = {"name": tensor.name, "expected": literal(tensor.error), "bound": literal(tensor.limit)}
            wanted = f"{tensor.error!r} (within {tensor.limit:.3g})"
            where = f"relative error of {tensor.name}"
            raise Broken(where, repr(got), wanted, closing=WITHIN.format(**values))
        evidence.entries += tensor.entries
        evidence.error, evidence.ratio = max(evidence.error, error), max(evidence.ratio, error / tensor.limit)
        evidence.counted |= tensor.planted and 2 * tensor.limit < tensor.error
    return evidence


def uncounted() -> Evidence:
    return Evidence(counted=False)


@book.law(lambda subject: right(), beside="it asks about right gradients, where the others ask about wrong ones")
def confirms_a_right_gradient(subject: Any, asked: Question) -> Evidence:
    """A right gradient has a relative error of at most 1e-7 in every tensor, biases too; where rounding and curvature
    allow more to a check with any usual step, at most that.

    A check that cries wolf is switched off. Steps that are too small drown in rounding, steps that are too large in
    curvature, and single precision in both.
    """
    return fine(subject, asked)


@book.law(lambda subject: right(dtypes=(torch.float32,)))
def checks_a_float32_model_in_float64(subject: Any, asked: Question) -> Evidence:
    """A model in float32 is checked as its copy in float64: the same holds of it.

    In float32 no step is small enough and large enough at once: the best quotient has three or four digits, and a right
    gradient looks suspect.
    """
    return fine(subject, asked)


@book.law(
    lambda subject: wrong(beside=st.integers(0, 3)),
    beside="it holds the figure itself to the definition; the others hold the verdict",
)
def reports_the_relative_error_that_there_is(subject: Any, asked: Question) -> Evidence:
    """A gradient wrong in a single entry of one tensor, or in two by opposite amounts, shows in that tensor with the
    relative error it has, and in no other.

    A check that skips biases, compares a gradient with itself, or divides by the wrong norm prints 1e-9 for anything.
    """
    return agree(subject.errors(asked, *asked.asked()), known(asked), uncounted())


@book.law(
    lambda subject: wrong(problem=wide(), tensor=st.just(1)),
    beside="it says that tensors were thrown together; the figure says that it is off",
)
def judges_every_tensor_by_itself(subject: Any, asked: Question) -> Evidence:
    """A wrong bias entry of a wide network, whose weights have far larger gradients, shows as much as in a small one:
    in the norm of all tensors together it would drown.

    In the norm of 200,000 weights a wrong bias is a small number. By itself it is as wrong as it is.
    """
    return agree(subject.errors(asked, *asked.asked()), known(asked), uncounted())


@book.law(lambda subject: wrong(power=st.sampled_from((-300, -60, -30, 60, 300))))
def judges_tiny_and_huge_gradients_alike(subject: Any, asked: Question) -> Evidence:
    """The loss times a power of two: the relative errors are what they were, however small or large the gradient.

    Whether a gradient is right does not depend on the unit of the loss. A fixed tolerance, or an epsilon in the
    divisor, calls any small gradient right.
    """
    return agree(subject.errors(asked, *asked.asked()), known(asked), uncounted())


@book.law(lambda subject: wrong(size=st.just(float("nan"))))
def calls_nan_infinitely_wrong(subject: Any, asked: Question) -> Evidence:
    """A NaN in an entry of the gradient makes the relative error of its tensor infinite, and of no other.

    NaN <= 1e-7 is false, and so is NaN > 1e-7: a verdict written the other way round lets it pass.
    """
    errors, tensors = subject.errors(asked, *asked.asked()), known(asked)
    (tensor,) = tensors[asked.place[0] : asked.place[0] + 1]
    if not tensor.planted:
        return uncounted()  # left out, at a kink
    if errors[tensor.name] != float("inf"):
        where = f"relative error of {tensor.name}, whose gradient is NaN in entry {asked.place[1]}"
        raise Broken(where, errors[tensor.name], "inf", closing=INFINITE.format(name=tensor.name))
    return agree(errors, [other for other in tensors if other is not tensor], Evidence(entries=1))


@book.law(lambda subject: bent(), cases=lambda subject: ("an entry at a kink",))
def leaves_out_what_lies_at_a_kink_and_nothing_else(subject: Any, asked: Question) -> Evidence:
    """`skipped` counts the entries whose step takes a pre-activation over a kink, all of them and no more; the others
    of a right gradient still agree.

    A step across a kink measures neither slope. What is left out must be counted, or leaving out becomes a way to pass.
    """
    errors = subject.errors(asked, *asked.asked())
    low, high = (int(crossing.sum()) for crossing in crossings(asked))
    got = getattr(errors, "skipped", None)
    if not isinstance(got, int) or not low <= got <= high:
        wanted = str(low) if low == high else f"{low} to {high}"
        raise Broken("skipped, a count of entries", got, wanted, closing=SKIPPED.format(low=low, high=high))
    found = agree(errors, known(asked), uncounted())
    found.counted, found.seen = low > 0, frozenset({"an entry at a kink"} if low else ())
    return found


@book.law(lambda subject: right(dtypes=(torch.float64, torch.float32)))
def leaves_everything_as_it_was(subject: Any, asked: Question) -> Evidence:
    """Model, gradient buffer, x and y have the bits they had, and their dtypes; default dtype and random state too.

    A check is switched on in the middle of training. If it leaves a weight moved by h, or its own gradients in the
    buffer, it is the mistake it looks for.
    """
    model, x, y = asked.asked()
    model.flat_grad.fill_(7.0)

    def all_of_it() -> dict[str, Tensor]:
        return {
            "model.flat": model.flat,
            "model.flat_grad": model.flat_grad,
            "x": x,
            "y": y,
            **dict(model.named_parameters()),
        }

    before = {name: t.detach().clone() for name, t in all_of_it().items()}
    state = torch.get_default_dtype(), torch.get_rng_state().tolist()
    subject.errors(asked, model, x, y)
    for name, now in all_of_it().items():
        if now.dtype != before[name].dtype or not same_bits(now.detach(), before[name]):
            raise Broken(name, "changed by the call", "untouched, to the bit", closing=UNTOUCHED)
    if state != (torch.get_default_dtype(), torch.get_rng_state().tolist()):
        raise Broken("default dtype or random state", "changed by the call", "untouched", closing=UNTOUCHED)
    return Evidence(entries=len(before))
