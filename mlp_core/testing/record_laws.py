"""The laws of an activation or loss record: what is registered is what is checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from hypothesis import strategies as st
from torch import Tensor

from mlp_core import activations, gradcheck, losses
from mlp_core.activations import Activation
from mlp_core.losses import Loss
from mlp_core.testing import bounds, exact
from mlp_core.testing.conduct import foreign
from mlp_core.testing.failure import compare
from mlp_core.testing.law import Broken, Evidence, Law, LawBook
from mlp_core.testing.problem import source
from mlp_core.testing.record_snippets import (
    DERIVATIVE,
    DIFFERENCES,
    GRADIENT,
    PLAIN,
    QUOTIENT,
    REFUSED,
    SLOPES,
    SOFTMAX,
    STEEPEST,
)
from mlp_core.testing.strategies import Numbers, blobs, targets, textures

activation_book, loss_book = LawBook(), LawBook()

DTYPES = (torch.float64, torch.float32)


@dataclass(frozen=True)
class RecordSubject:
    """An activation or a loss."""

    record: Activation | Loss

    @property
    def name(self) -> str:
        return self.record.name

    def laws(self) -> list[Law]:
        book = activation_book if isinstance(self.record, Activation) else loss_book
        return [law.bind(self) for law in book.laws]

    def snippet(self, example: Points, closing: str) -> str:
        """Lines to paste that show the failure again."""
        kind = "activations" if isinstance(self.record, Activation) else "losses"
        known = activations if isinstance(self.record, Activation) else losses
        if self.record.name in known.names() and known.get(self.record.name) is self.record:
            found = f'record = {kind}.get("{self.record.name}")'
        else:
            found = f"# record: {self.record.name}, yours, as handed to verify"
        head = ["import torch", f"from mlp_core import {kind}, gradcheck", found]
        return "\n".join([*head, *example.setup(), closing or CALL[kind]])


CALL = {"activations": "record.df(z, record.f(z))", "losses": "record.value_and_grad(z, y)"}
"""the end of a snippet for a record that raises"""


@dataclass(frozen=True)
class Points:
    """Numbers to evaluate a record at; for a loss, outputs and targets."""

    z: Tensor
    y: Tensor | None = None

    def describe(self) -> str:
        return f"{tuple(self.z.shape)} numbers, {str(self.z.dtype)[6:]}"

    def setup(self) -> list[str]:
        return [f"z = {source(self.z)}", *([] if self.y is None else [f"y = {source(self.y)}"])]


@st.composite
def points(draw: st.DrawFn, subject: RecordSubject) -> Points:
    """Numbers of all sizes, kinks among them."""
    blob, texture = draw(blobs, label="numbers"), draw(textures, label="texture")
    dtype, scale = (
        draw(st.sampled_from(DTYPES), label="dtype"),
        draw(st.sampled_from((1.0, 0.01, 0.25, 8.0)), label="scale"),
    )
    z = Numbers(blob, 24, texture).take((24,), scale)
    kinks = getattr(subject.record, "kinks", ())
    return Points(torch.cat([z, torch.tensor([*kinks, 0.0], dtype=torch.float64)]).to(dtype))


@st.composite
def outputs(draw: st.DrawFn, subject: RecordSubject) -> Points:
    """Outputs of a network and targets that fit."""
    blob, texture = draw(blobs, label="numbers"), draw(textures, label="texture")
    dtype, scale = draw(st.sampled_from(DTYPES), label="dtype"), draw(st.sampled_from((1.0, 0.01, 30.0)), label="scale")
    rows, columns = draw(st.integers(1, 9), label="batch size"), draw(st.integers(1, 6), label="outputs")
    numbers = Numbers(blob, 2 * rows * columns, texture)
    y_hat = numbers.take((rows, columns), scale).to(dtype)
    y = targets(subject.record, numbers.take((rows, columns)))  # type: ignore[arg-type]  # a loss here
    return Points(y_hat, y if y.dtype == torch.int64 else y.to(dtype))


@activation_book.law(points)
def has_the_derivative_of_autograd(subject: Any, at: Points) -> Evidence:
    """delta * f'(z) equals autograd's, to the bit where the record says `exact`, kinks included."""
    f, z = subject.record, at.z
    delta = torch.linspace(-2, 3, len(z), dtype=z.dtype)
    leaf = z.clone().requires_grad_()
    with foreign():
        a = f.f(leaf)
        (expected,) = torch.autograd.grad(a, leaf, delta)
        got = f.times_df(delta, z, a.detach())
    limit = 0.0 if f.exact else bounds.derivative(f.terms(z, a.detach()), delta, z.dtype)
    return compare(["f'"], [got], [expected], [limit], closing=DERIVATIVE)


@activation_book.law(points)
def has_no_kink_but_those_it_names(subject: Any, at: Points) -> Evidence:
    """Away from its kinks, central differences confirm the derivative, which never exceeds `lipschitz`."""
    f, z, h = subject.record, at.z.double(), gradcheck.STEP
    near = torch.zeros_like(z, dtype=torch.bool)
    for kink in (*f.kinks, *f.bends):
        near |= (z - kink).abs() <= 2 * h
    z = z[~near]
    if not len(z):
        return Evidence(counted=False)
    with foreign():
        a = f.f(z)
        got = f.df(z, a)
        fine, coarse = ((f.f(z + k * h) - f.f(z - k * h)) / (2 * k * h) for k in (1, 2))
    # z +- h is rounded by u |z|, which f passes on; f itself errs by ELEMENTARY roundings
    unit = bounds.unit_roundoff(torch.float64)
    error = (f.lipschitz * z.abs() + bounds.ELEMENTARY * (a.abs() + 1)).max().item() * unit
    try:
        compare(["f'"], [got], [fine], [bounds.quotient(error, h, coarse, fine)], closing="{index} {bound}")
    except Broken as broken:
        index, _, bound = broken.closing.rpartition(" ")
        at_worst = z[int(index.strip("(,)"))].item()
        broken.closing = QUOTIENT.replace("AT", repr(at_worst)).format(bound=bound)
        raise
    steepest = got.abs().max().item()
    if steepest > f.lipschitz * (1 + 1e3 * unit):
        raise Broken("the largest |f'|", steepest, f"at most lipschitz = {f.lipschitz}", closing=STEEPEST)
    return Evidence(entries=len(z))


@activation_book.law(
    points, skip=lambda subject: None if subject.record.slopes else "not piecewise linear: it has no slopes"
)
def is_its_slopes(subject: Any, at: Points) -> Evidence:
    """A piecewise linear function is what its kinks and slopes say."""
    f, z = subject.record, at.z.double()
    expected = torch.tensor([float(exact.value(f, v)) for v in exact.rationals([z.tolist()])[0]], dtype=torch.float64)
    with foreign():
        got = f.f(z)
    return compare(["f"], [got], [expected], [4 * bounds.unit_roundoff(torch.float64) * z.abs()], closing=SLOPES)


@loss_book.law(outputs, beside="it names the entry; that of differences asks the value alone")
def has_the_gradient_of_autograd(subject: Any, at: Points) -> Evidence:
    """dL/dy_hat equals autograd's of the value, within the rounding of the formula."""
    loss, y_hat = subject.record, at.z.clone().requires_grad_()
    with foreign():
        (expected,) = torch.autograd.grad(loss.value(y_hat, at.y), y_hat)
        value, got = loss.value_and_grad(at.z, at.y)
    if value.ndim or got.requires_grad:
        raise Broken(
            "value_and_grad",
            f"a value of shape {tuple(value.shape)}",
            "a scalar, and plain numbers as gradient",
            closing=PLAIN,
        )
    return compare(
        ["dL/dy_hat"],
        [got],
        [expected],
        [bounds.loss_gradient(loss.grad_terms(at.z, at.y), at.z.dtype)],
        closing=GRADIENT,
    )


