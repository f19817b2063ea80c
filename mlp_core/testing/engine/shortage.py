"""Whether memory ran out: then nothing is known about the code that asked for it."""

from __future__ import annotations

import torch

NO_MEMORY = "can't allocate memory"
"""how torch says on a CPU that there is none"""


def of_memory(error: BaseException | None) -> bool:
    """Whether an exception says that there is not enough memory."""
    if isinstance(error, (MemoryError, torch.OutOfMemoryError)):
        return True
    return isinstance(error, RuntimeError) and NO_MEMORY in str(error)
