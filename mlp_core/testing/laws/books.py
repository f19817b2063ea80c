"""Which laws apply to a subject: the books of its kind, in the order of a report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from mlp_core.activations import Activation
from mlp_core.base.errors import ArgumentError, unknown
from mlp_core.testing.engine.law import Law
from mlp_core.testing.engine.runner import run
from mlp_core.testing.laws import (
    activations,
    doors,
    functions,
    gradchecks,
    gradients,
    losses,
    normalisations,
    objectives,
    optimizers,
    scripts,
    selections,
    training,
    twins,
    updates,
)
from mlp_core.testing.subjects.doors.form import Form
from mlp_core.testing.subjects.doors.function import FunctionForm
from mlp_core.testing.subjects.doors.objective import ObjectiveSubject
from mlp_core.testing.subjects.doors.script import ScriptSubject
from mlp_core.testing.subjects.doors.twin import TwinSubject
from mlp_core.testing.subjects.functions import FunctionSubject
from mlp_core.testing.subjects.gradchecks import GradcheckSubject
from mlp_core.testing.subjects.gradients import GradientSubject
from mlp_core.testing.subjects.normalisations import NormalisationSubject
from mlp_core.testing.subjects.optimizers import OptimizerSubject
from mlp_core.testing.subjects.records import RecordSubject
from mlp_core.testing.subjects.selections import SelectionSubject
from mlp_core.testing.subjects.training import TrainingSubject
from mlp_core.testing.subjects.training_functions import TrainerSubject
from mlp_core.testing.subjects.updates import UpdateSubject


def books_of(subject: Any) -> Sequence[Any]:
    """The modules whose laws apply to subjects of this kind."""
    match subject:
        case GradientSubject():
            return gradients.BOOKS
        case UpdateSubject():
            return updates.BOOKS
        case OptimizerSubject(twin=twin):
            return (optimizers.TWIN if twin else optimizers.REFERENCE, *optimizers.BOOKS)
        case TrainingSubject():
            return training.BOOKS
        case TrainerSubject():
            return training.FUNCTIONS
        case RecordSubject(record=Activation()):
            return (activations.book,)
        case RecordSubject():
            return (losses.book,)
        case FunctionForm():
            return doors.FUNCTION
        case Form():
            return doors.BOOKS
        case FunctionSubject():
            return functions.BOOKS
        case ObjectiveSubject():
            return objectives.BOOKS
        case ScriptSubject():
            return (scripts.book,)
        case TwinSubject():
            return (twins.book,)
        case GradcheckSubject():
            return (gradchecks.book,)
        case NormalisationSubject():
            return (normalisations.book,)
        case SelectionSubject():
            return (selections.book,)
    raise ArgumentError("subject", subject, "one of mlp_core.testing.subjects")


def laws_of(subject: Any, runs: Callable[..., Any] = run) -> list[Law]:
    """The laws of a subject, checked by `runs`; waived laws are skipped."""
    laws, waived = [law for book in books_of(subject) for law in book.laws], getattr(subject, "waived", ())
    for name in waived:
        if name not in (names := [law.name for law in laws]):
            raise unknown("law to be waived", name, names)
    return [(law.waived() if law.name in waived else law).bind(subject, runs) for law in laws]
