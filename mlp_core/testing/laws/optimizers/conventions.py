"""The laws of an optimizer about the conventions of torch.optim: closures, hooks, zero_grad, names."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from mlp_core.testing.engine.evidence import Broken, Evidence, Rejected
from mlp_core.testing.engine.guards import globals_kept
from mlp_core.testing.examples.sample import sample
from mlp_core.testing.examples.scenario import Scenario, curved, way_from
from mlp_core.testing.laws.optimizers.book import FEW, OptimizerBook
from mlp_core.testing.laws.optimizers.driving import copies
from mlp_core.testing.laws.optimizers.shared import ONCE, SAME, look, same

STEPS = """\
params = fresh()
optimizer = mine(groups(params), **hyper[0])
curve = "max_iter" not in optimizer.defaults
for step, row in enumerate(gradients):
    set_lr(optimizer, step)
    seen, old = [], [p.detach().clone() for p in params]
    loss = lambda x: sum((p * g).sum() + curve * ((p - q)[p.isfinite()] ** 2).sum() / 2 for p, q, g in zip(x, old, row))
    def closure():
        seen.append([p.detach().clone() for p in params])
        [setattr(p, "grad", None) for p in params]
        loss(params).backward()
        return loss(params)
"""

CLOSED = (
    ONCE
    + STEPS
    + """\
    optimizer.step(closure)
got = look(params, optimizer, "{name}")[{index}].item()
"""
    + SAME
)

CALLED = (
    STEPS
    + """\
    returned = optimizer.step(closure)
    assert returned is not None and seen, (returned, seen)
    value, values = float(torch.as_tensor(returned).detach()), [float(loss(at)) for at in seen]
    assert any(value == v or abs(value - v) <= 1e-3 * abs(v) or v != v for v in values), (value, values)
    assert all(torch.equal(a, b) for a, b in zip(seen[0], old)), "called after the parameters moved"
    assert ONCE_IS_ENOUGH or len(seen) == 1 or not all(map(torch.equal, *seen[:2])), "called twice at one point"
"""
)
"""ONCE_IS_ENOUGH is filled in by the law"""

HOOKED = """\
params, told = fresh(), []
optimizer = mine(groups(params), **hyper[0])
optimizer.register_step_pre_hook(lambda o, args, kwargs: told.append(("pre", [p.detach().clone() for p in params])))
optimizer.register_step_post_hook(lambda o, args, kwargs: told.append(("post", [p.detach().clone() for p in params])))
for step, row in enumerate(gradients):
    set_lr(optimizer, step)
    for p, g in zip(params, row):
        p.grad = g.clone()
    before = [p.detach().clone() for p in params]
    told.clear()
    optimizer.step()
    assert [told[0][0], told[-1][0]] == ["pre", "post"], told
    assert all(torch.equal(a, b) for a, b in zip(told[0][1], before)), "the pre hook came late"
    assert all(torch.equal(a, b) for a, b in zip(told[-1][1], params)), "the post hook came early"
optimizer.zero_grad()
assert all(p.grad is None or not p.grad.any() for p in params), [p.grad for p in params]"""

book = OptimizerBook(waivable=True)


class Closure:
    """A closure that works: it clears the gradients, and computes Scenario.step's function and its gradient."""

    def __init__(self, scenario: Scenario, params: list[Tensor], step: int, *, curved: bool) -> None:
        self.scenario, self.params, self.step, self.start = scenario, params, step, copies(params)
        self.curved = curved
        self.seen: list[list[Tensor]] = []
        """the parameters at every call"""
        self.values: list[float] = []

    def __call__(self) -> Tensor:
        self.seen.append(copies(self.params))
        total = torch.zeros((), dtype=self.scenario.dtype)
        for index, p in enumerate(self.params):
            p.grad = None
            total = total + (p * self.scenario.given(self.step, index).to(self.scenario.dtype)).sum()
            if self.curved:
                total = total + (way_from(self.start[index], p) ** 2).sum() / 2
        total.backward()
        self.values.append(total.item())
        return total


def needs_a_closure_s_call(subject: Any) -> str | None:
    if "calls" not in subject.memo:
        subject.memo["calls"] = _calls(subject)
    return None if subject.memo["calls"] else "its step calls no closure"


def _calls(subject: Any) -> bool:
    """Whether its step calls the closure in any of a few steps."""
    (scenario,) = sample(subject.telling(), 1)
    with globals_kept():
        params = scenario.fresh()
        called = False
        try:
            optimizer = subject.optimizer(scenario, params)
            for step in range(len(scenario.gradients)):
                scenario.begin(optimizer, step)
                closure = Closure(scenario, params, step, curved=curved(optimizer))
                try:
                    optimizer.step(closure)
                except Exception:
                    return called or bool(closure.seen)
                called |= bool(closure.seen)
        except (Broken, Rejected):
            return False
    return called


