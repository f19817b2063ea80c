"""The laws of a gradient check: what it must report for correct and for incorrect gradients."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from hypothesis import strategies as st
from torch import Tensor

from mlp_core.equality import same_bits
from mlp_core.testing.bounds import quotients
from mlp_core.testing.engine.evidence import Broken, Evidence
from mlp_core.testing.engine.guards import modes_kept
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
before = [t.detach().clone() for t in everything()]
check_model(model, x, y, loss, gradient=gradient)
same = [a.dtype == b.dtype and torch.equal(a, b) for a, b in zip(before, everything())]
assert all(same), "changed what it was given\""""

book = LawBook(judges=True)


def fine(subject: Any, asked: Question) -> Evidence:
    """A correct gradient in the fine band; above it, at most what rounding and curvature allow a correct check."""
    errors, evidence = subject.errors(asked, *asked.asked()), uncounted()
    for tensor in known(asked):
        got, limit = errors[tensor.name], max(quotients.FINE, tensor.limit)
        if not limit < float("inf") or _honestly_untested(got, limit):
            continue
        if not got <= limit:
            closing = AT_MOST.format(name=tensor.name, bound=limit)
            expected = f"at most {limit:.3g}: the gradient is correct"
            raise Broken(f"relative error of {tensor.name}", got, expected, closing=closing)
        evidence.entries += tensor.entries
        evidence.tensors += 1
        evidence.by_bound += got > quotients.FINE
        evidence.error, evidence.ratio = max(evidence.error, got), max(evidence.ratio, got / limit)
        evidence.counted |= limit <= quotients.SUSPECT
    return evidence


def agree(errors: Mapping[str, float], expected: list[Known], evidence: Evidence) -> Evidence:
    """Compare a report with the known result. It must show the planted error if that is clearly above the limit."""
    for tensor in expected:
        if not tensor.limit < float("inf"):
            continue
        got = errors[tensor.name]
        if not tensor.planted and _honestly_untested(got, tensor.limit):
            continue
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


def _honestly_untested(got: float, limit: float) -> bool:
    """NaN, "not tested", where rounding and curvature explain more than the band "suspect"."""
    return math.isnan(got) and limit > quotients.SUSPECT


def uncounted() -> Evidence:
    return Evidence(counted=False)


@book.law(lambda subject: right(), beside="it checks correct gradients; the others check incorrect ones")
def confirms_a_right_gradient(subject: Any, asked: Question) -> Evidence:
    """For a correct gradient, every tensor, biases included, has a relative error of at most 1e-7. If rounding and
    curvature allow more with every usual step, that is the limit. NaN, "not tested", is accepted above 1e-5.

    A check that gives false alarms is switched off. Steps that are too small drown in rounding, steps that are too
    large in curvature, and float32 has both problems.
    """
    return fine(subject, asked)


@book.law(lambda subject: right(dtypes=(torch.float32,)))
def checks_a_float32_model_in_float64(subject: Any, asked: Question) -> Evidence:
    """A float32 model is checked as its float64 copy, with the same limits.

    In float32 no step is both small enough and large enough. The best quotient has three or four correct digits, so
    that a correct gradient looks suspect.
    """
    return fine(subject, asked)


@book.law(
    lambda subject: wrong(beside=st.integers(0, 3)),
    beside="it compares the figure itself with the definition; the others compare the verdict",
)
def reports_the_true_relative_error(subject: Any, asked: Question) -> Evidence:
    """If one entry of a tensor is wrong, or two by opposite amounts, the check reports the true relative error for that
    tensor. For the others it reports none.

    A check that skips biases, compares a gradient with itself, or divides by the wrong norm prints 1e-9 for any
    gradient.
    """
    return agree(subject.errors(asked, *asked.asked()), known(asked), uncounted())


@book.law(
    lambda subject: wrong(problem=wide(), tensor=st.just(1)),
    beside="it names the cause, one norm for all tensors; the law of the relative error only shows a wrong figure",
)
def judges_every_tensor_by_itself(subject: Any, asked: Question) -> Evidence:
    """A wrong bias entry of a wide network shows as clearly as in a small network, although the gradients of the
    weights are far larger.

    In one norm over 200,000 weights a wrong bias disappears. Judged by itself, it is clearly wrong.
    """
    return agree(subject.errors(asked, *asked.asked()), known(asked), uncounted())


@book.law(lambda subject: wrong(power=st.sampled_from((-300, -60, -30, 60, 300))))
def judges_tiny_and_huge_gradients_alike(subject: Any, asked: Question) -> Evidence:
    """If the loss is multiplied by a power of two, the relative errors stay the same, however small or large the
    gradient becomes.

    Whether a gradient is correct does not depend on the unit of the loss. A fixed tolerance, or an epsilon in the
    divisor, accepts any small gradient.
    """
    return agree(subject.errors(asked, *asked.asked()), known(asked), uncounted())


@book.law(lambda subject: wrong(size=st.just(float("nan"))))
def reports_nan_as_an_infinite_error(subject: Any, asked: Question) -> Evidence:
    """A NaN in a gradient makes the relative error of its tensor infinite, and of no other tensor.

    NaN <= 1e-7 is false, and so is NaN > 1e-7. A check that tests the second one accepts NaN.
    """
    errors, tensors = subject.errors(asked, *asked.asked()), known(asked)
    (tensor,) = tensors[asked.place[0] : asked.place[0] + 1]
    if not tensor.planted:
        return uncounted()  # skipped, at a kink
    if errors[tensor.name] != float("inf"):
        where = f"relative error of {tensor.name}, whose gradient is NaN in entry {asked.place[1]}"
        raise Broken(where, errors[tensor.name], "inf", closing=INFINITE.format(name=tensor.name))
    return agree(errors, [other for other in tensors if other is not tensor], Evidence(entries=1))


@book.law(lambda subject: bent(), cases=lambda subject: ("an entry at a kink",))
def skips_entries_at_kinks_and_no_others(subject: Any, asked: Question) -> Evidence:
    """`skipped` counts exactly the entries whose step moves a pre-activation across a kink. The other entries of a
    correct gradient still agree.

    A step across a kink measures neither slope, so that the entry must be skipped. If skipped entries are not counted,
    skipping becomes a way to pass.
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
    """Model, gradient buffer, x and y keep their bits and dtypes. The random state and torch's global modes, such as
    the default dtype, are unchanged too.

    A check may run in the middle of training. If it leaves a weight moved by h, or its own gradients in the buffer, it
    causes the kind of mistake that it looks for.
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
    numbers = torch.get_rng_state().tolist()
    with modes_kept("check_model(model, x, y, loss, gradient=gradient)"):
        subject.errors(asked, model, x, y)
    for name, now in all_of_it().items():
        if now.dtype != before[name].dtype or not same_bits(now.detach(), before[name]):
            raise Broken(name, "changed by the call", "unchanged, bit for bit", closing=UNTOUCHED)
    if numbers != torch.get_rng_state().tolist():
        raise Broken("random state", "changed by the call", "untouched", closing=UNTOUCHED)
    return Evidence(entries=len(before))
