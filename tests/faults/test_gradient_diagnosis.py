"""A wrong backpropagation's mistake is named in its own words, and nothing is named if no known mistake fits."""

from __future__ import annotations

from typing import Any

import pytest

from mlp_core import MLP, Trace, backprop
from mlp_core.testing.diagnosis.gradients import diagnose
from mlp_core.testing.engine.guards import globals_kept
from mlp_core.testing.faults.catalogue import Fault
from mlp_core.testing.faults.gradients import conduct as conduct
from mlp_core.testing.faults.gradients import course, derivatives, products, upstream
from mlp_core.testing.faults.gradients import flow as flows
from mlp_core.testing.faults.gradients.course import right_for_batches
from mlp_core.testing.verification.names import resolve

NAMED = {
    "turns_the_sign", "forgets_the_derivative", "tanh_as_a_sigmoid", "weight_from_z", "weight_averaged",
    "bias_gradient_of_the_first_sample", "flow_without_the_derivative", "adds_to_what_the_buffer_held",
    "drags_the_graph_along", "takes_every_activation_for_relu", "weight_from_the_layers_own_output",
    "flow_overwritten_while_needed", "course_leaves_the_first_of_several_layers_out",
    "course_changes_its_prediction", "course_takes_the_step_itself", "course_keeps_adding",
    "course_in_single_precision",
}  # fmt: skip
FAULTS = [
    f
    for kind in (upstream, derivatives, products, flows, conduct, course)
    for f in kind.CATALOGUE.faults
    if f.name in NAMED
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_mistake_is_named_in_its_own_words(fault: Fault) -> None:
    with globals_kept():
        named = diagnose(fault.subject, [])
    assert named is not None
    assert named.startswith(fault.words)


def cubes_its_gradient(model: MLP, trace: Trace, dL_dy: Any) -> None:
    backprop(model, trace, dL_dy)
    model.flat_grad.pow_(3)


@pytest.mark.parametrize("function", [cubes_its_gradient, backprop, right_for_batches], ids=lambda f: f.__name__)
def test_nothing_is_named_where_no_known_mistake_fits(function: Any) -> None:
    assert diagnose(resolve(function), []) is None
