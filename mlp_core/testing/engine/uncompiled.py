"""A stand-in for torch's compiler. Every step of a torch optimizer imports the compiler, only to pause it.

The import takes one to four seconds in a process that compiles nothing. The stand-in has the two functions that
optimizers call. Code that reads any other attribute gets the compiler itself, which is then imported and replaces the
stand-in. It is only for processes that verify the core's own code against torch's optimizers, never for those that run
other people's code.
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
        """Does nothing. Outside of a compiled function the compiler's version does nothing either."""

    @staticmethod
    def disable(function: Any, *_: Any, **__: Any) -> Any:
        """Returns the function itself, because nothing is compiled."""
        return function

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name != "__path__":  # code that looks through all modules reads their __file__
            raise AttributeError(name)
        if sys.modules.get(NAME) is self:
            del sys.modules[NAME]
            del torch._dynamo
        return getattr(import_module(NAME), name)


def without_compiler() -> None:
    """After this call, torch optimizers in this process do not import the compiler. Code that needs it still imports
    it.
    """
    if NAME not in sys.modules:
        sys.modules[NAME] = torch._dynamo = _StandIn(NAME)
