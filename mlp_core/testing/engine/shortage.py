"""Recognises that memory ran out. Nothing is then known about the code that requested it."""

from __future__ import annotations

import torch

NO_MEMORY = "can't allocate memory"
"""torch's message on a CPU"""


def of_memory(error: BaseException | None) -> bool:
    """Whether an exception means that there is not enough memory."""
    if isinstance(error, (MemoryError, torch.OutOfMemoryError)):
        return True
    return isinstance(error, RuntimeError) and NO_MEMORY in str(error)
