"""The state of an optimizer: it is saved, loaded, repeated and not shared."""

from __future__ import annotations

import copy
import io
from dataclasses import replace
from typing import Any

import torch

from mlp_core.testing.engine.distinct import digest
from mlp_core.testing.engine.evidence import Broken, Evidence
from mlp_core.testing.engine.guards import GENERATORS, in_words, modes_kept, random_states, seed_all
from mlp_core.testing.examples.scenario import Scenario, scaled
from mlp_core.testing.laws.optimizers.book import OptimizerBook
from mlp_core.testing.laws.optimizers.driving import not_restored
from mlp_core.testing.laws.optimizers.shared import AGAIN, ONCE, SAME, SEVERAL, as_saved, look, same

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

SEEDED = """\
import numpy, random
ends = []
for seed in (1, 2):
    torch.manual_seed(seed), random.seed(seed), numpy.random.seed(seed)
    list(run(mine))
    ends.append(STATE)
assert ends[0] != ends[1], "seeded anew\""""
"""STATE is filled in by the law"""

book = OptimizerBook(waivable=True)


@book.law(lambda subject: subject.scenarios(steps=SEVERAL), repeating=False)
def repeats_and_touches_nothing_else(subject: Any, scenario: Scenario) -> Evidence:
    """The same run gives the same bits, and leaves torch's global modes, such as the default dtype, as they are.
    Drawing random numbers is allowed if the steps do not depend on them; seeding the global generator is not.

    A run that cannot be repeated cannot be debugged. An optimizer that needs noise takes it from its own generator,
    seeded in the constructor. If it seeds the global one, every later dropout and shuffle gets the same numbers.
    """
    seed_all(digest(scenario) % 2**32)  # else every example would begin with the same random numbers
    looks, drawn = list[dict[str, torch.Tensor]](), [random_states()]
    for _ in range(2):
        with modes_kept("list(run(mine))") as changed:
            looks.append(look(scenario, *subject.finished(scenario)))
        drawn.append(random_states())
    moved = [f"{whose}'s" for whose in GENERATORS if drawn[1][whose] != drawn[0][whose]]
    for whose, source in GENERATORS.items():
        if drawn[0][whose] != drawn[1][whose] == drawn[2][whose]:  # from any initial state
            closing = SEEDED.replace("STATE", source)
            raise Broken(f"the generator of {whose}", "seeded anew", "unchanged", closing=closing)
    try:
        found = same(looks[1], looks[0], "run again: ", AGAIN)
    except Broken as broken:
        found_out = f"draws from {' and '.join(moved)} generator" if moved else "it depends on earlier runs"
        broken.note = f"it is random ({found_out}): let it draw from its own generator, seeded in its constructor"
        raise
    told = [f"it draws from {' and '.join(moved)} generator; no step depends on the draws"] if moved else []
    found.note = "; ".join([*told, *filter(None, [in_words(changed)])])
    return found


@book.law(
    lambda subject: subject.scenarios(missing=True, steps=SEVERAL), closing=RESUMED, doing="with state_dict",
)  # fmt: skip
def goes_on_after_save_and_load(subject: Any, scenario: Scenario) -> Evidence:
    """A run that is saved halfway, loaded and continued ends with the same numbers as an uninterrupted run. It is
    loaded into a new optimizer with other hyperparameters, or back into the old one.

    Long runs are interrupted. A counter, a velocity or a rate that is missing from state_dict starts from the
    beginning, and the run ends elsewhere without an error.
    """
    expected = look(scenario, *subject.finished(scenario))
    half = len(scenario.gradients) // 2
    first = replace(scenario, gradients=scenario.gradients[:half], lr_factors=scenario.lr_factors[:half])
    params, optimizer = subject.finished(first)
    state = look(first, params, optimizer)
    file = io.BytesIO()
    with subject.foreign():
        torch.save(optimizer.state_dict(), file)
        file.seek(0)
        saved = torch.load(file, weights_only=True)
    again = [p.detach().clone().requires_grad_() for p in params]
    rest = replace(scenario, gradients=scenario.gradients[half:], lr_factors=scenario.lr_factors[half:])
    held_back = scenario.fresh()
    memory = [torch.zeros_like(p) for p in held_back]  # a cached tensor would be found at the same address
    old = subject.optimizer(scenario, held_back)
    for _ in subject.run(scenario, old, held_back, scenario.written_to(memory)):
        pass
    for p, value in zip(held_back, params, strict=True):
        p.data.copy_(value)
    for what, optimizer, held, gradient, closing in (
        ("saved, loaded and continued: ", subject.optimizer(scenario, again), again, None, RESUMED),
        ("rolled back and continued: ", old, held_back, rest.written_to(memory), ROLLED_BACK),
    ):
        for group in optimizer.param_groups if held is again else ():  # loading must restore these
            group.update({name: scaled(group[name], 0.5) for name in scenario.scalable})
        with subject.foreign():
            optimizer.load_state_dict(copy.deepcopy(saved))
        loaded = look(rest, held, optimizer)
        for _ in subject.run(rest, optimizer, held, gradient):
            pass
        try:
            found = same(as_saved(look(scenario, held, optimizer), expected), expected, what, closing)
        except Broken as broken:
            broken.measured = not_restored(state, loaded)
            raise
    return found


@book.law(
    lambda subject: subject.scenarios(steps=SEVERAL),
    beside="the only law that checks this for an optimizer without a reference",
)
def keeps_two_runs_apart(subject: Any, scenario: Scenario) -> Evidence:
    """Two optimizers that are stepped in turn do what each does alone: they share no state.

    A process often trains two networks: a GAN, a sweep, a test. State that is kept by shape, or in a global, mixes the
    two.
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
