"""Optional packages: they are imported when needed, and the error for a missing one says how to install it."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

BASE = ""
"""instead of an extra: packages that every installation of mlp_core has, and that the core itself does not need"""


class MissingExtra(ImportError):
    """An optional package is missing or broken; the message says how to install it."""


def need(module: str, extra: str = "experiment") -> Any:
    """The module with that name. Raises MissingExtra if it is missing or cannot be imported. extra: the extra of
    mlp_core that installs it, or BASE.

    >>> need("no_such_package")
    Traceback (most recent call last):
    mlp_core.base.extras.MissingExtra: no_such_package is needed here and does not import (No module named \
'no_such_package'); pip install "mlp_core[experiment]"
    """
    try:
        return import_module(module)
    # a torchvision built for another torch fails with RuntimeError or AttributeError, a broken library with OSError
    except (ImportError, OSError, RuntimeError, AttributeError) as error:
        raise _missing(module, extra, str(error)) from error


def need_installed(module: str, extra: str = BASE) -> None:
    """Raises MissingExtra if no module with that name is installed. Nothing is imported, so that it takes no time.

    >>> need_installed("no_such_package")
    Traceback (most recent call last):
    mlp_core.base.extras.MissingExtra: no_such_package is needed here and does not import (it is not installed); \
pip install mlp_core
    """
    try:
        found = find_spec(module)
    except ImportError as error:
        raise _missing(module, extra, str(error)) from error
    if found is None:
        raise _missing(module, extra, "it is not installed")


def _missing(module: str, extra: str, why: str) -> MissingExtra:
    wanted = f'"mlp_core[{extra}]"' if extra else "mlp_core"
    return MissingExtra(f"{module} is needed here and does not import ({why}); pip install {wanted}", name=module)
