"""The laws of an optimizer about gradients that are not finite."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from textwrap import indent
from typing import Any

from hypothesis import strategies as st
from torch import Tensor

from mlp_core.equality import same_bits
from mlp_core.testing.engine.evidence import Broken, Evidence
from mlp_core.testing.examples.scenario import Gradient, Scenario, state_tensors
from mlp_core.testing.laws.optimizers.book import FEW, OptimizerBook
from mlp_core.testing.laws.optimizers.driving import copies, doubled

AT = 1
"""the step whose gradient is not finite: the second, because then a state exists"""

RUN = """\
params = fresh()
optimizer = MAKE(groups(params), **hyper[0])
for step, row in enumerate(gradients):
    set_lr(optimizer, step)
    for p, g in zip(params, row):
        p.grad = g.clone()
    if step == AT:
        params[0].grad.view(-1)[0] = float("BAD")
    optimizer.step()
"""

SKIPPED = (
    RUN.replace("MAKE", "mine")
    + """\
kept = {k: s for k, s in optimizer.state[params[0]].items() if torch.is_tensor(s) and s.shape == params[0].shape}
assert all(t.isfinite().all() for t in (params[0], *kept.values())), (params, kept)"""
)

AS_REFERENCE = (
    "ends = []\nfor make in (mine, reference):\n"
    + indent(RUN.replace("MAKE", "make") + "ends.append(params)\n", "    ")
    + """\
