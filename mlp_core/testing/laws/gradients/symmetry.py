"""The laws of a gradient by hand: what a backpropagation must satisfy, one law a function.

A subject offers `problems(...)`, a strategy of what it can be asked, and `gradient(case)`, the tensors W1, b1, W2, ...
"""

from __future__ import annotations

import copy
from typing import Any

import torch
from hypothesis import strategies as st

from mlp_core import gradcheck
from mlp_core.testing import oracles
from mlp_core.testing.bounds import formulas, quotients
from mlp_core.testing.failure import compare
from mlp_core.testing.gradient_snippets import ADDED, AUTOGRAD, PERFECT, RENUMBERED, SCALED, TURNED_ROUND, VALUE
from mlp_core.testing.law import Broken, Evidence, LawBook
from mlp_core.testing.problem import Case, Problem, permuted

book = LawBook()

ONE, BATCH = "one sample", "batches"


def one_sample(subject: Any, **options: Any) -> st.SearchStrategy[Problem]:
    return subject.problems(one=True, **options)


def a_batch(subject: Any, **options: Any) -> st.SearchStrategy[Problem]:
    return subject.problems(one=False, **options)


def needs_batches(subject: Any) -> str | None:
    return None if subject.batch_sizes[1] > 1 else "batch sizes above 1 are not asked for; batch_sizes=(1, 8) would"


def needs_one(subject: Any) -> str | None:
    return None if subject.batch_sizes[0] == 1 else "single samples are not asked for; batch_sizes=(1, 8) would"


def unspoilt(problem: Problem) -> Case:
    """The problem's case, of which nothing is what a call before may have changed."""
    return copy.deepcopy(problem).case()


def against_autograd(subject: Any, problem: Problem) -> Evidence:
    case = problem.case()
    expected = oracles.autograd(case)
    to_the_bit = subject.to_the_bit and problem.exact
    limits: list[Any] = [0.0] * len(expected) if to_the_bit else formulas.backprop(case)
    return compare(case.names, subject.gradient(case), expected, limits, closing=AUTOGRAD)


@book.law(
    one_sample,
    group=ONE,
    skip=needs_one,
    beside="with its twin for batches it tells apart what the course asks from what it does not",
)
def equals_autograd_for_one_sample(subject: Any, problem: Problem) -> Evidence:
    """For a batch of one, every entry equals torch's autograd: to the bit where both take the same products, else
    within the derived rounding bound.

    The chain rule has one answer, and autograd is the implementation of it that most people have read. A single sample
    is what textbooks derive, so this law tells a wrong formula from a formula that only mishandles batches.
    """
    return against_autograd(subject, problem)


@book.law(
    a_batch,
    group=BATCH,
    skip=needs_batches,
    beside="with its twin for one sample it tells apart what the course asks from what it does not",
)
def equals_autograd_for_a_batch(subject: Any, problem: Problem) -> Evidence:
    """For a batch of several samples, every entry equals torch's autograd.

    Training never sees one sample at a time. Averages, broadcasts and sums that coincide for one row part ways here,
    and a batch size unlike every width tells rows from columns.
    """
    return against_autograd(subject, problem)


def against_differences(subject: Any, problem: Problem) -> Evidence:
    case = problem.double().case()
    step = gradcheck.STEP
    fine, coarse = oracles.central_differences(problem, case, step)
    crossing = case.model.layout.views(gradcheck.crosses_kink(case.model, case.trace.a[0], 2 * step))
    error = quotients.objective(problem, case)
    value = problem.objective(case.trace.output, case.dL_dy if case.y is None else case.y).item()
    got = subject.gradient(case)  # last: what it does to its arguments changes nothing above
    evidence = Evidence(tensors=len(got))
    for name, g, d, d2, skip in zip(case.names, got, fine, coarse, crossing, strict=True):
        keep = ~skip
        evidence.skipped += int(skip.sum())
        if g.shape == d.shape:
            floor = quotients.rounding_floor(value, step, int(keep.sum()))
            q = gradcheck.relative_error(d[keep], g[keep])
            if q == 0 or (q <= quotients.FINE and d[keep].norm() > quotients.CLEAR * floor):
                evidence.entries += int(keep.sum())
                continue
        evidence.by_bound += 1
        limit = torch.where(keep, quotients.central(error, step, d2, d), float("inf"))
        try:
            one = compare([name], [g], [d], [limit], closing=VALUE)
        except Broken as broken:
            q = gradcheck.relative_error(d, g) if d.shape == g.shape else float("inf")
            broken.note = f"relative error of {name}: {q:.2g}, {gradcheck.band(q)}"
            broken.example = problem.double()  # float32 itself is not what is asked
            raise
        evidence.join(one, silent=int(skip.sum()))
    evidence.counted = evidence.entries > 0
    return evidence


@book.law(
    one_sample,
    group=ONE,
    skip=needs_one,
    beside="it asks the loss alone, where autograd, like the gradient, is the chain rule",
)
def agrees_with_central_differences_for_one_sample(subject: Any, problem: Problem) -> Evidence:
    """For a batch of one, the difference quotients of the loss confirm every tensor: relative error at most 1e-7 where
    the gradient stands clear of rounding, else within the truncation and rounding of the quotient.

    Autograd and a backpropagation by hand can share a misunderstanding of the model or the loss. The quotient asks the
    loss alone, and knows no derivative at all.
    """
    return against_differences(subject, problem)


