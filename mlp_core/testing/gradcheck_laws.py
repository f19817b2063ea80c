"""The laws of a gradient check: it confirms a right gradient, and says of a wrong one how wrong, and where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from hypothesis import strategies as st
from torch import Tensor

from mlp_core import activations, gradcheck, losses
from mlp_core.equality import same_bits
from mlp_core.testing.bounds import quotients
from mlp_core.testing.failure import literal
from mlp_core.testing.gradcheck_snippets import AT_MOST, INFINITE, SKIPPED, UNTOUCHED, WITHIN
from mlp_core.testing.gradcheck_subjects import Question
from mlp_core.testing.gradient_edges import on_kinks
from mlp_core.testing.law import Broken, Evidence, LawBook
from mlp_core.testing.problem import Problem
from mlp_core.testing.strategies import Numbers, all_activations, all_losses, blobs, problems, textures

book = LawBook()

SIZES = (0.5, -1.0, 0.01, 3.0, -1e-3)
"""of planted errors, in norms of their tensor"""


def small(**options: Any) -> st.SearchStrategy[Problem]:
    """Networks small enough to move every entry of every parameter."""
    chosen = {"dtypes": (torch.float64,), "objectives": all_losses(), **options}
    return problems(batch=(1, 5), depth=(1, 3), width=(1, 4), **chosen)


def right(**options: Any) -> st.SearchStrategy[Question]:
    """Right gradients."""
    return small(**options).map(Question)


def wrong(**options: Any) -> st.SearchStrategy[Question]:
    """Gradients with one wrong entry."""
    where = st.integers(0, 255)
    chosen = {"problem": small(), "tensor": where, "entry": where, "size": st.sampled_from(SIZES), **options}
    return st.builds(Question, **chosen)


@st.composite
def wide(draw: st.DrawFn) -> Problem:
    """Two layers, the first of 24 to 48 large inputs."""
    sizes = (draw(st.integers(24, 48), label="inputs"), draw(st.integers(2, 4), label="width"), 1)
    rows, blob, texture = draw(st.integers(1, 3), label="batch size"), draw(blobs), draw(textures)
    shapes = [(sizes[1], sizes[0]), (sizes[1],), (1, sizes[1]), (1,)]
    numbers = Numbers(blob, sum(a[0] * (a[1] if len(a) == 2 else 1) for a in shapes) + rows * (sizes[0] + 1), texture)
    parameters = tuple(numbers.take(shape, 2.0**-6) for shape in shapes)
    x, y = numbers.take((rows, sizes[0]), 4.0), numbers.take((rows, 1))
    identity = activations.get("identity")
    return Problem(sizes, (identity, identity), parameters, x, y, losses.get("squared_error"))


def bent() -> st.SearchStrategy[Question]:
    """Right gradients at points where some pre-activations stand on a kink."""
    return small(functions=[f for f in all_activations() if f.kinks]).map(lambda drawn: Question(on_kinks(drawn)))


@dataclass(frozen=True)
class Known:
    """What a check must report of a tensor: the relative error it has, and how far a right report may be off."""

    name: str
    error: float
    limit: float
    entries: int
    planted: bool
    """whether the planted error is among the entries that are looked at"""


def known(asked: Question) -> list[Known]:
    """The same of every tensor, without its entries at a kink; one with entries so near a kink that it depends on the
    step whether they cross it has no limit."""
    case, right, step = asked.case(), asked.right(), gradcheck.STEP * quotients.LARGER
    model, x = case.model, case.trace.a[0]
    assert asked.problem.loss is not None
    assert case.y is not None
    loss, y = asked.problem.loss, case.y
    widest, half = (
        gradcheck.central_difference(
            lambda flats: gradcheck.losses_at(model, flats, x, y, loss), model.flat, step=h, batched=True
        )
        for h in (step, step / 2)
    )
    noise = quotients.any_step(quotients.objective(asked.problem, case), model.flat, widest, half)
    everything = (right, *map(model.layout.views, (noise, *crossings(asked))))
    found = []
    for k, (name, d, n, always, perhaps) in enumerate(zip(case.names, *everything, strict=True)):
        told, mine = d.clone(), k == asked.place[0]
        if mine:
            for entry, error_of_it in asked.errors().items():
                told.view(-1)[entry] += error_of_it
        keep = ~always
        error, scale = gradcheck.relative_error(d[keep], told[keep]), (d[keep].norm() + told[keep].norm()).item()
        limit = quotients.relative_error(n[keep].norm().item(), scale) if torch.equal(always, perhaps) else float("inf")
        planted = mine and bool(keep.view(-1)[asked.place[1]])
        found.append(Known(name, error, limit, int(keep.sum()), planted))
    return found


def crossings(asked: Question) -> list[Tensor]:
    """The entries of model.flat whose step crosses a kink, be it as small as may be, or as large."""
    case = asked.case()
    steps = (gradcheck.STEP / quotients.SMALLER, gradcheck.STEP * quotients.LARGER)
    return [gradcheck.crosses_kink(case.model, case.trace.a[0], step) for step in steps]


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
