"""Memory: the gradient is unchanged, dtype and device are kept, every shape and stride works."""

from __future__ import annotations

from typing import Any

import torch

from mlp_core import equality
from mlp_core.testing.engine.compare import compare
from mlp_core.testing.engine.evidence import Broken, Evidence
from mlp_core.testing.engine.guards import default_dtype
from mlp_core.testing.examples.scenario import Scenario, state_tensors
from mlp_core.testing.laws.optimizers.book import OptimizerBook
from mlp_core.testing.laws.optimizers.shared import AGAIN, ONCE, SAME, SEVERAL, agree, look, same

GRADIENT = """\
params = fresh()
optimizer, memory = mine(groups(params), **hyper[0]), [torch.empty_like(g) for g in gradients[0]]
for step, row in enumerate(gradients):
    for p, m, g in zip(params, memory, row):
        p.grad = m.copy_(g)  # the same memory in every step
    optimizer.step()
    for m, g in zip(memory, row):
        assert torch.equal(m, g), (step, m, g)"""

REUSED = AGAIN.replace("run(mine)\ngot", "run(mine, poison=True)\ngot")

STRIDED = """\
*_, (expected, _) = run(mine)
contiguous = fresh
nan, size = float("nan"), lambda s: (*s[:-1], s[-1] + 1, 2) if s else (2,)
wide = [torch.full(size(p.shape), nan, dtype=p.dtype) for p in contiguous()]
inside = lambda w: w[..., :-1, 0] if w.ndim > 1 else w[0]
fresh = lambda: [inside(w).copy_(p.detach()).requires_grad_() for w, p in zip(wide, contiguous())]
*_, (params, _) = run(mine)
beside = [torch.ones_like(w) for w in wide]
[inside(b).zero_() for b in beside]
for w, b in zip(wide, beside):
    outside, before = w[b.bool()], torch.full_like(w, nan)[b.bool()]
    assert ((outside == before) | (outside.isnan() & before.isnan())).all(), "wrote beside a parameter"
for p, q in zip(params, expected):
    assert torch.equal(p.nan_to_num(), q.nan_to_num()), (p, q)"""

LYING = """\
*_, (expected, _) = run(mine)
params = fresh()
optimizer = mine(groups(params), **hyper[0])
for step, row in enumerate(gradients):
    set_lr(optimizer, step)
    for p, g in zip(params, row):
        p.grad = g.clone().mT.contiguous().mT if g.ndim > 1 else torch.stack([g, g], -1)[..., 0]
    optimizer.step()
for p, q in zip(params, expected):
    assert torch.equal(p.nan_to_num(), q.nan_to_num()), (p, q)"""

WIDE = (
    ONCE
    + """\
torch.set_default_dtype(torch.float64)
try:
    *_, (params, optimizer) = run(mine)
finally:
    torch.set_default_dtype(torch.float32)
got = look(params, optimizer, "{name}")[{index}].item()
"""
    + SAME
)


book = OptimizerBook(waivable=True)


@book.law(lambda subject: subject.scenarios(steps=SEVERAL), doing="looked at after a step")
def leaves_the_gradient_alone(subject: Any, scenario: Scenario) -> Evidence:
    """A step reads the gradient, and neither changes nor keeps it: overwriting the gradient between steps has no
    effect.

    After a step, gradients are logged, clipped, accumulated and read by other code. If decay is added to the gradient
    in place, it counts twice in the next accumulation. A gradient that is kept as momentum changes with the next
    backward pass.
    """
    expected = look(scenario, *subject.finished(scenario))
    params = scenario.fresh()
    optimizer = subject.optimizer(scenario, params)
    memory = [torch.full_like(p, float("nan")) for p in params]
    for step in subject.run(scenario, optimizer, params, scenario.written_to(memory)):
        for index, g in enumerate(memory):
            fresh = scenario.given(step, index).to(scenario.dtype)
            compare([f"gradient of params[{index}]"], [g], [fresh], [0.0], what=f"step {step + 1}: ", closing=GRADIENT)
            g.fill_(float("nan"))
    return same(look(scenario, params, optimizer), expected, "with gradients overwritten after each step: ", REUSED)


@book.law(
    lambda subject: subject.scenarios(steps=(2, 5), dtypes=(*subject.dtypes, *subject.others(torch.bfloat16))),
    beside="the only law that checks this for an optimizer without a reference",
)
def keeps_dtype_and_device(subject: Any, scenario: Scenario) -> Evidence:
    """Parameters and their state keep dtype and device, whatever the default dtype is. Step counters and single numbers
    are excepted. An optimizer that is not one of our rules may keep its state in higher precision.

    State in the wrong default dtype takes twice the memory or loses half of the digits. State on another device raises
    in the middle of a run.
    """
    plain = scenario.fresh()
    optimizer = subject.optimizer(scenario, plain)
    for step in subject.run(scenario, optimizer, plain):
        _kept(subject, scenario, optimizer, plain, f"step {step + 1}: ", f"run(mine, stop={step + 1})")
    with default_dtype(torch.float64):
        params, under = subject.finished(scenario)
        other = look(scenario, params, under)
    if not subject.exact:  # it may keep a number in the default dtype
        return _kept(subject, scenario, under, params, "under default dtype float64: ", "run(mine)")
    return same(other, look(scenario, plain, optimizer), "under default dtype float64: ", WIDE)


