"""The laws of an optimizer about parameters with new memory, and about gradients that have an autograd graph."""

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
    """If p.data = p.data.clone() replaces the memory of every parameter between two steps, the run ends with the same
    numbers.

    module.to(...), loading and sharding give a parameter new memory, and the parameter stays the same object. An
    optimizer that keeps views of the old memory then updates numbers that no model reads. If it finds its state by a
    memory address, the state is lost.
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
                broken.measured = f"after p.data has new memory, a step still writes to the old memory of {name}"
        raise


@book.law(
    lambda s: s.telling(groups=(1, s.max_groups)), share=FEW, closing=GRAPH, doing="with gradients that have a graph",
    beside="it says that a graph is kept; other laws only report an error, or a different state",
)  # fmt: skip
def keeps_no_graph(subject: Any, scenario: Scenario) -> Evidence:
    """If the gradients have an autograd graph, as after backward(create_graph=True), the parameters stay leaves and no
    state requires a gradient.

    If the state is computed with autograd enabled, it keeps the graphs of all earlier steps. Memory grows with every
    step, and a later backward goes through all updates.
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
                    f"step {step + 1}: {name}", "part of an autograd graph", "a leaf that requires a gradient",
                    closing=GRAPH,
                    measured=f"after a step {name} is not a leaf any more: the step runs with autograd enabled",
                )  # fmt: skip
            for key, value in state_tensors(optimizer, p).items():
                if value.requires_grad:
                    raise Broken(
                        f"step {step + 1}: {key} of {name}", "part of an autograd graph", "a tensor without a graph",
                        closing=GRAPH,
                        measured=f"{key} is computed with autograd enabled, and keeps the graph of the gradient",
                    )  # fmt: skip
    return Evidence(entries=sum(p.numel() for p in params))
