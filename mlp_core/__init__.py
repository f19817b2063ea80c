"""mlp_core: a multi-layer perceptron with backpropagation and update rules by hand, and the laws they must obey."""

from importlib.metadata import PackageNotFoundError, version

from mlp_core import activations, gradcheck, losses, rules
from mlp_core.backprop import backprop
from mlp_core.base.errors import ArgumentError
from mlp_core.model import MLP, Trace
from mlp_core.training import History, fit

try:
    __version__ = version("mlp_core")  # made of the tag
except PackageNotFoundError:  # a copy of the sources that is not installed
    __version__ = "0.0.0"
__all__ = [
    "MLP", "ArgumentError", "History", "Trace", "activations", "backprop", "fit", "gradcheck", "losses", "rules",
]  # fmt: skip
