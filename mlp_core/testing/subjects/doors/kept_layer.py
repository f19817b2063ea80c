"""A class with a call and backward() that keeps each gradient in an attribute of its tensor, as a pair of functions, or
as a value with its gradient if it is a loss."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from mlp_core.testing.engine.source import MADE, import_of
from mlp_core.testing.subjects.doors.asked import not_run
from mlp_core.testing.subjects.doors.beside import Beside, formed
from mlp_core.testing.subjects.doors.form import Form
from mlp_core.testing.subjects.doors.recognised import of_pair

PAIR = """\
def NAME_forward(ALL):
    made = NAME(WEIGHTS)
    out = made.CALL(DATA)
    return out, (made, out, [ALL])
def NAME_backward(dout, cache):
    made, out, given = cache
    out.KEPT = dout.clone()
    made.backward()
    return [one.KEPT for one in given]"""

LOSS = """\
def both(args):
    made, inp = NAME(), args[0].clone()
    value = made.CALL(inp, args[1])
    made.backward()
    return value, inp.KEPT"""


def of_kept_layer(cls: type, data: Sequence[str], weights: Sequence[str], attribute: str, through: str) -> Form:
    """data, weights: the parameters of the call and of the constructor; attribute: where a tensor has its gradient;
    through: the method that is called. Raises ArgumentError if no shapes are found with which it runs.
    """
    name = cls.__name__
    lines = _filled(PAIR, cls, attribute, through).replace("ALL", ", ".join([*data, *weights]))
    lines = lines.replace("WEIGHTS", ", ".join(weights)).replace("DATA", ", ".join(data))
    scope: dict[str, Any] = {name: cls}
    exec(lines, scope)  # noqa: S102  (of the lines above)
    forward, backward = (_marked(scope[f"{name}_{one}"], cls, lines) for one in ("forward", "backward"))
    return replace(of_pair(forward, backward), name=name)


def of_kept_loss(cls: type, data: Sequence[str], weights: Sequence[str], attribute: str, through: str) -> Form:
    """The same for a loss of a prediction and a target, which gets no gradient."""
    lines = _filled(LOSS, cls, attribute, through)
    form = formed(cls.__name__, ("pred", data[1]), Beside(tuple(lines.split("\n")), (cls,)), ("torch",))
    if form is None:
        call = f'value_and_gradient(f, subjects.arrays("(n,d),(n,d)", lib="torch"))  # f calls {cls.__name__}'
        raise not_run(f"{cls.__name__} runs", "a loss of a prediction and a target", call)
    return form


def _filled(lines: str, cls: type, attribute: str, through: str) -> str:
    return lines.replace("NAME", cls.__name__).replace("KEPT", attribute).replace("CALL", through)


def _marked(function: Callable[..., Any], cls: type, lines: str) -> Callable[..., Any]:
    """The function with the lines that define it, for a snippet."""
    setattr(function, MADE, ([*import_of(cls), *lines.split("\n")], function.__name__))
    return function
