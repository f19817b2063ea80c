"""From a thing to its subject: a function, told by its parameters, a rule, a record, an optimizer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from mlp_core.activations import Activation
from mlp_core.base.errors import ArgumentError, Described
from mlp_core.losses import Loss
from mlp_core.rules import UpdateRule
from mlp_core.testing import subjects
from mlp_core.testing.subjects import gradients as gradient_subjects
from mlp_core.testing.subjects.heads import Head

BATCH_SIZES = gradient_subjects.BATCH_SIZES


def resolve(thing: Any, batch_sizes: tuple[int, int] = BATCH_SIZES) -> Any:
    """The subject for `thing`: a subject, a function (told by its parameter names), an UpdateRule class or instance,
    a torch.optim.Optimizer class, an activation or loss record, a name of the core's, or "package.module:Name".

    Raises ArgumentError where nothing of the kind is recognised.
    """
    if hasattr(thing, "snippet") and not isinstance(thing, type):
        return thing
    if isinstance(thing, UpdateRule) or (isinstance(thing, type) and issubclass(thing, UpdateRule)):
        return subjects.rule(thing)
    if isinstance(thing, type) and issubclass(thing, torch.optim.Optimizer):
        return subjects.optimizer(thing)
    if isinstance(thing, Activation):
        return subjects.activation(thing)
    if isinstance(thing, Loss):
        return subjects.loss(thing)
    head = Head.of(thing)
    form = None if head is None else head.form()
    if form is not None:
        return _of_form(form, thing, batch_sizes)
    parameters = [] if head is None else [*head.positional, *["*"] * bool(head.others), *head.others]
    told = f" (its parameters are {', '.join(parameters)})" if parameters else ""
    raise ArgumentError(
        "subject", Described(f"{thing!r}{told}"),
        "f(model, trace, dL_dy), f(model, y_true, y_pred), an UpdateRule, a torch.optim.Optimizer class, an activation "
        "or loss record, a training loop, a gradient check, a normalisation, a selection, a name of the core's or "
        "'package.module:Name'; wrap all else in mlp_core.testing.subjects",
    )  # fmt: skip


def _of_form(form: str, function: Any, batch_sizes: tuple[int, int]) -> Any:
    makers: dict[str, Callable[[Any], Any]] = {
        "backprop": lambda f: subjects.backprop(f, batch_sizes=batch_sizes),
        "course": lambda f: subjects.course(f, batch_sizes=batch_sizes),
        "training": subjects.training, "normalisation": subjects.normalisation, "gradcheck": subjects.gradcheck,
        "selection": subjects.selection,
    }  # fmt: skip
    return makers[form](function)
