"""Recognises that the machine lacks something: memory, or a GPU. Nothing is then known about the code that needs it."""

from __future__ import annotations

import sys

NO_MEMORY = "can't allocate memory"
"""torch's message on a CPU"""


NO_DEVICE = (
    "Found no NVIDIA driver", "Torch not compiled with CUDA", "Torch not compiled with XPU",
    "No CUDA GPUs are available", "No HIP GPUs are available", "torch.cuda.is_available() is False",
    "The MPS backend is supported only on", "not linked with support for mps",
    "Cannot access accelerator device when none is available",
)
"""parts of torch's messages about a GPU that the machine does not have"""


def of_device(error: BaseException | None) -> bool:
    """Whether an exception means that the machine has no such GPU."""
    return isinstance(error, (RuntimeError, AssertionError)) and any(words in str(error) for words in NO_DEVICE)


def of_memory(error: BaseException | None) -> bool:
    """Whether an exception means that there is not enough memory."""
    torch = sys.modules.get("torch")  # without torch no error is torch's
    if isinstance(error, (MemoryError, *([torch.OutOfMemoryError] if torch else []))):
        return True
    return isinstance(error, RuntimeError) and NO_MEMORY in str(error)
