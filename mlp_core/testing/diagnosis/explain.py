"""Explains a failure beyond its numbers: the mistake in words, and what can be drawn."""

from __future__ import annotations

from typing import Any

from mlp_core.testing.diagnosis import doors, functions, gradients, objectives, optimizers, scripts, training, twins
from mlp_core.testing.diagnosis.picture import exhibit
from mlp_core.testing.engine.evidence import Broken
from mlp_core.testing.examples.problem import Problem
from mlp_core.testing.subjects.doors.form import Form
from mlp_core.testing.subjects.doors.objective import ObjectiveSubject
from mlp_core.testing.subjects.doors.script import ScriptSubject
from mlp_core.testing.subjects.doors.twin import TwinSubject
from mlp_core.testing.subjects.functions import FunctionSubject
from mlp_core.testing.subjects.gradients import GradientSubject
from mlp_core.testing.subjects.optimizers import OptimizerSubject
from mlp_core.testing.subjects.training_functions import TrainerSubject


def explain(subject: Any, example: Any, broken: Broken) -> tuple[str | None, dict[str, Any] | None]:
    """The known mistake that reproduces the subject's behaviour, and an Exhibit of the example; each is None if there
    is none.
    """
    at = broken.example or example
    if isinstance(subject, OptimizerSubject):
        return optimizers.diagnose(subject, example, broken) or broken.measured or None, None
    if isinstance(subject, ScriptSubject):
        return scripts.diagnose(subject, broken), None
    if isinstance(subject, TwinSubject):
        return twins.diagnose(subject, at, broken), None
    if isinstance(subject, ObjectiveSubject):
        return objectives.diagnose(subject, at, broken), None
    if isinstance(subject, TrainerSubject):
        return training.diagnose(subject, example, broken), None
    if isinstance(subject, Form):
        return broken.measured or doors.diagnose(subject, [*broken.others, at]), None
    if isinstance(subject, FunctionSubject):
        return broken.measured or functions.diagnose(subject, [*broken.others, at]), None
    if not isinstance(subject, GradientSubject):
        return None, None
    return gradients.diagnose(subject, [at, *broken.others]), exhibit(subject, at) if isinstance(at, Problem) else None
