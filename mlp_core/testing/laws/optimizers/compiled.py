"""The law of an optimizer about torch.compile: the compiled step computes the same."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from mlp_core.testing.engine.evidence import Broken, Evidence
from mlp_core.testing.examples.scenario import Scenario
from mlp_core.testing.laws.optimizers.book import OptimizerBook
from mlp_core.testing.laws.optimizers.shared import agree, claimed

ONCE = 0.01
"""the share of the examples: tracing takes seconds, and one example shows a mistake"""

BACKEND = "eager"
"""the backend to which torch.compile passes the traced step: it needs no compiler, and computes with the same
kernels"""

COMPILED = """\
*_, (params, optimizer) = run(mine)
expected = look(params, optimizer, "{name}")[{index}].item()
def compiled(params, **own):
    optimizer = mine(params, **own)
    optimizer.step = torch.compile(optimizer.step, backend="eager")
    return optimizer
*_, (params, optimizer) = run(compiled)
got = look(params, optimizer, "{name}")[{index}].item()
assert abs(got - expected) <= {bound} or got == expected or got != got and expected != expected, (got, expected)"""

book = OptimizerBook(waivable=True)


@contextmanager
def compiling() -> Iterator[None]:
    """A context in which torch.compile starts with nothing traced and prints nothing; afterwards its caches are
    cleared.
    """
    level = logging.root.manager.disable
    torch.compiler.reset()
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch warns about code that it does not trace
            yield
    finally:
        logging.disable(level)
        torch.compiler.reset()


def _end(subject: Any, scenario: Scenario) -> list[Tensor]:
    """The parameters after all steps, each by the compiled step."""
    params = scenario.fresh()
    optimizer = subject.optimizer(scenario, params)
    with compiling():
        optimizer.step = torch.compile(optimizer.step, backend=BACKEND)
        for _ in subject.run(scenario, optimizer, params):
            pass
    return [p.detach() for p in params]


@book.law(
    lambda s: s.telling(steps=(3, 3), per_group=(2, 2)), share=ONCE, closing=COMPILED, doing="with its step compiled",
    skip=claimed("compiles", "torch.compile(optimizer.step) computes the same; the law takes some seconds"),
)  # fmt: skip
def steps_the_same_when_it_is_compiled(subject: Any, scenario: Scenario) -> Evidence:
    """With torch.compile(optimizer.step) all parameters move as with the plain step. In float32, because torch computes
    bias corrections in float32 there.

    A compiled step is other code: branches for torch.compiler.is_compiling(), numbers that become tensors, and values
    that are frozen when the step is traced.
    """
    if torch.float32 in subject.dtypes:
        scenario = replace(scenario, dtype=torch.float32)
    expected = [p.detach() for p in subject.finished(scenario)[0]]
    got = _end(subject, scenario)
    try:
        return agree(subject, scenario, scenario.names(), got, expected, what="compiled: ", closing=COMPILED)
    except Broken as broken:
        place = broken.where.removeprefix("compiled: ")
        broken.measured = f"torch.compile changes what step does: {place} is {broken.got}, not {broken.expected}"
        raise
