"""mlp_core: a multi-layer perceptron with backpropagation and update rules by hand, and the laws they must obey."""

from mlp_core import activations, gradcheck, losses, rules
from mlp_core.backprop import backprop
from mlp_core.base.errors import ArgumentError
from mlp_core.model import MLP, Trace
from mlp_core.training import History, fit

__version__ = "0.1.0"
__all__ = [
    "MLP", "ArgumentError", "History", "Trace", "activations", "backprop", "fit", "gradcheck", "losses", "rules",
]  # fmt: skip
