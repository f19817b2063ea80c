"""What only some commands need is imported here, when it is needed, and missed with the way to get it."""

from __future__ import annotations

from importlib import import_module
from typing import Any


class MissingExtra(ImportError):
    """A package of an extra is missing or broken; the message says how to install it."""


def need(module: str, extra: str = "experiment") -> Any:
    """The module of that name. Raises MissingExtra where it is missing or cannot be imported.

    >>> need("no_such_package")
    Traceback (most recent call last):
    mlp_core.experiment.extras.MissingExtra: no_such_package is needed here and does not import (No module named \
'no_such_package'); pip install "mlp_core[experiment]"
    """
    try:
        return import_module(module)
    # a torchvision built for another torch fails with RuntimeError or AttributeError, a broken library with OSError
    except (ImportError, OSError, RuntimeError, AttributeError) as error:
        reason = f'{module} is needed here and does not import ({error}); pip install "mlp_core[{extra}]"'
        raise MissingExtra(reason, name=module) from error