for p, q in zip(*ends):
    assert torch.equal(p.isfinite(), q.isfinite()), (p, q)"""
)

book = OptimizerBook(waivable=True)


def spoiled(scenario: Scenario, bad: float, at: int = AT) -> Gradient:
    """The gradients, with `bad` as the first entry of the first parameter in step `at`."""

    def gradient(step: int, index: int) -> Tensor | None:
        g = scenario.gradient(step, index)
        if step == at and index == 0 and g is not None:
            g.view(-1)[0] = bad
        return g

    return gradient


SEVERAL = 4
"""the smallest number of entries of a parameter, where the optimizer takes so many"""


def scenarios(subject: Any) -> st.SearchStrategy[Scenario]:
    """Parameters with several entries: one that is spoiled and moves alone does not show whether a step is skipped."""
    shapes = [shape for shape in subject.few() if prod(shape) >= SEVERAL] or subject.few()
    return subject.telling(decay=False, steps=(4, 5), shapes=shapes)


def snippet(text: str, bad: float, at: int = AT) -> str:
    """The last lines of a snippet, with the gradient that is not finite and its step."""
    return text.replace("BAD", str(bad)).replace("AT", str(at))


@book.law(
    scenarios, share=FEW, closing=doubled(snippet(SKIPPED, float("nan"))),
    beside="it needs no reference, and also checks the state",
)  # fmt: skip
def forgets_a_step_that_it_skips(subject: Any, scenario: Scenario) -> Evidence:
    """If an optimizer skips a step of a parameter whose gradient is not finite, nothing of that gradient remains. After
    later steps with finite gradients, the parameter and its state are finite.

    Mixed precision overflows now and then, and the remedy is to skip such steps. If the momentum takes the gradient in
    before it is checked, every later step is NaN.
    """
    ends: list[list[Tensor]] = []  # after each step without such a gradient
    plain = scenario.fresh()
    optimizer, start = subject.optimizer(scenario, plain), copies(plain)
    ends.extend(copies(plain) for _ in subject.run(scenario, optimizer, plain))
    finite = {"params[0]": plain[0], **_state(optimizer, plain[0])}
    told, at = 0, _telling(ends)
    for bad in (float("nan"), float("inf")):
        params = scenario.fresh()
        optimizer, before, skipped = subject.optimizer(scenario, params), copies(params), None
        for step in subject.run(scenario, optimizer, params, spoiled(scenario, bad, at)):
            skipped = _skipped(before, copies(params), ends[at - 1], ends[at]) if step == at else skipped
            before = copies(params)
        told += skipped is not None
        if not skipped or same_bits(start[0], plain[0].detach()):
            continue
        for name, value in {"params[0]": params[0].detach(), **_state(optimizer, params[0])}.items():
            if name in finite and finite[name].isfinite().all() and not value.isfinite().all():
                wrong = next(v for v in value.flatten().tolist() if v - v != 0)
                raise Broken(
                    f"{name} after the step with a gradient of {bad} and {len(scenario.gradients) - at - 1} more",
                    wrong, "finite", closing=snippet(SKIPPED, bad, at),
                    measured=f"the step with a gradient of {bad} is skipped, but its gradient enters the state: "
                    f"{name} is "
                    f"{wrong} after later steps with finite gradients",
                )  # fmt: skip
    return Evidence(entries=sum(p.numel() for p in plain), counted=told > 0)


def _telling(ends: Sequence[Sequence[Tensor]]) -> int:
    """The first step from AT on in which another entry moves than the one that is spoiled; AT if none does. Rprop moves
    no entry whose gradient changes its sign. The last step is left for what comes after.
    """
    return next((at for at in range(AT, len(ends) - 1) if any(w.any() for w in _would(ends[at - 1], ends[at]))), AT)


def _would(was: Sequence[Tensor], then: Sequence[Tensor]) -> list[Tensor]:
    """Which entries a step with the usual gradient moves, without the one that is spoiled."""
    would = [a != b for a, b in zip(was, then, strict=True)]
    would[0].view(-1)[0] = False
    return would


def _skipped(
    before: Sequence[Tensor], after: Sequence[Tensor], was: Sequence[Tensor], then: Sequence[Tensor]
) -> bool | None:  # fmt: skip
    """Whether a step that was given a gradient which is not finite left params[0] as it was; None if nothing
    shows it. In Lion an entry with such a gradient does not move, since sign(nan) is 0, and the step is not skipped for
    that. So there must be another entry that would have moved (`was`, `then`: the same step with the usual gradient),
    and no parameter that is NaN already.
    """
    if not same_bits(before[0], after[0]):
        return False
    if not all(t.isfinite().all() for t in (*before, *was, *then)):
        return None
    would = _would(was, then)
    if bool(would[0].any()):
        return True
    moved = [not same_bits(p, q) for p, q, w in zip(before, after, would, strict=True) if bool(w.any())]
    return True if moved and not any(moved) else None


def _state(optimizer: Any, p: Tensor) -> dict[str, Tensor]:
    """The state that has one number per entry of p."""
    kept = state_tensors(optimizer, p).items()
    return {f"{k} of params[0]": s for k, s in kept if s.shape == p.shape and s.is_floating_point()}


def needs_a_reference(subject: Any) -> str | None:
    return None if subject.reference is not None else str(subject.unreferenced)


@book.law(
    scenarios, share=FEW, skip=needs_a_reference,
    beside="it says which entries become NaN; the others only say whether a step is skipped",
)  # fmt: skip
def handles_nan_as_its_reference_does(subject: Any, scenario: Scenario) -> Evidence:
    """A gradient of NaN makes the same entries NaN as in the reference, and no others. Or the step is skipped, for that
    parameter or for all.

    An optimizer that hides a NaN goes on training on nothing. One that spreads it to other layers hides where it began.
    """
    bad, count = float("nan"), len(scenario.names())
    mine, theirs = scenario.fresh(), scenario.fresh()
    ours = subject.optimizer(scenario, mine)
    reference = scenario.optimizer(subject.reference, theirs)
    before = after = copies(mine)
    try:
        run = list(scenario.run(reference, theirs, spoiled(scenario, bad)))
    except Exception:
        return Evidence(counted=False)  # the reference refuses such a gradient
    last = before
    for step in subject.run(scenario, ours, mine, spoiled(scenario, bad)):
        if step == AT:
            before, after = last, copies(mine)
        last = copies(mine)
    assert run
    closing = snippet(AS_REFERENCE, bad)
    for k, name in enumerate(scenario.names()):
        p, q = mine[k].detach().isfinite(), theirs[k].detach().isfinite()
        if bool((~p & q).any()):
            raise Broken(
                f"{name} after a gradient of NaN for params[0]", "NaN", "finite", closing=closing,
                measured=f"a gradient of NaN for one entry of params[0] makes other entries NaN: in {name}",
            )  # fmt: skip
        if bool((p & ~q & (before[k] != after[k])).any()):
            raise Broken(
                f"{name} after a gradient of NaN", "moved to a number", "NaN, or unmoved", closing=closing,
                measured=f"a gradient of NaN moves {name} as if it were a number",
            )  # fmt: skip
    return Evidence(entries=count)
