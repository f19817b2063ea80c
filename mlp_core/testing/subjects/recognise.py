"""From the plain thing to the subject: a function, a rule, a record, a name."""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path
from typing import Any

import torch

from mlp_core import activations, losses, rules
from mlp_core.activations import Activation
from mlp_core.errors import ArgumentError, Described, unknown
from mlp_core.losses import Loss
from mlp_core.rules import UpdateRule
from mlp_core.testing import gradient_subjects, subjects

BATCH_SIZES = gradient_subjects.BATCH_SIZES


def core_subjects() -> dict[str, Any]:
    """Everything of the core that can be verified, by name."""
    from mlp_core.backprop import backprop
    from mlp_core.experiment.normalise import normalise
    from mlp_core.experiment.select import select
    from mlp_core.gradcheck import check_model
    from mlp_core.training import fit

    return {
        "backprop": backprop, "fit": fit, "gradcheck": check_model, "normalise": normalise, "select": select,
        **{name: rules.get(name) for name in rules.names()},
        **{name: losses.get(name) for name in losses.names()},
        **{name: activations.get(name) for name in activations.names()},
    }  # fmt: skip


def default_subjects() -> list[str]:
    """What is verified when nobody says what: the core's backprop, its training loop, and every rule."""
    return ["backprop", "fit", *rules.names()]


def resolve(thing: Any, batch_sizes: tuple[int, int] = BATCH_SIZES) -> Any:
    """The subject for `thing`: a subject, a function (told by its parameter names), an UpdateRule class or instance,
    a torch.optim.Optimizer class, an activation or loss record, a name of the core's, or "package.module:Name".

    Raises ArgumentError where nothing of the kind is recognised.
    """
    if hasattr(thing, "laws") and not isinstance(thing, type):
        return thing
    if isinstance(thing, str):
        return resolve(_by_name(thing), batch_sizes)
    if isinstance(thing, UpdateRule) or (isinstance(thing, type) and issubclass(thing, UpdateRule)):
        return subjects.rule(thing)
    if isinstance(thing, type) and issubclass(thing, torch.optim.Optimizer):
        return subjects.optimizer(thing)
    if isinstance(thing, Activation):
        return subjects.activation(thing)
    if isinstance(thing, Loss):
        return subjects.loss(thing)
    parameters = _parameters(thing)
    for wanted, make in (
        ({"trace", "dL_dy"}, lambda f: subjects.backprop(f, batch_sizes=batch_sizes)),
        ({"y_true", "y_pred"}, lambda f: subjects.course(f, batch_sizes=batch_sizes)),
        ({"rule", "epochs", "batch_size"}, subjects.training),
        ({"training", "validation", "test"}, subjects.normalisation),
        ({"x", "y", "loss", "gradient"}, subjects.gradcheck),
        ({"trials"}, subjects.selection),
    ):  # fmt: skip
        if wanted <= set(parameters):
            return make(thing)
    told = f" (its parameters are {', '.join(parameters)})" if parameters else ""
    raise ArgumentError(
        "subject", Described(f"{thing!r}{told}"),
        "f(model, trace, dL_dy), f(model, y_true, y_pred), an UpdateRule, a torch.optim.Optimizer class, an activation "
        "or loss record, a training loop, a gradient check, a normalisation, a selection, a name of the core's or "
        "'package.module:Name'; wrap all else in mlp_core.testing.subjects",
    )  # fmt: skip


def _parameters(thing: Any) -> list[str]:
    try:
        return list(inspect.signature(thing).parameters) if callable(thing) else []
    except ValueError:
        return []  # a builtin without a signature


def _by_name(name: str) -> Any:
    if ":" not in name:
        known = core_subjects()
        if name not in known:
            file = name.replace(".", "/") + ".py"
            if Path(file).is_file():
                raise ArgumentError("subject", name, f"{file}, for what is in that file, or {name}:NAME")
            raise unknown("subject", name, known)
        return known[name]
    module, _, attribute = name.partition(":")
    try:
        return getattr(importlib.import_module(module), attribute)
    except (ImportError, ValueError, TypeError) as error:  # ":x", "./file.py:x": not the name of a module
        raise ArgumentError("subject", name, f"a module that can be imported ({error})") from error
    except AttributeError as error:
        raise ArgumentError("subject", name, f"a name in module {module} ({error})") from error
