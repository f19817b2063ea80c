"""A gradient equals the known results: autograd, central differences, the Taylor expansion."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import torch

from mlp_core import gradcheck
from mlp_core.testing.bounds import quotients
from mlp_core.testing.engine.compare import compare
from mlp_core.testing.engine.evidence import Broken, Evidence
from mlp_core.testing.engine.groups import BATCH, ONE
from mlp_core.testing.engine.law import LawBook
from mlp_core.testing.examples.problem import Problem
from mlp_core.testing.laws.gradients.shared import (
    VALUE,
    a_batch,
    against_autograd,
    needs_batches,
    needs_one,
    one_sample,
)
from mlp_core.testing.oracles import gradients as oracles
from mlp_core.testing.oracles import stacked

book = LawBook(judges=True)

TAYLOR = """\
g, theta = gradient(), {name: p.detach().clone() for name, p in model.named_parameters()}
v = {name: torch.linspace(-1, 1, p.numel(), dtype=p.dtype).sin().view(p.shape) + 0.5 for name, p in theta.items()}
def J(h):
    with torch.no_grad():
        for name, p in model.named_parameters():
            p.copy_(theta[name] + h * v[name])
        y_hat = model(x)
    return ({objective}).item()
slope = sum((g[name] * v[name]).sum().item() for name in theta)
remainders = [abs(J(h) - J(0) - h * slope) for h in {steps}]
if all(r >= clear for r, clear in zip(remainders, {clear})):
    ratios = [a / b for a, b in zip(remainders, remainders[1:])]
    assert max(ratios) >= 3, ratios"""


@book.law(
    one_sample,
    group=ONE,
    skip=needs_one,
    beside="the course requires it; the same law for batches checks what the course does not require",
)
def equals_autograd_for_one_sample(subject: Any, problem: Problem) -> Evidence:
    """For a batch of one, every entry equals torch's autograd. If both compute the same products, the bits are equal;
    else the entries agree within the derived rounding bound.

    The chain rule has one answer, and autograd is its best-known implementation. Textbooks derive the gradient of a
    single sample. So this law separates a wrong formula from a formula that is wrong only for batches.
    """
    return against_autograd(subject, problem)


@book.law(
    a_batch,
    group=BATCH,
    skip=needs_batches,
    beside="the course does not require it; the same law for one sample checks what the course requires",
)
def equals_autograd_for_a_batch(subject: Any, problem: Problem) -> Evidence:
    """For a batch of several samples, every entry equals torch's autograd.

    Training uses batches, not single samples. Averages, broadcasts and sums that agree for one row differ here. The
    batch size differs from every width, so that mixed-up rows and columns show.
    """
    return against_autograd(subject, problem)


def against_differences(subject: Any, problem: Problem) -> Evidence:
    case = problem.double().case()
    step = gradcheck.STEP
    fine, coarse = oracles.central_differences(problem, case, step)
    crossing = case.model.layout.views(gradcheck.crosses_kink(case.model, case.trace.a[0], 2 * step))
    error = quotients.objective(problem, case)
    value = problem.objective(case.trace.output, case.dL_dy if case.y is None else case.y).item()
    got = subject.gradient(case)  # last, so that changed arguments affect nothing above
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
            broken.example = problem.double()  # the law is not about float32
            raise
        evidence.join(one, silent=int(skip.sum()))
    evidence.counted = evidence.entries > 0
    return evidence


@book.law(
    one_sample,
    group=ONE,
    skip=needs_one,
    beside="it uses only values of the loss; autograd applies the chain rule, as the gradient does",
)
def agrees_with_central_differences_for_one_sample(subject: Any, problem: Problem) -> Evidence:
    """For a batch of one, difference quotients of the loss confirm every tensor. The relative error is at most 1e-7 if
    the gradient is clearly above rounding; else the error is within the truncation and rounding of the quotient.

    Autograd and a hand-written backpropagation can share a misreading of the model or the loss. A quotient uses only
    values of the loss, and no derivative.
    """
    return against_differences(subject, problem)


@book.law(
    a_batch,
    group=BATCH,
    skip=needs_batches,
    beside="it uses only values of the loss; autograd applies the chain rule, as the gradient does",
)
def agrees_with_central_differences_for_a_batch(subject: Any, problem: Problem) -> Evidence:
    """For a batch of several samples, difference quotients of the loss confirm every tensor.

    A gradient that is divided by the batch size once too often has the correct direction. It still trains, but with
    another learning rate than the one in the code. Only the loss of the whole batch determines its length.
    """
    return against_differences(subject, problem)


@book.law(
    lambda subject: subject.problems(depth=(1, 3), dtypes=[torch.float64]),
    floor=0.1,
    name="quarters its Taylor remainder",
    beside="it uses the loss along a line, with steps a thousand times those of the central differences",
)
def quarters_its_taylor_remainder(subject: Any, problem: Problem) -> Evidence:
    """|J(theta + h v) - J(theta) - h g.v| is of second order: when h is halved, it falls to a quarter. The law fails if
    the ratio is below 3 for four halvings in a row. These must be 100 rounding bounds above zero, and cross no kink and
    no jump of f''.

    Differences with tiny steps drown in rounding. Along a line, with steps a thousand times larger, the order of the
    remainder separates a gradient from a vector near it, whatever its size.
    """
    case = problem.case()
    parts = subject.gradient(case)
    model, x, y = case.model, case.trace.a[0], case.dL_dy if case.y is None else case.y
    v = torch.zeros_like(model.flat)
    for view, p in zip(model.layout.views(v), model.parameters(), strict=True):
        view.copy_(torch.linspace(-1, 1, p.numel(), dtype=torch.float64).sin().view(p.shape) + 0.5)
    z0, _ = stacked.pre_activations(model, model.flat[None], x)
    z1, _ = stacked.pre_activations(model, (model.flat + 2.0**-20 * v)[None], x)
    speed = max((b - a).abs().max().item() for a, b in zip(z0, z1, strict=True)) * 2.0**20
    steps = [2.0**-k / max(speed, 2.0**-10) for k in range(4, 9)]  # the largest moves no pre-activation by over 1/16
    flats = torch.stack([model.flat, *(model.flat + h * v for h in steps)])
    if not _same_sides(model, flats, x):
        return Evidence(counted=False)
    slope = sum((g * w).sum().item() for g, w in zip(parts, model.layout.views(v), strict=True))
    _, outputs = stacked.pre_activations(model, flats, x)
    J = [problem.objective(output, y).item() for output in outputs]
    remainders = [abs(j - J[0] - h * slope) for h, j in zip(steps, J[1:], strict=True)]
    error = quotients.objective(problem, case)
    noise = [quotients.taylor(error, j, h * slope, model.flat.numel()) for h, j in zip(steps, J[1:], strict=True)]
    if any(r < quotients.TAYLOR_CLEAR * e for r, e in zip(remainders, noise, strict=True)):
        return Evidence(counted=False)
    ratios = [a / b for a, b in pairwise(remainders)]
    if max(ratios) < 3:
        clear = [quotients.TAYLOR_CLEAR * e for e in noise]
        raise Broken(
            "the remainder over four halvings of the step", " ".join(f"{r:.3g}" for r in ratios), "ratios near 4",
            closing=TAYLOR.replace("{steps}", str(steps)).replace("{clear}", str(clear))
            .replace("{objective}", _objective(problem)),
        )  # fmt: skip
    return Evidence(entries=len(ratios), tensors=len(parts))


def _objective(problem: Problem) -> str:
    return "(y_hat * y).sum()" if problem.loss is None else f'losses.get("{problem.loss.name}").value(y_hat, y)'


def _same_sides(model: Any, flats: torch.Tensor, x: torch.Tensor) -> bool:
    zs, _ = stacked.pre_activations(model, flats, x)
    return all(
        bool(((z - edge).sign() == (z[:1] - edge).sign()).all())
        for z, f in zip(zs, model.activations, strict=True) for edge in (*f.kinks, *f.bends)
    )  # fmt: skip
