"""What a function is, told by its head alone: by its name and those of its parameters, of a function or of its source.

A backpropagation of the course takes a model, what is right and what the model said: f(model, y_true, y_pred). Two of
these alone are an objective, a metric or the derivative of a loss, and no backpropagation.
"""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass
from typing import Any

NAMED = re.compile(r"back_?prop", re.IGNORECASE)
"""how a function of the course is called, whatever it calls its parameters"""

MODEL = re.compile(
    r"(\w*_)?(my|the|our|neural)?_?(model\w?|net|nett|network|nettverk|mlp|nn|ann|perceptron)\d?|self|m|n",
    re.IGNORECASE,
)
TRUE = re.compile(
    r"y|ys|t|gt|fasit|(y_?)?(true|truth|target|label|real|actual|expected|wanted)s?(_?y)?", re.IGNORECASE
)  # fmt: skip
PREDICTED = re.compile(
    r"o|p|yh|a_?L|(y_?)?(hat|pred|predicted|prediction|output|out|guess|gjett|prediksjon)s?", re.IGNORECASE
)  # fmt: skip
OTHERS = re.compile(
    r"[xX]s?|[xX]_\w+|[wWbzd]|[aA]s?|in|inputs?|data|features?|images?|batch\w*|caches?|param\w*|weights?|W\d|theta|"
    r"bias(es)?|lr|learning_rate|rate|eta|alpha|node|rewards?|values?|players?|scores?|path|move|loss\w*|criterion|cost\w*|"
    r"grad\w*|delta\w*|d[A-Z_]\w*|dout|upstream|trace|zs?|activations?|layers?|optim\w*|epochs?|sample_weight|classes|axis"
)
"""parameters that no function of the course has in place of its last two"""

FORMS: dict[str, frozenset[str]] = {
    "training": frozenset({"rule", "epochs", "batch_size"}),
    "normalisation": frozenset({"training", "validation", "test"}),
    "gradcheck": frozenset({"x", "y", "loss", "gradient"}),
    "selection": frozenset({"trials"}),
}
"""by the parameters that tell them, beside backpropagations"""


@dataclass(frozen=True)
class Head:
    """A function's name and parameters."""

    name: str
    positional: tuple[str, ...]
    defaults: int = 0
    """how many of the last positional ones have one"""
    others: tuple[str, ...] = ()
    """parameters that are given by name alone"""
    more: bool = False
    """whether it has *args, or wants others than the positional ones"""

    @classmethod
    def of(cls, thing: Any) -> Head | None:
        """Of anything that can be called; None for what cannot, or has no signature."""
        try:
            parameters = list(inspect.signature(thing).parameters.values()) if callable(thing) else None
        except (ValueError, TypeError):
            parameters = None  # a builtin
        if parameters is None:
            return None
        positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
        return cls(
            str(getattr(thing, "__name__", "")), tuple(p.name for p in positional),
            sum(p.default is not p.empty for p in positional),
            tuple(p.name for p in parameters if p.kind is p.KEYWORD_ONLY),
            any(p.kind is p.VAR_POSITIONAL or (p.kind is p.KEYWORD_ONLY and p.default is p.empty) for p in parameters),
        )  # fmt: skip

    @property
    def three(self) -> tuple[str, ...]:
        """The parameters that three arguments go to; none where it cannot be called with three."""
        required = len(self.positional) - self.defaults
        return self.positional[:3] if required <= 3 <= len(self.positional) and not self.more else ()

    def form(self, *, chosen: bool = True) -> str | None:
        """Which form of a subject this is, None for none. chosen: whether somebody asked for this function; of what
        merely stands in a file, less is taken for one."""
        if self.three[1:] == ("trace", "dL_dy"):
            return "backprop"
        if self._course(chosen):
            return "course"
        names = {*self.positional, *self.others}
        return next((form for form, wanted in FORMS.items() if chosen and wanted <= names), None)

    def _course(self, chosen: bool) -> bool:
        if not self.three or not MODEL.fullmatch(self.three[0]):
            return False
        two = self.three[1:]
        if set(two) == {"y_true", "y_pred"}:
            return True
        if NAMED.search(self.name):
            return not any(OTHERS.fullmatch(name) for name in two)
        return chosen and {role(name) for name in two} == {"true", "predicted"}


def role(name: str) -> str | None:
    """What a parameter of a function of the course stands for, beside the model: "true", "predicted", or unknown.

    >>> role("target"), role("y_hat"), role("x")
    ('true', 'predicted', None)
    """
    return "true" if TRUE.fullmatch(name) else "predicted" if PREDICTED.fullmatch(name) else None


def output_first(thing: Any) -> bool:
    """Whether a function of the course wants what the model said before what is right."""
    head = Head.of(thing)
    if head is None or not head.three:
        return False
    second, third = map(role, head.three[1:])
    return (second == "predicted" and third != "predicted") or (third == "true" and second != "true")
