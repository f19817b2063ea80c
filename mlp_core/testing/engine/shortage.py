"""Recognises that memory ran out. Nothing is then known about the code that requested it."""

from __future__ import annotations

import sys

NO_MEMORY = "can't allocate memory"
"""torch's message on a CPU"""


def of_memory(error: BaseException | None) -> bool:
    """Whether an exception means that there is not enough memory."""
    torch = sys.modules.get("torch")  # without torch no error is torch's
    if isinstance(error, (MemoryError, *([torch.OutOfMemoryError] if torch else []))):
        return True
    return isinstance(error, RuntimeError) and NO_MEMORY in str(error)
