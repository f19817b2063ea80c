"""A stand-in for torch's compiler, which every step of an optimizer of torch's imports, only to say that it may pause.

The import takes one to four seconds of a process that compiles nothing. The stand-in has the two functions that
optimizers call. Whoever asks it for more gets the compiler itself, which is then imported and takes its place. For
processes that verify what is the core's own, beside twins out of torch; never for those that run other people's code.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any

import torch

NAME = "torch._dynamo"


class _StandIn(ModuleType):
    @staticmethod
    def graph_break(*_: Any, **__: Any) -> None:
        """Outside of a compiled function the compiler's does nothing either."""

    @staticmethod
    def disable(function: Any, *_: Any, **__: Any) -> Any:
        """What is not to be compiled is what it is, where nothing is."""
        return function

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name != "__path__":  # who looks through all modules asks for their __file__
            raise AttributeError(name)
        if sys.modules.get(NAME) is self:
            del sys.modules[NAME]
            del torch._dynamo
        return getattr(import_module(NAME), name)


def without_compiler() -> None:
    """From now on, in this process, optimizers of torch's do not import its compiler; what needs it does."""
    if NAME not in sys.modules:
        sys.modules[NAME] = torch._dynamo = _StandIn(NAME)
