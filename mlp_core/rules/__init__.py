"""Update rules: one per file, found automatically.

Every module of this package whose name does not begin with an underscore contains one UpdateRule and is named after it.
It is imported when its rule is first used.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from mlp_core.base.errors import ArgumentError, unknown
from mlp_core.rules._domains import Typical
from mlp_core.rules._optimizer import RuleOptimizer
from mlp_core.rules._rule import UpdateRule

__all__ = ["RuleOptimizer", "Typical", "UpdateRule", "get", "names"]


_names = tuple(m.name for m in iter_modules(__path__) if not m.name.startswith("_"))


@cache
def _rule_of(module_name: str) -> type[UpdateRule]:
    module = import_module(f"{__name__}.{module_name}")
    found = [
        value for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, UpdateRule) and value.__module__ == module.__name__
    ]  # fmt: skip
    if len(found) != 1:
        raise ArgumentError(f"mlp_core/rules/{module_name}.py", [r.__name__ for r in found], "exactly one UpdateRule")
    return found[0]


def names() -> tuple[str, ...]:
    """The names of all rules: those of the files in this package."""
    return _names


def get(name: str | type[UpdateRule]) -> type[UpdateRule]:
    """The rule called `name`; a rule itself is returned unchanged.

    Raises ArgumentError for an unknown name, with the nearest known one.

    >>> get("sgd")(lr=0.1, momentum=0.9)
    SGD(lr=0.1, momentum=0.9, dampening=0.0, weight_decay=0.0, nesterov=False, maximize=False)
    """
    if isinstance(name, type) and issubclass(name, UpdateRule):
        return name
    if not isinstance(name, str) or name not in _names:
        raise unknown("rule", name, _names)
    return _rule_of(name)
