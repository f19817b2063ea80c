"""A gradient adds up over the batch, and follows permutations and scales of its network."""

from __future__ import annotations

from typing import Any

import torch

from mlp_core.testing.bounds import formulas
from mlp_core.testing.engine.compare import compare
from mlp_core.testing.engine.evidence import Evidence
from mlp_core.testing.engine.groups import BATCH
from mlp_core.testing.engine.law import LawBook
from mlp_core.testing.examples.problem import Case, Problem, permuted
from mlp_core.testing.laws.gradients.shared import VALUE, a_batch, needs_batches, unspoilt

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
    beside="it needs no reference, and says that samples are mixed up; laws of equality only say that one is wrong",
)
def adds_up_over_the_batch(subject: Any, problem: Problem) -> Evidence:
    """The gradient of a batch is the sum of the gradients of its samples.

    This needs no reference, and it names the kind of mistake. If the gradient is not the sum, one sample affects
    another.
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
    beside="it needs no reference, and says that the position of a row matters",
)
def ignores_the_order_of_the_batch(subject: Any, problem: Problem) -> Evidence:
    """If the rows of the batch are reversed, the gradient changes by no more than rounding.

    Shuffling must not change the gradient of a batch. Code that uses the first or last row for all rows passes every
    test with one row.
    """
    case = problem.case()
    turned = case.rows(torch.arange(len(problem.x) - 1, -1, -1))
    return compare(
        case.names, subject.gradient(case), subject.gradient(turned), formulas.backprop(case), closing=TURNED_ROUND
    )


@book.law(
    lambda subject: subject.problems(depth=(2, 5), width=(2, 6)),
    beside="it needs no reference, and says that the position of a unit matters",
)
def follows_a_permutation_of_hidden_units(subject: Any, problem: Problem) -> Evidence:
    """If the units of a hidden layer are renumbered, the gradient is renumbered in the same way and does not change
    otherwise.

    Hidden units have no order. If renumbering them changes anything else, an index is off by one or a unit is missing.
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
    beside="it needs no reference, and says that something is added, clipped or normalised",
)
def scales_with_the_loss(subject: Any, problem: Problem) -> Evidence:
    """If the loss is multiplied by -3, the gradient is multiplied by -3.

    Backpropagation is linear in the upstream gradient. Clipping, normalising and signs belong to the optimizer. Inside
    the gradient they distort every other loss and every loss scale of mixed precision.
    """
    case, other = problem.case(), unspoilt(problem)
    scaled = Case(other.model, other.trace, -3 * other.dL_dy, other.y)
    expected = [-3 * g for g in subject.gradient(case)]
    return compare(case.names, subject.gradient(scaled), expected, formulas.backprop(scaled, extra=2), closing=SCALED)


@book.law(
    lambda subject: subject.problems(), beside="it needs no reference, and says that something is added to the gradient"
)
def is_zero_at_a_perfect_fit(subject: Any, problem: Problem) -> Evidence:
    """If the derivative of the loss by the output is zero, every entry of the gradient is zero.

    A network without error has nothing to learn. Anything that moves it anyway, for example a weight decay, does not
    belong in the gradient.
    """
    case = problem.case()
    still = Case(case.model, case.trace, torch.zeros_like(case.dL_dy), case.trace.output.clone())
    expected = [torch.zeros_like(p) for p in case.model.parameters()]
    return compare(case.names, subject.gradient(still), expected, [0.0] * len(expected), closing=PERFECT)
