"""Options of `verify`, checked, and the first line of a command. Nothing here imports torch, so that a file in which
nothing is recognised is refused at once.
"""

from __future__ import annotations

import random
import sys
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from rich.console import Console

import mlp_core
from mlp_core.base.errors import ArgumentError

FORKS = sys.platform == "linux"
"""whether a process can be copied with everything it has imported; on other systems every worker would import torch
again, which takes as long as most laws"""

FILES_KEEP_NONE = "None for scripts and notebooks: they run in untrusted processes"
"""what is expected of a database of failing examples"""


def check_examples(examples: int | None) -> None:
    """Raises ArgumentError for an invalid number of examples. None means the default."""
    if examples is not None and (isinstance(examples, bool) or not isinstance(examples, int) or examples < 1):
        raise ArgumentError("examples", examples, "a positive whole number")


def check_positive(argument: str, number: int | None) -> None:
    """Raises ArgumentError for a number of processes or samples below 1. None means the default."""
    if number is not None and number < 1:
        raise ArgumentError(argument, number, "a positive whole number")


def seed_of(seed: int | str) -> int:
    """`seed` itself, or a new one for "random"."""
    if seed == "random":
        return random.SystemRandom().randrange(2**32)
    if isinstance(seed, bool) or not isinstance(seed, int):
        raise ArgumentError("seed", seed, 'an integer or "random"')
    return seed


def checked_there(subject: Any) -> list[Any]:
    """`verify.checked`, for another process: this one need not import the laws."""
    laws: list[Any] = import_module("mlp_core.testing.verification.verify").checked(subject)
    return laws


def announce(console: Console) -> None:
    """Say at once what runs here, because the first examples take a moment."""
    try:
        torch = version("torch")
    except PackageNotFoundError:  # built from source, and not installed as a package
        torch = str(import_module("torch").__version__)
    console.print(f"mlp_core {mlp_core.__version__}, torch {torch}", highlight=False)
