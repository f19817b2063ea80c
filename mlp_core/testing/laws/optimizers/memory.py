"""The laws of memory: dtype and device are kept, every shape and stride is taken, nothing beside is touched."""

from __future__ import annotations

from typing import Any

import torch

from mlp_core import equality
from mlp_core.testing.conduct import default_dtype
from mlp_core.testing.law import Broken, Evidence, LawBook
from mlp_core.testing.rule_laws import look, same
from mlp_core.testing.rule_memory_snippets import LYING, STRIDED, WIDE
from mlp_core.testing.scenario import Scenario, state_tensors

book = LawBook()


@book.law(
    lambda subject: subject.scenarios(steps=(2, 5), dtypes=(*subject.dtypes, torch.bfloat16)),
    beside="all that asks it of an optimizer without a reference",
)
def keeps_dtype_and_device(subject: Any, scenario: Scenario) -> Evidence:
    """Parameters and their state keep dtype and device (step counters and single numbers excepted; the state of an
    optimizer that is not a rule may be kept more exactly than the parameter), whatever the default dtype is.

    A state allocated in the default dtype costs twice the memory, or loses half the digits, and on another device
    raises in the middle of a run.
    """
    plain = scenario.fresh()
    optimizer = subject.optimizer(scenario, plain)
    for step in subject.run(scenario, optimizer, plain):
        _kept(subject, scenario, optimizer, plain, f"step {step + 1}: ", f"run(mine, stop={step + 1})")
    with default_dtype(torch.float64):
        params, under = subject.finished(scenario)
        other = look(scenario, params, under)
    if not subject.exact:  # a number of its own may be kept in the default dtype
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
    """Parameters without dimension, empty, of odd sizes, and views with strides move as contiguous ones do.

    Scalars, empty tensors, odd lengths and transposed views are all parameters somewhere. What is written past a stride
    lands in somebody else's memory.
    """
    expected, _ = subject.finished(scenario)
    # what is read beside a parameter shows as NaN, what is written as another number than 1
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
                raise Broken(f"the memory beside {name}", "written to", "untouched", closing=closing)
        got, contiguous = [p.detach() for p in params], [p.detach() for p in expected]
        found = subject.agree(scenario, scenario.names(), got, contiguous, what="strided: ", closing=closing)
    return found


@book.law(
    lambda subject: subject.scenarios(steps=(2, 4)),
    closing=LYING,
    beside="all that asks it of an optimizer without a reference",
)
def takes_a_gradient_however_it_lies(subject: Any, scenario: Scenario) -> Evidence:
    """A gradient whose memory is transposed or has gaps, as autograd leaves it behind a transposition, moves a
    parameter as a contiguous one does.

    After a transposition autograd leaves gradients that are not contiguous. A kernel that reads their memory in order
    updates the wrong entries with the right numbers.
    """
    expected, _ = subject.finished(scenario)
    params = scenario.fresh()
    optimizer = subject.optimizer(scenario, params)

    def lying(step: int, index: int) -> torch.Tensor:
        return _lying(scenario.given(step, index).to(scenario.dtype))

    for _ in subject.run(scenario, optimizer, params, lying):
        pass
    got, contiguous = [p.detach() for p in params], [p.detach() for p in expected]
    return subject.agree(
        scenario, scenario.names(), got, contiguous, what="gradients lying otherwise: ", closing=LYING
    )  # fmt: skip


def _lying(g: torch.Tensor) -> torch.Tensor:
    """The same numbers, transposed in memory, or, in a vector, every second number of it."""
    return g.mT.clone(memory_format=torch.contiguous_format).mT if g.ndim > 1 else torch.stack([g, g], -1)[..., 0]


def _widened(p: torch.Tensor, beside: float) -> torch.Tensor:
    """Memory that holds p, with `beside` after every number and at the end of every row: no view of it is flat."""
    room = (*p.shape[:-1], p.shape[-1] + 1, 2) if p.ndim else (2,)
    wide = torch.full(room, beside, dtype=p.dtype)
    _inside(wide).copy_(p)
    return wide


def _inside(wide: torch.Tensor) -> torch.Tensor:
    return wide[..., :-1, 0] if wide.ndim > 1 else wide[0]
