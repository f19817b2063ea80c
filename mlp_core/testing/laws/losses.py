"""The laws of a loss record: its value, its gradient, and the magnitudes that rounding is relative to."""

from __future__ import annotations

from typing import Any

import torch
from hypothesis import strategies as st

from mlp_core import gradcheck
from mlp_core.testing.bounds import formulas, quotients, rounding
from mlp_core.testing.engine.compare import compare
from mlp_core.testing.engine.evidence import Broken, Evidence
from mlp_core.testing.engine.guards import foreign
from mlp_core.testing.engine.law import LawBook
from mlp_core.testing.engine.source import source
from mlp_core.testing.examples.points import Misfit, Points, outputs

GRADIENT = """\
leaf = z.clone().requires_grad_()
expected = torch.autograd.grad(record.value(leaf, y), leaf)[0][{index}].item()
got = record.value_and_grad(z, y)[1][{index}].item()
assert abs(got - expected) <= {bound}, (got, expected)"""

PLAIN = """\
value, got = record.value_and_grad(z, y)
assert value.ndim == 0 and not got.requires_grad, (value, got)"""

BOTH = """\
parts = dict(zip(("value", "dL/dy_hat"), record.both(z, y)))
alone = {{"value": record.value(z, y), "dL/dy_hat": record.grad(z, y)}}
got, expected = parts["{name}"][{index}].item(), alone["{name}"][{index}].item()
assert got == expected, (got, expected)"""

SOFTMAX = """\
onehot = torch.nn.functional.one_hot(y, z.shape[1]).to(z.dtype)
expected = ((torch.softmax(z, dim=1) - onehot) / len(z))[{index}].item()
got = record.value_and_grad(z, y)[1][{index}].item()
assert abs(got - expected) <= {bound}, (got, expected)"""

DIFFERENCES = """\
z, y = z.double(), y if record.classes else y.double()
got = record.value_and_grad(z, y)[1][{index}].item()
expected = gradcheck.central_difference(lambda t: record.value(t, y), z, step=gradcheck.STEP)[{index}].item()
assert abs(got - expected) <= {bound}, (got, expected)"""

REFUSED = """\
try:
    record.value_and_grad(z, WRONG)
except ValueError as error:
    assert "y" in str(error).split(":")[0], error
else:
    raise AssertionError("accepted")"""
"""WRONG is filled in by the law"""

book = LawBook(judges=True)


@book.law(outputs, beside="it names the entry; the law of differences uses only the value")
def has_the_gradient_of_autograd(subject: Any, at: Points) -> Evidence:
    """dL/dy_hat equals autograd's derivative of the value. If the record is `exact`, the bits are equal; else they
    agree within the rounding of the formula.

    Backpropagation starts with this gradient. A missing 1/B or 2 scales every gradient of the network.
    """
    loss, y_hat = subject.record, at.z.clone().requires_grad_()
    with foreign():
        (expected,) = torch.autograd.grad(loss.value(y_hat, at.y), y_hat)
        value, got = loss.value_and_grad(at.z, at.y)
    if value.ndim or got.requires_grad:
        raise Broken(
            "value_and_grad",
            f"a value with shape {tuple(value.shape)}",
            "a scalar value, and a gradient without a graph",
            closing=PLAIN,
        )
    limit = 0.0 if loss.exact else formulas.loss_gradient(loss.grad_terms(at.z, at.y), at.z.dtype)
    return compare(["dL/dy_hat"], [got], [expected], [limit], closing=GRADIENT)


@book.law(
    outputs,
    skip=lambda subject: None if subject.record.classes else "not a loss of class labels",
    beside="it checks the formula of the textbooks; autograd's kernel is what the core itself calls",
)
def is_softmax_minus_onehot_over_the_batch(subject: Any, at: Points) -> Evidence:
    """The gradient of cross-entropy is (softmax(y_hat) - onehot(y)) / B.

    This is the formula of the textbooks. The core calls a kernel of torch instead, so the two are compared.
    """
    assert at.y is not None
    onehot = torch.nn.functional.one_hot(at.y, at.z.shape[1]).to(at.z.dtype)
    expected = (torch.softmax(at.z, dim=1) - onehot) / len(at.z)
    with foreign():
        _, got = subject.record.value_and_grad(at.z, at.y)
    limit = formulas.loss_gradient(subject.record.grad_terms(at.z, at.y), at.z.dtype)
    return compare(["dL/dy_hat"], [got], [expected], [limit], closing=SOFTMAX)


@book.law(
    outputs,
    skip=lambda subject: "it has no `both`, only `value` and `grad`" if subject.record.both is None else None,
)
def gives_the_same_value_and_gradient_in_one_call(subject: Any, at: Points) -> Evidence:
    """If `both` computes value and gradient together, they have the bits of `value` and `grad`.

    Sharing work is an optimization and must not change a number. Otherwise the loss that is printed is not the one that
    is differentiated.
    """
    loss = subject.record
    with foreign():
        got, expected = loss.both(at.z, at.y), (loss.value(at.z, at.y), loss.grad(at.z, at.y))
    return compare(["value", "dL/dy_hat"], list(got), list(expected), [0.0, 0.0], closing=BOTH)


@book.law(outputs, beside="it uses only the value; autograd applies the chain rule, as the gradient does")
def agrees_with_differences_of_its_value(subject: Any, at: Points) -> Evidence:
    """Central differences of the value confirm dL/dy_hat.

    Autograd differentiates the code of the value. A difference quotient uses only the values themselves, so that it
    shows a formula that both misread.
    """
    loss, y_hat, h = subject.record, at.z.double(), gradcheck.STEP
    y = at.y if loss.classes else at.y.double()  # type: ignore[union-attr]  # outputs always have targets
    with foreign():
        got = loss.value_and_grad(y_hat, y)[1]
        fine, coarse = (gradcheck.central_difference(lambda t: loss.value(t, y), y_hat, step=k * h) for k in (1, 2))
        terms = loss.terms(y_hat, y).item()
    error = rounding.gamma(y_hat.numel() + 2 * rounding.ELEMENTARY, torch.float64) * terms
    moved = rounding.unit_roundoff(torch.float64) * (y_hat.abs() * got.abs()).max().item()  # y_hat +- h is rounded
    limit = quotients.central(error + moved, h, coarse, fine)
    return compare(["dL/dy_hat"], [got], [fine], [limit], closing=DIFFERENCES)


@book.law(lambda subject: st.tuples(outputs(subject), st.integers(0, 2)).map(lambda drawn: Misfit(*drawn)))
def refuses_targets_that_do_not_fit(subject: Any, wrong: Misfit) -> Evidence:
    """Targets with a wrong shape, a wrong dtype, or values out of range raise an error that names y.

    (B, 1) against (B,) broadcasts to (B, B) and trains towards the mean. Class labels that are taken as numbers train
    to something as well. Neither raises by itself.
    """
    y = wrong.y(subject.record)
    where, closing = f"targets of another {Misfit.HOW[wrong.how]}", REFUSED.replace("WRONG", source(y))
    try:
        subject.record.value_and_grad(wrong.at.z, y)
    except ValueError as error:
        if "y" not in str(error).split(":")[0]:
            raise Broken(where, error, "an error that names y", closing=closing) from error
        return Evidence(entries=1)
    except Exception as error:
        raise Broken(where, f"{type(error).__name__}: {error}", "a ValueError that names y", closing=closing) from error
    raise Broken(where, "accepted", "an error that names y", closing=closing)
