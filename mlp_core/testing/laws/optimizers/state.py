"""What an optimizer keeps: it is saved, loaded, repeated and not shared."""

from __future__ import annotations

import copy
import io
import random
from dataclasses import replace
from typing import Any

import torch

from mlp_core.testing.engine.evidence import Broken, Evidence
from mlp_core.testing.engine.law import LawBook
from mlp_core.testing.examples.scenario import Scenario, scaled
from mlp_core.testing.laws.optimizers.shared import AGAIN, ONCE, SAME, SEVERAL, look, same

RESUMED = (
    ONCE
    + """\
half = len(gradients) // 2
*_, (params, optimizer) = run(mine, stop=half)
import io
torch.save(optimizer.state_dict(), file := io.BytesIO())
file.seek(0)
params, state = [p.detach().clone().requires_grad_() for p in params], torch.load(file)
*_, (params, optimizer) = run(mine, start=half, params=params, state=state)
got = look(params, optimizer, "{name}")[{index}].item()
"""
    + SAME
)

ROLLED_BACK = (
    ONCE
    + """\
import copy
half = len(gradients) // 2
*_, (before, optimizer) = run(mine, stop=half)
before, state = [p.detach().clone() for p in before], copy.deepcopy(optimizer.state_dict())
params = fresh()
optimizer, memory = mine(groups(params), **hyper[0]), [torch.zeros_like(p) for p in params]
def go_on(steps):
    for step in steps:
        set_lr(optimizer, step)
        for p, m, g in zip(params, memory, gradients[step]):
            p.grad = None if g is None else m.copy_(g)  # the same memory in every step
        optimizer.step()
go_on(range(len(gradients)))
for p, value in zip(params, before):
    p.data.copy_(value)
optimizer.load_state_dict(state)
go_on(range(half, len(gradients)))
got = look(params, optimizer, "{name}")[{index}].item()
"""
    + SAME
)

TWO = (
    ONCE
    + """\
other = [(2 * p.detach() + 1).requires_grad_() for p in fresh()]
*_, ((params, optimizer), _) = zip(run(mine), run(mine, params=other))
got = look(params, optimizer, "{name}")[{index}].item()
"""
    + SAME
)

GLOBAL = """\
import random
look = lambda: (torch.get_default_dtype(), torch.get_num_threads(), random.getstate(), torch.get_rng_state().tolist())
before = look()
for _ in run(mine):
    pass
assert before == look()"""


book = LawBook()


@book.law(lambda subject: subject.scenarios(steps=SEVERAL))
def repeats_and_touches_nothing_else(subject: Any, scenario: Scenario) -> Evidence:
    """The same run gives the same bits, and leaves default dtype, thread count and random state alone.

    An optimizer that consumes random numbers shifts every later dropout and shuffle; one that depends on the time of
    its calls cannot be reproduced.
    """
    state = (torch.get_default_dtype(), torch.get_num_threads(), random.getstate())
    numbers = torch.get_rng_state()
    first = look(scenario, *subject.finished(scenario))
    if state != (torch.get_default_dtype(), torch.get_num_threads(), random.getstate()):
        raise Broken("default dtype, thread count or Python's random state", "changed", "untouched", closing=GLOBAL)
    if not torch.equal(numbers, torch.get_rng_state()):
        raise Broken("torch's random state", "changed", "untouched", closing=GLOBAL)
    return same(look(scenario, *subject.finished(scenario)), first, "run again: ", AGAIN)


@book.law(lambda subject: subject.scenarios(missing=True, steps=SEVERAL), closing=RESUMED)
def goes_on_after_save_and_load(subject: Any, scenario: Scenario) -> Evidence:
    """Stopped halfway, saved, loaded into a new optimizer of other hyperparameters, or back into the old one, and gone
    on, it ends where it would have ended.

    Long runs are interrupted. A count, a velocity or a rate that is not in state_dict begins anew, and the run ends
    elsewhere without an error.
    """
    expected = look(scenario, *subject.finished(scenario))
    half = len(scenario.gradients) // 2
    first = replace(scenario, gradients=scenario.gradients[:half], lr_factors=scenario.lr_factors[:half])
    params, optimizer = subject.finished(first)
    file = io.BytesIO()
    with subject.foreign():
        torch.save(optimizer.state_dict(), file)
        file.seek(0)
        saved = torch.load(file, weights_only=True)
    again = [p.detach().clone().requires_grad_() for p in params]
    rest = replace(scenario, gradients=scenario.gradients[half:], lr_factors=scenario.lr_factors[half:])
    held_back = scenario.fresh()
    memory = [torch.zeros_like(p) for p in held_back]  # where it was cached, it is looked for there again
    old = subject.optimizer(scenario, held_back)
    for _ in subject.run(scenario, old, held_back, scenario.written_to(memory)):
        pass
    for p, value in zip(held_back, params, strict=True):
        p.data.copy_(value)
    for what, optimizer, held, gradient, closing in (
        ("saved, loaded and gone on: ", subject.optimizer(scenario, again), again, None, RESUMED),
        ("rolled back and gone on: ", old, held_back, rest.written_to(memory), ROLLED_BACK),
    ):
        for group in optimizer.param_groups if held is again else ():  # loading must put these back
            group.update({name: scaled(group[name], 0.5) for name in scenario.scalable})
        with subject.foreign():
            optimizer.load_state_dict(copy.deepcopy(saved))
        for _ in subject.run(rest, optimizer, held, gradient):
            pass
        found = same(look(scenario, held, optimizer), expected, what, closing)
    return found


@book.law(
    lambda subject: subject.scenarios(steps=SEVERAL), beside="all that asks it of an optimizer without a reference"
)
def keeps_two_runs_apart(subject: Any, scenario: Scenario) -> Evidence:
    """Two optimizers stepped in turn do what each does alone: no state is shared between them.

    Two networks are trained in one process more often than one thinks: a GAN, a sweep, a test. State kept by shape, or
    in a global, flows from one into the other.
    """
    other = scenario.mapped(lambda t: 2 * t + 1)
    alone = [look(s, *subject.finished(s)) for s in (scenario, other)]
    params = [s.fresh() for s in (scenario, other)]
    optimizers = [subject.optimizer(s, p) for s, p in zip((scenario, other), params, strict=True)]
    runs = [subject.run(s, o, p) for s, o, p in zip((scenario, other), optimizers, params, strict=True)]
    for _ in zip(*runs, strict=True):
        pass
    same(look(scenario, params[0], optimizers[0]), alone[0], "run in turn with another: ", TWO)
    return same(look(other, params[1], optimizers[1]), alone[1], "run in turn with another, the second: ", TWO)
