"""A gradient adds up, and follows its network: batches, permutations, scale."""

from __future__ import annotations

from typing import Any

import torch

from mlp_core.testing.bounds import formulas
from mlp_core.testing.engine.compare import compare
from mlp_core.testing.engine.evidence import Evidence
from mlp_core.testing.engine.law import LawBook
from mlp_core.testing.examples.problem import Case, Problem, permuted
from mlp_core.testing.laws.gradients.shared import VALUE, a_batch, needs_batches, unspoilt
from mlp_core.testing.subjects.gradients import BATCH

SCALED = """\
once = gradient()["{name}"][{index}].item()
dL_dy = -3 * dL_dy
again = gradient()["{name}"][{index}].item()
assert abs(again + 3 * once) <= {bound}, (once, again)"""

PERFECT = (
    """\
y, dL_dy = trace.output.clone(), torch.zeros_like(dL_dy)
"""
    + VALUE
)

ADDED = """\
got, whole, total = gradient()["{name}"][{index}].item(), (trace, dL_dy, y), 0.0
for s in range(len(x)):
    row = slice(s, s + 1)
    trace = Trace(tuple(z[row] for z in whole[0].z), tuple(a[row] for a in whole[0].a))
    dL_dy, y = whole[1][row], whole[2][row]
    total += gradient()["{name}"][{index}].item()
assert abs(got - total) <= {bound}, (got, total)"""

TURNED_ROUND = """\
got = gradient()["{name}"][{index}].item()
trace, dL_dy, y = Trace(tuple(z.flip(0) for z in trace.z), tuple(a.flip(0) for a in trace.a)), dL_dy.flip(0), y.flip(0)
again = gradient()["{name}"][{index}].item()
assert abs(got - again) <= {bound}, (got, again)"""

RENUMBERED = """\
layer, order, expected = LAYER, ORDER, gradient()
for name in (f"W{{layer}}", f"b{{layer}}"):
    expected[name] = expected[name][order]
expected[f"W{{layer + 1}}"] = expected[f"W{{layer + 1}}"][:, order]
with torch.no_grad():
    for tensor in (model.weights[layer - 1], model.biases[layer - 1], model.weights[layer].t()):
        tensor.copy_(tensor[order].clone())
z, a = list(trace.z), list(trace.a)
z[layer], a[layer] = z[layer][:, order], a[layer][:, order]
trace = Trace(tuple(z), tuple(a))
got, expected = gradient()["{name}"][{index}].item(), expected["{name}"][{index}].item()
assert abs(got - expected) <= {bound}, (got, expected)"""
"""LAYER and ORDER are filled in by the law"""

book = LawBook()


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
