"""mlp_core: a multi-layer perceptron with backpropagation and update rules by hand, and the laws they must obey."""

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

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

_WHERE = {
    "MLP": "model", "ArgumentError": "base.errors", "History": "training", "Trace": "model", "backprop": "backprop",
    "fit": "training",
}  # fmt: skip
"""the files of the names that are not files themselves"""


class _Package(ModuleType):
    """This package. It imports a public name when the name is first used, so that `mlp-core --help` does not wait for
    torch."""

    def __getattr__(self, name: str) -> Any:
        if name == "__version__":
            return _version()
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        module = import_module(f"{__name__}.{_WHERE.get(name, name)}")
        value = getattr(module, name) if name in _WHERE else module
        setattr(self, name, value)
        return value

    def __setattr__(self, name: str, value: Any) -> None:
        """Importing the file backprop.py puts it here under its name, which is the function's."""
        super().__setattr__(name, value.backprop if name == "backprop" and isinstance(value, ModuleType) else value)

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
