"""Shared by the laws of objectives: the comparison of entries with derivatives."""

from __future__ import annotations

import torch
from torch import Tensor

from mlp_core.testing.engine.compare import compare
from mlp_core.testing.engine.evidence import Evidence
from mlp_core.testing.oracles.entries import Derivatives


def held(name: str, got: Tensor, found: Derivatives, own: Tensor, closing: str) -> Evidence:
    """Compare every entry with a derivative. Entries for which it is too uncertain are skipped and counted. Raises
    Broken."""
    admitted = found.admits(got, own)
    spoken = found.telling | (found.kink & ~admitted) | (got == found.value)
    outside = torch.where(got < found.low, found.low, found.high)
    expected = torch.where(found.kink, outside, found.value)
    near = torch.where(spoken & ~(found.kink & admitted), got, expected)
    limit = torch.where(found.kink, own, found.bound + own).nan_to_num(nan=0.0, posinf=0.0)
    expected = torch.where(spoken, expected, near)
    evidence = compare([name], [near], [expected], [limit], closing=closing)
    evidence.skipped = int((~spoken).sum())
    evidence.entries -= evidence.skipped
    evidence.counted = evidence.entries > 0
    return evidence
