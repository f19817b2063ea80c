"""The law of an optimizer about complex parameters, for code that mentions complex numbers."""

from __future__ import annotations

import inspect
import re
import sys
from typing import Any

import torch
from torch import Tensor

from mlp_core.testing.engine.evidence import Evidence
from mlp_core.testing.engine.guards import globals_kept
from mlp_core.testing.examples.sample import sample
from mlp_core.testing.examples.scenario import Scenario
from mlp_core.testing.laws.optimizers.book import FEW, OptimizerBook
from mlp_core.testing.laws.optimizers.driving import doubled
from mlp_core.testing.laws.optimizers.shared import agree

KNOWS = re.compile(r"view_as_real|is_complex|complex64|complex128")
"""how a file shows that its author considered complex parameters"""

PAIRS = """\
def end(turn):
    params = [turn(p.detach().double()).requires_grad_() for p in fresh()]
    optimizer = mine(groups(params), **hyper[0])
    for row in gradients:
        for p, g in zip(params, row):
            p.grad = turn(g.double())
        optimizer.step()
    return [torch.view_as_real(p.detach()) if p.is_complex() else p.detach() for p in params]
pair = lambda t: torch.stack([t, 1 - t / 2], -1)
for p, q in zip(end(lambda t: torch.view_as_complex(pair(t))), end(pair)):
    far = (p - q).abs() > 2**12 * torch.finfo(p.dtype).eps * (1 + q.abs())
    assert not far.any() and torch.equal(p.isnan(), q.isnan()), (p, q)"""

book = OptimizerBook(waivable=True)


def pair(t: Tensor) -> Tensor:
    """Two numbers for each complex one, in a last dimension."""
    return torch.stack([t, 1 - t / 2], -1)


def needs_complex_ones(subject: Any) -> str | None:
    if "complex" not in subject.memo:
        subject.memo["complex"] = _knows(subject)
    return str(subject.memo["complex"]) or None


def _knows(subject: Any) -> str:
    (scenario,) = sample(subject.telling(steps=(2, 2)), 1)
    if subject.no_others and not any(d.is_complex for d in subject.dtypes):
        return "its dtypes contain no complex one"
    with globals_kept():
        try:
            kinds = type(subject.optimizer(scenario, scenario.fresh())).__mro__
            own = [k for k in kinds if issubclass(k, torch.optim.Optimizer) and k is not torch.optim.Optimizer]
            files = {k.__module__: sys.modules[k.__module__] for k in own if k.__module__ in sys.modules}
            if not any(KNOWS.search(inspect.getsource(module)) for module in files.values()):
                return "its file does not mention complex numbers"
            _end(subject, scenario)
        except Exception as error:
            return f"it refuses complex parameters ({type(error.__cause__ or error).__name__})"
    return ""


def _end(subject: Any, scenario: Scenario) -> list[Tensor]:
    """The final complex parameters, as pairs."""

    def turn(t: Tensor) -> Tensor:
        return torch.view_as_complex(pair(t.double()))

    params = [turn(p.detach()).requires_grad_() for p in scenario.fresh()]
    optimizer = subject.optimizer(scenario, params)
    for _ in subject.run(scenario, optimizer, params, lambda step, index: turn(scenario.given(step, index))):
        pass
    return [torch.view_as_real(p.detach()) if p.is_complex() else p.detach() for p in params]


@book.law(
    lambda s: s.telling(dtypes=[torch.float64]), skip=needs_complex_ones, share=FEW, closing=PAIRS,
    doing="with complex parameters",
)  # fmt: skip
def takes_complex_numbers_as_pairs(subject: Any, scenario: Scenario) -> Evidence:
    """A complex parameter moves as a real parameter with one more dimension, which contains its real and imaginary
    parts. This is torch's convention. The law applies to optimizers whose file mentions complex numbers.

    The square of a complex gradient is not the square of its parts. An optimizer that forgets the real view in one
    place computes neither.
    """
    real = scenario.mapped(pair)
    expected = [p.detach() for p in subject.finished(real)[0]]
    closing = doubled(PAIRS)
    return agree(
        subject, real, scenario.names(), _end(subject, scenario), expected, what="complex, as pairs: ", closing=closing
    )  # fmt: skip
