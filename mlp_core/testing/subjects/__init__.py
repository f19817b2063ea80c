"""Constructors of subjects: wrap what you want to verify in one of these, or pass it to verify, which finds the
subject."""

from mlp_core.testing.subjects.doors.arrays import arrays
from mlp_core.testing.subjects.doors.derivative import derivative
from mlp_core.testing.subjects.doors.function import function
from mlp_core.testing.subjects.doors.layer import layer
from mlp_core.testing.subjects.doors.objective import objective
from mlp_core.testing.subjects.doors.pair import pair
from mlp_core.testing.subjects.doors.script import script
from mlp_core.testing.subjects.doors.twin import twin
from mlp_core.testing.subjects.doors.value_and_gradient import jacobian, value_and_gradient
from mlp_core.testing.subjects.public_gradients import backprop, course, gradcheck, gradient
from mlp_core.testing.subjects.public_records import activation, loss, normalisation, selection
from mlp_core.testing.subjects.public_updates import optimizer, rule, training, update

__all__ = [
    "activation", "arrays", "backprop", "course", "derivative", "function", "gradcheck", "gradient", "jacobian",
    "layer", "loss", "normalisation", "objective", "optimizer", "pair", "rule", "script", "selection", "training",
    "twin", "update", "value_and_gradient",
]  # fmt: skip