def _kept(subject: Any, scenario: Scenario, optimizer: Any, params: Any, what: str, run: str) -> Evidence:
    seen = 0
    for name, p in zip(scenario.names(), params, strict=True):
        state = {f"{key} of {name}": value for key, value in state_tensors(optimizer, p).items()}
        for key, value in {name: p.detach(), **state}.items():
            if key != name and not (value.ndim and value.is_floating_point()):
                continue
            finer = key != name and not subject.exact and value.dtype.itemsize >= p.dtype.itemsize
            seen += 1
            if not (value.dtype == scenario.dtype or finer) or value.device != p.device:
                lines = "torch.set_default_dtype(torch.float64)\n" if "default" in what else ""
                kept = f'look(params, optimizer, "{key}").dtype == {scenario.dtype}'
                raise Broken(
                    f"{what}{key}", f"{value.dtype} on {value.device}", f"{scenario.dtype} on {p.device}",
                    closing=f"{lines}*_, (params, optimizer) = {run}\nassert {kept}",
                )  # fmt: skip
    return Evidence(entries=seen)


@book.law(lambda subject: subject.scenarios(steps=(2, 4), shapes=subject.shapes), closing=STRIDED)
def takes_every_shape_and_stride(subject: Any, scenario: Scenario) -> Evidence:
    """Scalar parameters, empty ones, odd sizes and views with strides move as contiguous ones do.

    All these shapes occur in models. Code that ignores strides writes into the memory of another tensor.
    """
    expected, _ = subject.finished(scenario)
    # reading beside a parameter gives NaN; writing beside it changes a 1
    for beside in (float("nan"), 1.0):
        closing = STRIDED.replace('float("nan")', f'float("{beside}")')
        wide = [_widened(p.detach(), beside) for p in scenario.fresh()]
        params = [_inside(w).requires_grad_() for w in wide]
        optimizer = subject.optimizer(scenario, params)
        for _ in subject.run(scenario, optimizer, params):
            pass
        for name, w in zip(scenario.names(), wide, strict=True):
            outside = torch.ones_like(w)
            _inside(outside).zero_()
            if not equality.same(w[outside.bool()], torch.full((), beside, dtype=w.dtype)).all():
                raise Broken(f"memory that does not belong to {name}", "written to", "untouched", closing=closing)
        got, contiguous = [p.detach() for p in params], [p.detach() for p in expected]
        found = agree(subject, scenario, scenario.names(), got, contiguous, what="strided: ", closing=closing)
    return found


@book.law(
    lambda subject: subject.scenarios(steps=(2, 4)),
    closing=LYING,
    beside="the only law that checks this for an optimizer without a reference",
)
def takes_a_gradient_of_any_strides(subject: Any, scenario: Scenario) -> Evidence:
    """A gradient with transposed memory or gaps moves a parameter as a contiguous gradient does.

    Autograd leaves such gradients behind a transpose. A kernel that reads their memory in order adds correct numbers to
    wrong entries.
    """
    expected, _ = subject.finished(scenario)
    params = scenario.fresh()
    optimizer = subject.optimizer(scenario, params)

    def lying(step: int, index: int) -> torch.Tensor:
        return _lying(scenario.given(step, index).to(scenario.dtype))

    for _ in subject.run(scenario, optimizer, params, lying):
        pass
    got, contiguous = [p.detach() for p in params], [p.detach() for p in expected]
    return agree(
        subject, scenario, scenario.names(), got, contiguous, what="gradients with other strides: ", closing=LYING
    )  # fmt: skip


def _lying(g: torch.Tensor) -> torch.Tensor:
    """The same numbers in transposed memory; for a vector, with a gap after every number."""
    return g.mT.clone(memory_format=torch.contiguous_format).mT if g.ndim > 1 else torch.stack([g, g], -1)[..., 0]


def _widened(p: torch.Tensor, beside: float) -> torch.Tensor:
    """Memory that contains p, with `beside` after every number and at the end of every row, so that no view of it is
    flat."""
    room = (*p.shape[:-1], p.shape[-1] + 1, 2) if p.ndim else (2,)
    wide = torch.full(room, beside, dtype=p.dtype)
    _inside(wide).copy_(p)
    return wide


def _inside(wide: torch.Tensor) -> torch.Tensor:
    return wide[..., :-1, 0] if wide.ndim > 1 else wide[0]
