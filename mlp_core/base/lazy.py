"""Packages that import a public name when the name is first used, and functions that are imported when they are first
called, so that no command waits for libraries that it does not need."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from types import ModuleType
from typing import Any


class Lazy(ModuleType):
    """A package whose `_where` says which of its modules defines each public name. A package makes itself one by
    `sys.modules[__name__].__class__ = Lazy`.
    """

    _where: Mapping[str, str]
    """module, relative to the package, by the public name that it defines"""

    def __getattr__(self, name: str) -> Any:
        where = vars(self).get("_where", {})
        if name not in where:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        value = getattr(import_module(f"{self.__name__}.{where[name]}"), name)
        setattr(self, name, value)
        return value

    def __setattr__(self, name: str, value: Any) -> None:
        """Python puts an imported module into its package. A public name of the same spelling is not replaced by it."""
        if not (isinstance(value, ModuleType) and name in vars(self).get("_where", {})):
            super().__setattr__(name, value)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *vars(self).get("_where", {})})


def later(module: str, name: str) -> Callable[..., Any]:
    """A function that imports the function `name` of a module when it is called, and calls it.

    >>> later("math", "hypot")(3, 4)
    5.0
    """

    def call(*args: Any, **options: Any) -> Any:
        return getattr(import_module(module), name)(*args, **options)

    return call
