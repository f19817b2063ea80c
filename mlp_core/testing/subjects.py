"""What can be verified: wrap it in one of these, or hand the plain thing to verify, which finds the subject."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mlp_core.activations import Activation
from mlp_core.backprop import backprop as own_backprop
from mlp_core.losses import Loss
from mlp_core.rules import UpdateRule
from mlp_core.testing.conduct import name_of
from mlp_core.testing.gradient_subjects import BATCH_SIZES, CourseSubject, GradientSubject
from mlp_core.testing.optimizer_subjects import OptimizerSubject, of_rule
from mlp_core.testing.record_laws import RecordSubject
from mlp_core.testing.training_subjects import NormalisationSubject, TrainingSubject


def backprop(function: Callable[..., Any], *, batch_sizes: tuple[int, int] = BATCH_SIZES) -> GradientSubject:
    """f(model, trace, dL_dy), which fills model.flat_grad, as mlp_core.backprop does.

    The core's own is held to autograd's bits; anybody else's to the rounding bound.
    """
    return GradientSubject(function, name_of(function), batch_sizes, to_the_bit=function is own_backprop)


def course(function: Callable[..., Any], *, batch_sizes: tuple[int, int] = BATCH_SIZES) -> CourseSubject:
    """f(model, y_true, y_pred), which fills model.dL_dw[l] and model.dL_db[l] for the squared error summed."""
    return CourseSubject(function, name_of(function), batch_sizes)


def rule(rule: type[UpdateRule] | UpdateRule) -> OptimizerSubject:
    """An UpdateRule, stepped by its own optimizer: a class with hyperparameters from its domains, or one instance."""
    return of_rule(rule)


def activation(record: Activation) -> RecordSubject:
    """An activation record: its derivative by hand, its kinks and its claims."""
    return RecordSubject(record)


def loss(record: Loss) -> RecordSubject:
    """A loss record: its derivative by hand."""
    return RecordSubject(record)


def training(fit: Callable[..., Any]) -> TrainingSubject:
    """A training loop with the signature of mlp_core.fit."""
    return TrainingSubject(fit, name_of(fit))


def normalisation(normalise: Callable[..., Any]) -> NormalisationSubject:
    """normalise(training, validation, test) -> (the three, normalised), record; images (N, C, H, W)."""
    return NormalisationSubject(normalise, name_of(normalise))
