"""The laws of an optimizer about what autograd and modules do behind its back: new memory, gradients with a graph."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from mlp_core.equality import same_bits
from mlp_core.testing.engine.evidence import Broken, Evidence
from mlp_core.testing.examples.scenario import Scenario, state_tensors
from mlp_core.testing.laws.optimizers.book import FEW, OptimizerBook
from mlp_core.testing.laws.optimizers.driving import copies
from mlp_core.testing.laws.optimizers.shared import ONCE, SAME, look, same

RENEWED = (
    ONCE
    + """\
params, half = fresh(), len(gradients) // 2
optimizer = mine(groups(params), **hyper[0])
for step, row in enumerate(gradients):
    if step == half:
        for p in params:
            p.data = p.data.clone()
    set_lr(optimizer, step)
    for p, g in zip(params, row):
        p.grad = g.clone()
    optimizer.step()
got = look(params, optimizer, "{name}")[{index}].item()
"""
    + SAME
)

GRAPH = """\
params, weight = fresh(), torch.ones((), dtype=fresh()[0].dtype, requires_grad=True)
optimizer = mine(groups(params), **hyper[0])
for step, row in enumerate(gradients):
    set_lr(optimizer, step)
    for p, g in zip(params, row):
        p.grad = g * weight
    optimizer.step()
    for p in params:
        kept = [s for s in optimizer.state[p].values() if torch.is_tensor(s)]
        assert p.is_leaf and p.requires_grad and not any(s.requires_grad for s in kept), (p, kept)"""

book = OptimizerBook(waivable=True)


@book.law(lambda s: s.telling(groups=(1, s.max_groups)), share=FEW, doing="after p.data was given new memory")
def follows_its_parameters_into_new_memory(subject: Any, scenario: Scenario) -> Evidence:
    """If the memory of every parameter is replaced between two steps, by p.data = p.data.clone(), the run ends as it
    ends without that.

    module.to(...), loading and sharding give parameters new memory, and the parameter stays the same object. Views that
    were kept of the old memory move what nobody reads any more; state that is found by an address is lost.
    """
    expected = look(scenario, *subject.finished(scenario))
    params, half = scenario.fresh(), len(scenario.gradients) // 2
    optimizer = subject.optimizer(scenario, params)
    before, held = list[Tensor](), list[Tensor]()
    for step in range(len(scenario.gradients)):
        if step == half:
            before, held = copies(params), [p.data for p in params]
            for p in params:
                p.data = p.data.clone()
        scenario.begin(optimizer, step)
        scenario.set_gradients(params, step)
        subject.step(scenario, optimizer, params)
    try:
        return same(look(scenario, params, optimizer), expected, "in new memory: ", RENEWED)
    except Broken as broken:
        for name, p, old, start in zip(scenario.names(), params, held, before, strict=True):
            if same_bits(p.detach(), start) and not same_bits(old, start):
                broken.measured = f"after p.data was given new memory, a step moves the old memory of {name}"
        raise


@book.law(
    lambda s: s.telling(groups=(1, s.max_groups)), share=FEW, closing=GRAPH, doing="with gradients that have a graph"
)
def keeps_no_graph(subject: Any, scenario: Scenario) -> Evidence:
    """With gradients that have a graph, as backward(create_graph=True) leaves them, parameters stay leaves, and no
    state requires a gradient.

    State that is computed with autograd on keeps the graph of every step before alive: memory grows until the run ends,
    and a later backward goes through all updates.
    """
    params = scenario.fresh()
    optimizer = subject.optimizer(scenario, params)
    weight = torch.ones((), dtype=scenario.dtype, requires_grad=True)

    def gradient(step: int, index: int) -> Tensor:
        return scenario.given(step, index).to(scenario.dtype) * weight

    for step in subject.run(scenario, optimizer, params, gradient):
        for name, p in zip(scenario.names(), params, strict=True):
            if not (p.is_leaf and p.requires_grad):
                raise Broken(
                    f"step {step + 1}: {name}", "part of a graph", "a leaf that requires a gradient", closing=GRAPH,
                    measured=f"{name} is no leaf of autograd's graph after a step",
                )  # fmt: skip
            for key, value in state_tensors(optimizer, p).items():
                if value.requires_grad:
                    raise Broken(
                        f"step {step + 1}: {key} of {name}", "part of a graph", "apart from every graph", closing=GRAPH,
                        measured=f"{key} is computed with autograd on: it keeps the graph of the gradient alive",
                    )  # fmt: skip
    return Evidence(entries=sum(p.numel() for p in params))
