"""The properties that autograd needs from a function besides its gradient: single arguments, single outputs, float32,
and a reference."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from torch import Tensor

from mlp_core.testing.bounds import forwards, references
from mlp_core.testing.bounds.perturbed import PerturbedRounding
from mlp_core.testing.engine.evidence import Broken, Evidence
from mlp_core.testing.engine.law import LawBook
from mlp_core.testing.examples.arguments import Arguments
from mlp_core.testing.examples.foreign_arrays import source_of, tensor_of
from mlp_core.testing.laws.doors.shared import NOT_FINITE, Bound, filled, held, least, nearest, said, scattered
from mlp_core.testing.subjects.doors.drawn import DrawnInSingle
from mlp_core.testing.subjects.doors.function import FunctionForm
from mlp_core.testing.subjects.doors.pulled import Pulled, finite, pulled
from mlp_core.testing.subjects.doors.returned import Gradient

book = LawBook()
judging = LawBook(judges=True)

REFERENCE = """\
ABOVE
got = run(args)[1](above)PLACE
expected = torch.tensor(EXPECTED, dtype=torch.float64)
assert abs(float(got[{index}]) - float(expected[{index}])) <= {bound}, (got, expected)"""


def has_none(subject: Any) -> str | None:
    return None if subject.reference else "no reference; to compare with one, pass reference=, a function f(*args)"


@judging.law(
    lambda subject: subject.inputs, skip=has_none,
    beside="it uses no difference quotients, so it also checks a forward whose values are too coarse for them",
)  # fmt: skip
def equals_the_gradient_of_its_reference(subject: FunctionForm, example: Arguments) -> Evidence:
    """For random upstream gradients, every gradient equals autograd's gradient of the reference, within what rounding
    explains.

    A fast function usually has a slow version that is known to be correct.
    """
    got = pulled(subject, example)
    reference = subject.by_reference()
    expected = pulled(reference, example)
    if not finite(got.outs) or not finite(expected.outs):
        return Evidence(counted=False, note=NOT_FINITE)
    closings = [
        filled(REFERENCE, ABOVE=said(got.above), PLACE=g.place, EXPECTED=repr(t.tolist()))
        for g, t in zip(got.gradients, expected.tensors(), strict=True)
    ]
    names = [f"gradient of {g.name}" for g in got.gradients]
    limits = scattered(reference, example, expected)
    return held(names, got.tensors(), expected.tensors(), limits, closings)


EACH_ARGUMENT = """\
for k, a in enumerate(args):
    if torch.is_tensor(a) and a.is_floating_point():
        outs, pull = run(args, need=[k])
        pull([torch.ones_like(o) for o in outs])"""

ALONE = """\
ABOVE
got = run(args, need=[ARGUMENT])[1](above)PLACE
expected = run(args)[1](above)PLACE
assert abs(float(got[{index}]) - float(expected[{index}])) <= {bound}, (got, expected)"""


@book.law(lambda subject: subject.inputs, closing=EACH_ARGUMENT)
def is_right_if_only_one_gradient_is_needed(subject: FunctionForm, example: Arguments) -> Evidence:
    """If only one argument requires a gradient, its gradient is the same as when all arguments require one.

    A backward that reads ctx.needs_input_grad at the wrong index passes every test in which all arguments require a
    gradient.
    """
    every = pulled(subject, example)
    if not finite(every.outs):
        return Evidence(counted=False, note=NOT_FINITE)
    if len(every.gradients) < 2:
        return Evidence(entries=1)
    evidence = Evidence()
    for g, expected in zip(every.gradients, every.tensors(), strict=True):
        (alone,) = pulled(subject.alone(g.path[0]), example, every.cut()).gradients
        closing = filled(ALONE, ABOVE=said(every.above), PLACE=g.place, ARGUMENT=str(g.path[0]))
        name = f"gradient of {g.name}, if only it requires one"
        told = partial(_held_alone, [name], [tensor_of(alone.value)], [expected], [closing], every, g)
        evidence.join(nearest(told, subject, example))
    evidence.counted = evidence.entries > 0
    return evidence


def _held_alone(
    names: list[str], got: list[Tensor], expected: list[Tensor], closings: list[str], every: Pulled, one: Gradient,
    bound: Bound,
) -> Evidence:  # fmt: skip
    limits = [t for t, g in zip(bound(every), every.gradients, strict=True) if g is one]
    return held(names, got, expected, limits, closings, "needs_input_grad, or the order of what backward returns")


EACH_OUTPUT = """\
outs, pull = run(args)
for o in outs:
    pull([torch.ones_like(o)], [o])"""

OUTPUT = """\
outs, pull = run(args)
ABOVE
got = pull([above[OUTPUT]], [outs[OUTPUT]])PLACE
expected = pull([c if k == OUTPUT else 0 * c for k, c in enumerate(above)])PLACE
assert abs(float(got[{index}]) - float(expected[{index}])) <= {bound}, (got, expected)"""


@book.law(lambda subject: subject.inputs, closing=EACH_OUTPUT)
def is_right_if_only_one_output_is_used(subject: FunctionForm, example: Arguments) -> Evidence:
    """If only one output is used, the gradients equal those for upstream gradients of zero on the other outputs.

    If a function turns materialize_grads off, unused outputs get None as upstream gradient. A backward that does not
    expect None fails.
    """
    run = subject.applied
    leaves = run.leaves(example.fresh())
    with subject.guarded(example.args):
        outs = run.outputs(leaves, example.fresh())
        if len(outs) < 2 or not finite(outs):
            return Evidence(entries=1, counted=len(outs) == 1)
        above, evidence = subject.above(example, outs), Evidence()
        for k in range(len(outs)):
            others = [c if j == k else torch.zeros_like(c) for j, c in enumerate(above)]
            expected = subject.gradients(example, run.pulled(leaves, outs, others), others)
            got = subject.gradients(example, run.pulled(leaves, outs[k : k + 1], above[k : k + 1]), others)
            one = Pulled(outs, others, expected)
            closings = [filled(OUTPUT, ABOVE=said(above), PLACE=g.place, OUTPUT=str(k)) for g in got]
            names = [f"gradient of {g.name}, output {k} alone" for g in got]
            numbers = [tensor_of(g.value) for g in got]
            evidence.join(held(names, numbers, one.tensors(), least(one), closings, "unused outputs"))
    evidence.counted = evidence.entries > 0
    return evidence


RUN_IN_SINGLE = """\
outs, pull = run([a.float() if torch.is_tensor(a) and a.is_floating_point() else a for a in args])
pull([torch.ones_like(o) for o in outs])"""

SINGLE = """\
args = [a.float() if torch.is_tensor(a) and a.is_floating_point() else a for a in args]
above = [c.float() for c in ABOVE]
got = run(args)[1](above)PLACE
assert abs(float(got[{index}]) - {expected}) <= {bound}, got"""


@book.law(lambda subject: subject.inputs, closing=RUN_IN_SINGLE)
def gives_the_same_gradients_in_float32(subject: FunctionForm, example: Arguments) -> Evidence:
    """In float32 the gradients equal those in float64, within what rounding to float32 explains.

    Most functions are used only in float32, and are checked only in float64.
    """
    with DrawnInSingle():
        double = pulled(subject, example)
    if not finite(double.outs):
        return Evidence(counted=False, note=NOT_FINITE)
    single = _in_single(example)
    got = pulled(subject, single, double.cut())

    def compared(deviations: list[Tensor]) -> Evidence:
        evidence = Evidence()
        for one, h, d, p in zip(got.gradients, got.tensors(), deviations, double.tensors(), strict=True):
            tolerance = references.perturbed(d, torch.full_like(p, forwards.largest(p)), torch.float32)
            spoken = torch.where(tolerance.isfinite(), h, p)
            closing = filled(SINGLE, ABOVE=source_of(list(double.above)), PLACE=one.place)
            name = f"gradient of {one.name}, in float32"
            evidence.join(held([name], [spoken], [p], [tolerance.nan_to_num(posinf=0.0)], [closing]))
        evidence.counted = evidence.entries > 0
        return evidence

    try:
        return compared([torch.zeros_like(g) for g in double.tensors()])
    except Broken:
        return compared(_scattered_in_single(subject, example, double))


def _scattered_in_single(subject: FunctionForm, example: Arguments, double: Pulled) -> list[Tensor]:
    """The scatter of the gradients if every operation and every argument has the error of a rounding to float32."""
    plain = double.tensors()
    deviations = [torch.zeros_like(g) for g in plain]
    for seed in range(references.RUNS):
        mode = PerturbedRounding(torch.float32, torch.Generator().manual_seed(seed))
        noisy = [c * mode.factors(c) for c in double.cut()]
        moved = {p: example.at(p) * mode.factors(example.at(p)) for p in example.paths()}
        with DrawnInSingle(), mode:
            again = pulled(subject, Arguments(tuple(example.moved(moved)), example.blob, example.texture), noisy)
        for d, g, p in zip(deviations, again.tensors(), plain, strict=True):
            torch.maximum(d, (g - p).abs().nan_to_num(nan=torch.inf), out=d)
    return deviations


def _in_single(example: Arguments) -> Arguments:
    args = example.moved({p: example.at(p).float() for p in example.paths()})
    return Arguments(tuple(args), example.blob, example.texture)
