"""Constructors of subjects: wrap what you want to verify in one of these, or pass it to verify, which finds the
subject."""

import sys
from typing import TYPE_CHECKING

from mlp_core.base.lazy import Lazy

if TYPE_CHECKING:
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

_where = {
    "activation": "public_records", "arrays": "doors.arrays", "backprop": "public_gradients",
    "course": "public_gradients", "derivative": "doors.derivative", "function": "doors.function",
    "gradcheck": "public_gradients", "gradient": "public_gradients", "jacobian": "doors.value_and_gradient",
    "layer": "doors.layer", "loss": "public_records", "normalisation": "public_records", "objective": "doors.objective",
    "optimizer": "public_updates", "pair": "doors.pair", "rule": "public_updates", "script": "doors.script",
    "selection": "public_records", "training": "public_updates", "twin": "doors.twin", "update": "public_updates",
    "value_and_gradient": "doors.value_and_gradient",
}  # fmt: skip
"""the modules that define the public names"""

sys.modules[__name__].__class__ = Lazy