@book.law(
    lambda s: s.telling(groups=(1, s.max_groups)), skip=needs_a_closure_s_call, share=FEW,
    closing=CALLED.replace("ONCE_IS_ENOUGH", "True"), doing="with a closure that computes the gradients",
)  # fmt: skip
def steps_with_a_closure_as_without(subject: Any, scenario: Scenario) -> Evidence:
    """step(closure) calls the closure before the parameters move, with autograd enabled, and once at the current
    parameters. It returns the closure's value, and steps with the gradients that the closure computed.

    A closure is how torch.optim evaluates a model again, and how trainers call every optimizer. If step reads the
    gradients before it calls the closure, it uses those of the previous step.
    """
    expected = look(scenario, *subject.finished(scenario))
    params = scenario.fresh()
    optimizer = subject.optimizer(scenario, params)
    lines = CALLED.replace("ONCE_IS_ENOUGH", str(subject.closure))
    for step in range(len(scenario.gradients)):
        scenario.begin(optimizer, step)
        before, closure = copies(params), Closure(scenario, params, step, curved=curved(optimizer))
        with subject.foreign():
            returned = optimizer.step(closure)
        _called(subject, closure, before, returned, lines, f"step {step + 1}: ")
    return same(look(scenario, params, optimizer), expected, "with a closure: ", CLOSED)


def _called(
    subject: Any, closure: Closure, before: list[Tensor], returned: Any, lines: str, what: str
) -> None:  # fmt: skip
    def equal(a: list[Tensor], b: list[Tensor]) -> bool:
        return all(torch.equal(x.nan_to_num(), y.nan_to_num()) for x, y in zip(a, b, strict=True))

    if not closure.seen:
        raise Broken(
            f"{what}the closure", "not called", "called", closing=lines,
            measured="the closure is called in some steps only",
        )  # fmt: skip
    if not equal(closure.seen[0], before):
        raise Broken(
            f"{what}the closure", "called after the parameters moved", "called before", closing=lines,
            measured="the closure is called after the parameters have moved instead of before",
        )  # fmt: skip
    if not subject.closure and len(closure.seen) > 1 and equal(closure.seen[0], closure.seen[1]):
        raise Broken(
            f"{what}the closure", f"called {len(closure.seen)} times with the same parameters", "called once",
            closing=lines,
            measured=f"the closure is called {len(closure.seen)} times in one step with the same parameters",
        )  # fmt: skip
    value = None if returned is None else float(torch.as_tensor(returned).detach())
    if value is None or not any(v != v or v == value or abs(value - v) <= 1e-3 * abs(v) for v in closure.values):
        raise Broken(
            f"{what}value that step returns", returned if value is None else value, closure.values[0], closing=lines,
            measured=f"step(closure) returns {returned if value is None else value}, not the closure's value",
        )  # fmt: skip


@book.law(lambda s: s.telling(groups=(1, s.max_groups)), share=FEW, closing=HOOKED, doing="with hooks on its steps")
def calls_its_hooks(subject: Any, scenario: Scenario) -> Evidence:
    """Pre- and post-step hooks are called at their time in every step, and zero_grad clears all gradients.

    Loggers, averagers and schedulers depend on these hooks. torch.optim.Optimizer provides them to every class that
    calls its constructor.
    """
    params, told = scenario.fresh(), list[tuple[str, list[Tensor]]]()
    optimizer = subject.optimizer(scenario, params)
    with subject.foreign():
        optimizer.register_step_pre_hook(lambda *_: told.append(("pre", copies(params))))
        optimizer.register_step_post_hook(lambda *_: told.append(("post", copies(params))))
    for step in range(len(scenario.gradients)):
        scenario.begin(optimizer, step)
        scenario.set_gradients(params, step)
        before = copies(params)
        told.clear()
        subject.step(scenario, optimizer, params)
        after, what = copies(params), f"step {step + 1}: the hook for "
        for when, kinds, at in (("before", [k for k in told if k[0] == "pre"][:1], before),
                                ("after", [k for k in told if k[0] == "post"][-1:], after)):  # fmt: skip
            moved = bool(kinds) and not all(
                torch.equal(a.nan_to_num(), b.nan_to_num()) for a, b in zip(kinds[0][1], at, strict=True)
            )
            if not kinds or moved:
                got = "called with other parameters" if moved else "not called"
                raise Broken(
                    f"{what}{when} a step", got, "called", closing=HOOKED,
                    measured=f"a hook for {when} a step is {got}",
                )  # fmt: skip
    with subject.foreign():
        optimizer.zero_grad()
    for name, p in zip(scenario.names(), params, strict=True):
        if p.grad is not None and bool(p.grad.ne(0).any()):
            raise Broken(
                f"the gradient of {name} after zero_grad()", "kept", "cleared", closing=HOOKED,
                measured=f"zero_grad leaves the gradient of {name}",
            )  # fmt: skip
    return Evidence(entries=sum(p.numel() for p in params))