@book.law(
    a_batch,
    group=BATCH,
    skip=needs_batches,
    beside="it asks the loss alone, where autograd, like the gradient, is the chain rule",
)
def agrees_with_central_differences_for_a_batch(subject: Any, problem: Problem) -> Evidence:
    """For a batch of several samples, the difference quotients of the loss confirm every tensor.

    A gradient divided by the batch size once too often points the right way and still trains, with another learning
    rate than the one written down: only the loss of the whole batch says how long it must be.
    """
    return against_differences(subject, problem)


@book.law(
    a_batch,
    group=BATCH,
    skip=needs_batches,
    beside="without an oracle: it says that the samples are mixed up, where equality says that a number is off",
)
def adds_up_over_the_batch(subject: Any, problem: Problem) -> Evidence:
    """The gradient of a batch is the sum of the gradients of its samples.

    It needs no oracle, and names the kind of mistake: where the whole is not the sum of its samples, one sample has
    leaked into another.
    """
    case, apart = problem.case(), unspoilt(problem)
    singles = [subject.gradient(apart.rows(slice(s, s + 1))) for s in range(len(problem.x))]
    total = [torch.stack(parts).sum(0) for parts in zip(*singles, strict=True)]
    limits = formulas.backprop(case, extra=len(problem.x))
    return compare(case.names, subject.gradient(case), total, limits, closing=ADDED)


@book.law(
    a_batch,
    group=BATCH,
    skip=needs_batches,
    beside="without an oracle: it says that a row's place matters, where equality says that a number is off",
)
def ignores_the_order_of_the_batch(subject: Any, problem: Problem) -> Evidence:
    """Reversing the rows of the batch changes nothing but rounding.

    Shuffling between epochs must not change what a batch teaches. Code that takes its first or last row for all of them
    passes every test made with one row.
    """
    case = problem.case()
    turned = case.rows(torch.arange(len(problem.x) - 1, -1, -1))
    return compare(
        case.names, subject.gradient(case), subject.gradient(turned), formulas.backprop(case), closing=TURNED_ROUND
    )


@book.law(
    lambda subject: subject.problems(depth=(2, 5), width=(2, 6)),
    beside="without an oracle: it says that a unit's place matters",
)
def follows_a_permutation_of_hidden_units(subject: Any, problem: Problem) -> Evidence:
    """Numbering the units of a hidden layer differently renumbers the gradient, and changes nothing else.

    Hidden units have no order. Where renumbering them changes anything but the numbering, an index is off by one or a
    unit is left out.
    """
    case = problem.case()
    got, limits = subject.gradient(unspoilt(problem)), formulas.backprop(case)
    evidence = Evidence()
    for layer in range(1, case.model.L):
        order = [*range(1, problem.sizes[layer]), 0]
        other = subject.gradient(permuted(unspoilt(problem), layer, order))
        W, b, W_next = 2 * layer - 2, 2 * layer - 1, 2 * layer
        expected = list(got)
        expected[W], expected[b], expected[W_next] = got[W][order], got[b][order], got[W_next][:, order]
        moved = list(limits)
        moved[W], moved[b], moved[W_next] = limits[W][order], limits[b][order], limits[W_next][:, order]
        one = compare(
            case.names, other, expected, moved, what=f"units of layer {layer} renumbered: ",
            closing=RENUMBERED.replace("LAYER", str(layer)).replace("ORDER", str(order)),
        )  # fmt: skip
        evidence.join(one)
    return evidence


@book.law(
    lambda subject: subject.problems(),
    skip=lambda subject: None if subject.takes_upstream else "the loss is fixed; subjects.backprop(f) takes any dL/dy",
    beside="without an oracle: it says that something is added, clipped or normalised",
)
def scales_with_the_loss(subject: Any, problem: Problem) -> Evidence:
    """A loss times -3 has a gradient times -3.

    Backpropagation is linear in what flows back. Clipping, normalising and signs belong to the optimizer; hidden in the
    gradient they distort every other loss, and every mixed-precision scale.
    """
    case, other = problem.case(), unspoilt(problem)
    scaled = Case(other.model, other.trace, -3 * other.dL_dy, other.y)
    expected = [-3 * g for g in subject.gradient(case)]
    return compare(case.names, subject.gradient(scaled), expected, formulas.backprop(scaled, extra=2), closing=SCALED)


@book.law(
    lambda subject: subject.problems(), beside="without an oracle: it says that something is added to the gradient"
)
def is_zero_at_a_perfect_fit(subject: Any, problem: Problem) -> Evidence:
    """Where the loss has derivative zero by the output, every entry is zero.

    A network that makes no error has nothing to learn. What still moves it there, a decay or a target left out, belongs
    elsewhere.
    """
    case = problem.case()
    still = Case(case.model, case.trace, torch.zeros_like(case.dL_dy), case.trace.output.clone())
    expected = [torch.zeros_like(p) for p in case.model.parameters()]
    return compare(case.names, subject.gradient(still), expected, [0.0] * len(expected), closing=PERFECT)
