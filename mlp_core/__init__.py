"""mlp_core: a multi-layer perceptron with backpropagation and update rules by hand, and the laws they must obey."""

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

from mlp_core.base.lazy import Lazy

if TYPE_CHECKING:
    __version__: str
    from mlp_core import activations, gradcheck, losses, rules
    from mlp_core.backprop import backprop
    from mlp_core.base.errors import ArgumentError
    from mlp_core.model import MLP, Trace
    from mlp_core.training import History, fit

__all__ = [
    "MLP", "ArgumentError", "History", "Trace", "activations", "backprop", "fit", "gradcheck", "losses", "rules",
]  # fmt: skip

_where = {
    "MLP": "model", "ArgumentError": "base.errors", "History": "training", "Trace": "model", "backprop": "backprop",
    "fit": "training",
}  # fmt: skip
"""the modules that define the public names; the others are modules themselves"""


class _Package(Lazy):
    """This package. `mlp-core --help` does not wait for torch."""

    def __getattr__(self, name: str) -> Any:
        if name == "__version__":
            return _version()
        if name in __all__ and name not in _where:
            return import_module(f"{__name__}.{name}")
        return super().__getattr__(name)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *__all__})


def _version() -> str:
    """The version of the installed package, which comes from the tag, or "0.0.0" if only the sources are there."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("mlp_core")
    except PackageNotFoundError:
        return "0.0.0"


sys.modules[__name__].__class__ = _Package
