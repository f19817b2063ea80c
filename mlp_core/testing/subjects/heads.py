"""Recognises a function by its head, which is its name and its parameters, from the function or from its source.

A backpropagation of the course takes a model, the target and the prediction: f(model, y_true, y_pred). A function of
only the last two is an objective, a metric or the derivative of a loss, not a backpropagation.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence
from dataclasses import dataclass
from types import CodeType
from typing import Any, NamedTuple

from mlp_core.testing.subjects.roles import MODEL, SHORT_MODEL, order, role

NAMED = re.compile(r"back_?prop", re.IGNORECASE)
"""names of a function of the course, with any parameter names"""

METRIC = re.compile(
    r"(?!.*(grad|back|deriv|delta|prime))(.*_)?(acc|accuracy|score|metrics?|precision|recall|f1|r2|rmse|mse|mae|auc|roc|"
    r"errors?|confusion\w*|plot\w*|eval\w*|report|show\w*|print\w*|log\w*|test\w*|losses|loss)(_.*)?",
    re.IGNORECASE,
)
"""names of functions that compare y_pred with y_true and propagate nothing"""

FILLED = "dL_dw", "dL_db"
"""the attributes that a function of the course fills"""

OTHERS = re.compile(
    r"[xX]s?|[xX]_\w+|[wWbzd]|[aA]s?|in|inputs?|data|features?|images?|batch\w*|caches?|param\w*|weights?|W\d|theta|"
    r"bias(es)?|lr|learning_rate|rate|eta|alpha|node|rewards?|values?|players?|scores?|path|move|loss\w*|criterion|cost\w*|"
    r"grad\w*|delta\w*|d[A-Z_]\w*|dout|upstream|trace|zs?|activations?|layers?|optim\w*|epochs?|sample_weight|classes|axis"
)
"""parameters that no function of the course has as one of its last two"""

FORMS: dict[str, frozenset[str]] = {
    "training": frozenset({"rule", "epochs", "batch_size"}),
    "normalisation": frozenset({"training", "validation", "test"}),
    "gradcheck": frozenset({"x", "y", "loss", "gradient"}),
    "selection": frozenset({"trials"}),
}
"""other forms than backpropagations, by the parameters that identify them"""


class Roles(NamedTuple):
    """The parameters of a function of the course, by role. open: their names do not show which of the last two is
    which, and the order of the contract is assumed.
    """

    model: str
    true: str
    predicted: str
    open: bool = False


@dataclass(frozen=True)
class Head:
    """A function's name and parameters."""

    name: str
    positional: tuple[str, ...]
    defaults: int = 0
    """the number of positional parameters with a default, at the end"""
    others: tuple[str, ...] = ()
    """keyword-only parameters"""
    wanted: tuple[str, ...] = ()
    """the keyword-only parameters without a default"""
    rest: bool = False
    """whether it has *args"""
    fills: bool = False
    """whether its code names the attributes that a function of the course fills"""
    method: bool = False
    """whether it is defined in a class"""

    @classmethod
    def of(cls, thing: Any) -> Head | None:
        """The head of a callable; None if it is not callable or has no signature."""
        try:
            parameters = list(inspect.signature(thing).parameters.values()) if callable(thing) else None
        except (ValueError, TypeError):
            parameters = None  # a builtin
        if parameters is None:
            return None
        positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
        named = [p for p in parameters if p.kind is p.KEYWORD_ONLY]
        return cls(
            str(getattr(thing, "__name__", "")), tuple(p.name for p in positional),
            sum(p.default is not p.empty for p in positional), tuple(p.name for p in named),
            tuple(p.name for p in named if p.default is p.empty), any(p.kind is p.VAR_POSITIONAL for p in parameters),
            _fills(getattr(inspect.unwrap(thing), "__code__", None)),
            "." in str(getattr(thing, "__qualname__", "")).rpartition("<locals>.")[2],
        )  # fmt: skip

    @property
    def required(self) -> tuple[str, ...]:
        """The parameters without a default."""
        return (*self.positional[: len(self.positional) - self.defaults], *self.wanted)

    def form(self, *, chosen: bool = True) -> str | None:
        """The form of subject that this is; None for none. chosen: whether the user named this function; other
        functions in a file need stronger evidence.
        """
        if self.positional[1:3] == ("trace", "dL_dy") and len(self.required) <= 3 <= len(self.positional):
            return "backprop"
        if self.roles(chosen=chosen):
            return "course"
        names = {*self.positional, *self.others}
        return next((form for form, wanted in FORMS.items() if chosen and wanted <= names), None)

    def roles(self, *, chosen: bool = True) -> Roles | None:
        """The roles of the parameters of a function of the course; None for any other function."""
        found = None if self.rest else self._found()
        if found is None:
            return None
        exact, called = {found.true, found.predicted} == {"y_true", "y_pred"}, bool(NAMED.search(self.name))
        known = {role(found.true), role(found.predicted)} == {"true", "predicted"}
        if not chosen and not called and not self.fills and METRIC.fullmatch(self.name):
            return None
        if found.open and not self.fills:
            return None
        if self.method:
            return found if called and self.fills else None
        if self.positional[:1] == (found.model,) or found.model in self.others:
            return found if exact or called or (known and (chosen or self.fills)) else None
        return found if called and known and MODEL.fullmatch(found.model) else None

    def _found(self) -> Roles | None:
        """A network and two more parameters; all others have a default."""
        every = (*self.positional, *self.others)
        first = self.positional[0] if self.positional else ""
        models = [first] if MODEL.fullmatch(first) or SHORT_MODEL.fullmatch(first) else [
            name for name in every if MODEL.fullmatch(name)
        ]  # fmt: skip
        if not models:
            return None
        model = models[0]
        two = [name for name in every if name in self.required and name != model]
        spare = [name for name in every if name not in self.required and name != model and role(name)]
        two = [name for name in every if name in (*two, *spare[: max(0, 2 - len(two))])]
        if len(two) != 2 or any(OTHERS.fullmatch(name) for name in two):
            return None
        decided = order(*two)
        true, predicted = reversed(two) if decided == "second" else two
        return Roles(model, true, predicted, decided is None)


def _fills(code: CodeType | None) -> bool:
    """Whether code, with the functions in it, names the attributes that a function of the course fills."""
    if code is None:
        return False
    inner: Sequence[Any] = code.co_consts
    named = any(name in FILLED for name in (*code.co_names, *(c for c in inner if isinstance(c, str))))
    return named or any(_fills(one) for one in inner if isinstance(one, CodeType))


def arguments(
    head: Head | None, given: Roles, model: Any, true: Any, predicted: Any
) -> tuple[list[Any], dict[str, Any]]:
    """The arguments for a function of the course: by position if its parameters come first, otherwise by name."""
    values = {given.model: model, given.true: true, given.predicted: predicted}
    if head is None or not set(values) <= {*head.positional, *head.others}:
        return list(values.values()), {}  # such as *args
    count = next((k for k, name in enumerate(head.positional) if name not in values), len(head.positional))
    return [values.pop(name) for name in head.positional[:count]], values
