"""Losses that training functions compute themselves, as lines of Python: the same line is tried and printed in
snippets."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import torch
from torch import Tensor

HOT = "torch.nn.functional.one_hot(y, o.shape[1])"

OF_CLASSES = (
    "torch.nn.CrossEntropyLoss()",
    "torch.nn.CrossEntropyLoss(reduction='sum')",
    "torch.nn.NLLLoss()",
    "torch.nn.NLLLoss(reduction='sum')",
    f"lambda o, y: ((o - {HOT}) ** 2).mean()",
    f"lambda o, y: ((o - {HOT}) ** 2).sum()",
    f"lambda o, y: ((o - {HOT}) ** 2).sum() / 2",
    f"lambda o, y: ((o - {HOT}) ** 2).sum(1).mean()",
    f"lambda o, y: ((o - {HOT}) ** 2).sum(1).mean() / 2",
    f"lambda o, y: torch.nn.functional.binary_cross_entropy_with_logits(o, {HOT}.to(o))",
    "torch.nn.MultiMarginLoss()",
)
"""of outputs (n, c) and labels (n,)"""

OF_VALUES = (
    "torch.nn.MSELoss()",
    "torch.nn.MSELoss(reduction='sum')",
    "lambda o, y: ((o - y) ** 2).sum() / 2",
    "lambda o, y: ((o - y) ** 2).mean() / 2",
    "torch.nn.L1Loss()",
    "torch.nn.L1Loss(reduction='sum')",
    "torch.nn.SmoothL1Loss()",
    "torch.nn.HuberLoss()",
    "torch.nn.BCEWithLogitsLoss()",
)
"""of outputs and values (n, 1)"""


@cache
def loss_of(line: str) -> Callable[[Tensor, Tensor], Tensor]:
    """The function that a line defines.

    >>> loss_of(OF_VALUES[2])(torch.tensor([[3.0]]), torch.tensor([[1.0]]))
    tensor(2.)
    """
    made: Callable[[Tensor, Tensor], Tensor] = eval(line, {"torch": torch})  # noqa: S307  a line of the tables above
    return made
