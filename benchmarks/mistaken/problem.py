"""The training runs of the gallery: one small problem, two curves for each mistake, with the mistake and without."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor

from mlp_core import MLP
from mlp_core.activations import Activation
from mlp_core.testing.engine.evidence import Broken, Raised

STEPS = 60
SIZES = (2, 8, 8, 2)
"""two layers of equal width, so that a forgotten transpose runs"""

VISIBLE = 0.05
"""difference of two curves in powers of ten, from which on one sees it: 12 %"""


@dataclass(frozen=True)
class Curves:
    """The loss over all samples after each step, without the mistake and with it."""

    right: tuple[float, ...]
    wrong: tuple[float, ...]
    setting: str = ""
    raised: str = ""

    @property
    def difference(self) -> float:
        """The largest distance of the curves, in powers of ten; infinite if the mistake ends the run."""
        if self.raised or not all(map(math.isfinite, self.wrong)):
            return math.inf
        pairs = zip(self.right, self.wrong, strict=False)
        return max((abs(math.log10((b + 1e-300) / (a + 1e-300))) for a, b in pairs), default=0.0)

    @property
    def words(self) -> str:
        """What one sees."""
        if self.raised:
            return f"stops with {self.raised}"
        if self.difference < VISIBLE:
            return "looks the same"
        if not all(map(math.isfinite, self.wrong)) or self.wrong[-1] > 100 * self.right[0]:
            return "diverges"
        ratio = self.wrong[-1] / self.right[-1]
        if self.wrong[-1] > self.right[0]:
            return "rises"
        if 1 / 1.12 < ratio < 1.12:
            return "differs on the way, ends the same"
        return f"ends {ratio:.2g} times as high" if ratio > 1 else f"ends lower, at {ratio:.2g} of the correct loss"


def clearest(several: Iterator[Curves]) -> Curves | None:
    """The first pair of curves that one can tell apart; else those that differ most."""
    best: Curves | None = None
    for curves in several:
        if best is None or curves.difference > best.difference:
            best = curves
        if VISIBLE < curves.difference < math.inf:
            return curves
    return best


@cache
def data() -> tuple[Tensor, Tensor]:
    """x (64, 2) and y (64, 2), between -1 and 1."""
    generator = torch.Generator().manual_seed(3)
    x = 2 * torch.rand(64, 2, generator=generator, dtype=torch.float64) - 1
    return x, torch.stack([torch.sin(3 * x[:, 0]), x[:, 0] * x[:, 1]], 1)


def network(activation: str | Activation = "tanh") -> MLP:
    """The same weights every time."""
    generator = torch.Generator().manual_seed(0)
    return MLP(list(SIZES), activation=activation, dtype=torch.float64, generator=generator)


def batches() -> Iterator[slice]:
    """Four batches of 16, over and over."""
    return (slice(16 * (step % 4), 16 * (step % 4) + 16) for step in range(STEPS))


def tried(run: Callable[[], list[float]]) -> tuple[tuple[float, ...], str]:
    """A curve, and what ended it."""
    try:
        return tuple(run()), ""
    except Raised as error:
        return (), str(error.got).partition(":")[0]  # the name of what the code itself raised
    except Broken:
        return (), "a gradient of a wrong form"
    except Exception as error:
        return (), type(error).__name__