@loss_book.law(
    outputs,
    skip=lambda subject: None if subject.record.classes else "not a loss of class labels",
    beside="the formula of the books: autograd's kernel is what the core itself calls",
)
def is_softmax_minus_onehot_over_the_batch(subject: Any, at: Points) -> Evidence:
    """The gradient of cross-entropy is (softmax(y_hat) - onehot(y)) / B."""
    assert at.y is not None
    onehot = torch.nn.functional.one_hot(at.y, at.z.shape[1]).to(at.z.dtype)
    expected = (torch.softmax(at.z, dim=1) - onehot) / len(at.z)
    with foreign():
        _, got = subject.record.value_and_grad(at.z, at.y)
    limit = bounds.loss_gradient(subject.record.grad_terms(at.z, at.y), at.z.dtype)
    return compare(["dL/dy_hat"], [got], [expected], [limit], closing=SOFTMAX)


@loss_book.law(outputs, beside="it asks the value alone, where autograd, like the gradient, is the chain rule")
def agrees_with_differences_of_its_value(subject: Any, at: Points) -> Evidence:
    """Central differences of the value confirm dL/dy_hat."""
    loss, y_hat, h = subject.record, at.z.double(), gradcheck.STEP
    y = at.y if loss.classes else at.y.double()  # type: ignore[union-attr]  # outputs always have targets
    with foreign():
        got = loss.value_and_grad(y_hat, y)[1]
        fine, coarse = (gradcheck.central_difference(lambda t: loss.value(t, y), y_hat, step=k * h) for k in (1, 2))
        terms = loss.terms(y_hat, y).item()
    error = bounds.gamma(y_hat.numel() + 2 * bounds.ELEMENTARY, torch.float64) * terms
    moved = bounds.unit_roundoff(torch.float64) * (y_hat.abs() * got.abs()).max().item()  # y_hat +- h is rounded
    return compare(["dL/dy_hat"], [got], [fine], [bounds.quotient(error + moved, h, coarse, fine)], closing=DIFFERENCES)


@loss_book.law(lambda subject: st.tuples(outputs(subject), st.integers(0, 2)).map(lambda drawn: Misfit(*drawn)))
def refuses_targets_that_do_not_fit(subject: Any, wrong: Misfit) -> Evidence:
    """Targets of another shape or dtype, or out of range, are refused by an error that names y."""
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


@dataclass(frozen=True)
class Misfit:
    """Outputs, and targets spoiled in one of three ways: shape, dtype, range."""

    HOW: ClassVar = ("shape", "dtype", "range")
    at: Points
    how: int

    def y(self, loss: Loss) -> Tensor:
        assert self.at.y is not None
        if self.how == 0:
            return torch.cat([self.at.y, self.at.y])
        if self.how == 1:
            return self.at.y.to(torch.int32)
        return torch.full_like(self.at.y, self.at.z.shape[1]) if loss.classes else self.at.y + float("nan")

    def describe(self) -> str:
        return f"{self.at.describe()}, targets of another {self.HOW[self.how]}"

    def setup(self) -> list[str]:
        return self.at.setup()
