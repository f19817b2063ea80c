"""The catalogue of known mistakes. Laws are measured by it, and a diagnosis chooses from it.

An entry has a cited occurrence or its own place in a formula; no two have the same law, place and numbers. Every module
of this package that defines a CATALOGUE is part of it.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import walk_packages
from typing import Any

import torch

from mlp_core.rules import UpdateRule
from mlp_core.testing.faults.catalogue import Catalogue, Fault

_modules = [import_module(module.name) for module in walk_packages(__path__, f"{__name__}.")]

KINDS: tuple[Any, ...] = tuple(m for m in _modules if isinstance(getattr(m, "CATALOGUE", None), Catalogue))
"""the modules with a CATALOGUE"""


def every() -> list[Fault]:
    """All known mistakes.

    >>> "bias_gradient_of_the_first_sample" in [fault.name for fault in every()]
    True
    """
    return [fault for kind in KINDS for fault in kind.CATALOGUE.faults]


def of_rules() -> list[Fault]:
    """The mistakes of update rules and optimizers."""
    made = UpdateRule, torch.optim.Optimizer
    return [fault for fault in every() if isinstance(fault.right, type) and issubclass(fault.right, made)]
