"""Runs of hundreds of steps on a few entries, described briefly: a seed generates their gradients."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import torch

from mlp_core.testing.examples.scenario import Scenario

MADE = """\
sign, generator = gradients[0][0].sign(), torch.Generator().manual_seed({seed})
noise = torch.rand({steps}, *sign.shape, generator=generator, dtype=torch.float64)
gradients = [[(row * sign.double()).to(sign.dtype)] for row in {centre} + 2 * {wide} * (noise - 0.5)]
lr_factors = [1.0] * len(gradients)"""


@dataclass(frozen=True)
class LongRun:
    """A scenario with one parameter. Its many gradients are centre, plus or minus up to `wide`, times the sign of the
    only gradient in `begin`.
    """

    begin: Scenario
    seed: int
    steps: int
    centre: float
    wide: float

    @cached_property
    def scenario(self) -> Scenario:
        ((first,),) = self.begin.gradients
        assert first is not None
        sign = first.to(self.begin.dtype).sign().double()
        generator = torch.Generator().manual_seed(self.seed)
        noise = torch.rand(self.steps, *sign.shape, generator=generator, dtype=torch.float64)
        made = self.centre + 2 * self.wide * (noise - 0.5)
        gradients = tuple((row * sign,) for row in made)
        return replace(self.begin, gradients=gradients, lr_factors=(1.0,) * self.steps)

    def describe(self) -> str:
        about = f"gradients of {self.centre} +- {self.wide} (seed {self.seed}), {self.steps} times"
        return f"{about}; {self.begin.describe()}"

    def setup(self) -> list[str]:
        """Python lines that build the same run."""
        made = MADE.format(seed=self.seed, steps=self.steps, centre=self.centre, wide=self.wide)
        return [*self.begin.setup(), *made.splitlines()]
