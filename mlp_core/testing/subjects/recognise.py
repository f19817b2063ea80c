"""From an object to its subject: the kinds of objects that are recognised, in order.

KINDS is a list that is tried in order, and the first kind that recognises the object decides. Add a kind at its place
in that order, with a description. The counterpart for files, which are recognised by heads alone, is
`mlp_core/testing/foreign/recognisers.py`.
"""

from __future__ import annotations

import inspect
import reprlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch

from mlp_core.activations import Activation
from mlp_core.base.errors import ArgumentError, Described
from mlp_core.losses import Loss
from mlp_core.rules import UpdateRule
from mlp_core.testing import subjects
from mlp_core.testing.engine.source import name_of
from mlp_core.testing.subjects import gradients as gradient_subjects
from mlp_core.testing.subjects.heads import Head
from mlp_core.testing.subjects.training_roles import globals_of, told, trains

BATCH_SIZES = gradient_subjects.BATCH_SIZES

Sizes = tuple[int, int]


@dataclass(frozen=True)
class Kind:
    """A kind of objects that can be verified."""

    looks: str
    """a description of such an object for error messages; empty if it need not be mentioned"""
    subject: Callable[[Any, Sizes], Any | None]
    """the subject of an object, for batches of these sizes; None for an object of another kind"""


def _made(thing: Any, sizes: Sizes) -> Any | None:
    return thing if hasattr(thing, "snippet") and not isinstance(thing, type) else None


def _rule(thing: Any, sizes: Sizes) -> Any | None:
    is_rule = isinstance(thing, UpdateRule) or (isinstance(thing, type) and issubclass(thing, UpdateRule))
    return subjects.rule(thing) if is_rule else None


def _optimizer(thing: Any, sizes: Sizes) -> Any | None:
    is_optimizer = isinstance(thing, type) and issubclass(thing, torch.optim.Optimizer)
    if is_optimizer and thing.step is torch.optim.Optimizer.step:
        words = Described(f"{thing.__name__}, which has no method step")
        raise ArgumentError("subject", words, "an optimizer with step(self, closure=None)")
    return subjects.optimizer(thing) if is_optimizer else None


def _record(thing: Any, sizes: Sizes) -> Any | None:
    if isinstance(thing, Activation):
        return subjects.activation(thing)
    return subjects.loss(thing) if isinstance(thing, Loss) else None


def _of_form(form: str, make: Callable[[Any, Sizes], Any]) -> Callable[[Any, Sizes], Any | None]:
    """Functions whose head has a known form."""

    def subject(thing: Any, sizes: Sizes) -> Any | None:
        head = Head.of(thing)
        return make(thing, sizes) if head is not None and head.form() == form else None

    return subject


def _bound(thing: Any, sizes: Sizes) -> Any | None:
    """A method of a network, passed as a bound method: the function without that network."""
    if not inspect.ismethod(thing) or isinstance(thing.__self__, type):
        return None
    head = Head.of(thing.__func__)
    return subjects.course(thing.__func__, batch_sizes=sizes) if head is not None and head.roles() else None


def _trainer(thing: Any, sizes: Sizes) -> Any | None:
    """A function that trains, recognised by the names of its parameters."""
    head = Head.of(thing)
    if head is None:
        return None
    roles = told([*head.positional, *head.others])
    around = globals_of(thing, roles) if roles else {}
    return subjects.training(thing) if trains(roles | {role: name for name, role in around.items()}) else None


KINDS: tuple[Kind, ...] = (
    Kind("", _made),
    Kind("f(model, trace, dL_dy)", _of_form("backprop", lambda f, sizes: subjects.backprop(f, batch_sizes=sizes))),
    Kind("f(model, y_true, y_pred)", _of_form("course", lambda f, sizes: subjects.course(f, batch_sizes=sizes))),
    Kind("", _bound),
    Kind("an update rule", _rule),
    Kind("a torch.optim.Optimizer class", _optimizer),
    Kind("an activation or loss record", _record),
    Kind("", _of_form("training", lambda f, _: subjects.training(f))),
    Kind("", _of_form("gradcheck", lambda f, _: subjects.gradcheck(f))),
    Kind("", _of_form("normalisation", lambda f, _: subjects.normalisation(f))),
    Kind("a training function", _trainer),
    Kind("", _of_form("selection", lambda f, _: subjects.selection(f))),
)
"""in the order in which they are tried"""


def resolve(thing: Any, batch_sizes: Sizes = BATCH_SIZES) -> Any:
    """The subject for `thing`: a subject, a function (recognised by its parameter names), an UpdateRule class or
    instance, a torch.optim.Optimizer class, an activation or loss record.

    Raises ArgumentError if it is none of these.
    """
    for kind in KINDS:
        subject = kind.subject(thing, batch_sizes)
        if subject is not None:
            return subject
    head = Head.of(thing)
    parameters = [] if head is None else [*head.positional, *["*"] * bool(head.others), *head.others]
    named = f" (its parameters are {', '.join(parameters)})" if parameters else ""
    *looked_for, last = [kind.looks for kind in KINDS if kind.looks]
    expected = f"{', '.join(looked_for)} or {last}; {_instead(thing)}"
    raise ArgumentError("subject", Described(f"{_described(thing)}{named}"), expected)


WRAP = (
    "for other code, verify the result of a call such as subjects.derivative(f, df) or "
    "subjects.pair(forward, backward, inputs): see docs/gradients.md"
)


def _described(thing: Any) -> str:
    """An object in a few words, without its address in memory."""
    if isinstance(thing, type):
        return f"the class {thing.__name__}"
    name = str(getattr(thing, "__name__", ""))
    if inspect.isroutine(thing):
        return f"the function {name}" if name.isidentifier() else "a lambda"
    if isinstance(thing, partial):
        return f"a partial of {name_of(thing)}"
    if isinstance(thing, (list, tuple)):
        return f"a {type(thing).__name__} of {len(thing)}"
    if isinstance(thing, (torch.optim.Optimizer, torch.nn.Module)) or repr(thing).startswith("<"):
        return f"an object of class {type(thing).__name__}"
    return " ".join(reprlib.repr(thing).split())


def _instead(thing: Any) -> str:
    """A hint: the thing to pass instead of an object that is not recognised."""
    kind = thing if isinstance(thing, type) else type(thing)
    if isinstance(thing, (list, tuple)):
        return "call verify once for each of several subjects"
    if isinstance(thing, torch.optim.Optimizer):
        return f"pass the class {kind.__name__} itself, not an object of it"
    if hasattr(kind, "forward") and hasattr(kind, "backward"):
        made = f"lambda: {kind.__name__}(...)"
        return f"for a layer: mlp_core.testing.subjects.layer({made}, inputs); docs/gradients.md has an example"
    if isinstance(thing, torch.nn.Module):
        return "autograd computes its gradients: pass the functions or the class with gradients by hand"
    return WRAP
