"""A model as a class: a method for its loss, and one for the gradients of the arrays that its constructor makes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mlp_core.testing.examples.foreign_arrays import copied, count_of, is_number, is_real
from mlp_core.testing.subjects.doors.again import Again, anew
from mlp_core.testing.subjects.doors.asked import not_run
from mlp_core.testing.subjects.doors.assigned import options_of
from mlp_core.testing.subjects.doors.beside import Beside
from mlp_core.testing.subjects.doors.domains import narrowed
from mlp_core.testing.subjects.doors.form import Form
from mlp_core.testing.subjects.doors.given import in_words, required, strategy_of
from mlp_core.testing.subjects.doors.guessed import constructed
from mlp_core.testing.subjects.doors.names import COUNTS
from mlp_core.testing.subjects.doors.network import FORMS
from mlp_core.testing.subjects.doors.raised import note
from mlp_core.testing.subjects.doors.telling import telling_defaults
from mlp_core.testing.subjects.doors.tried import tried
from mlp_core.testing.subjects.doors.wider import FEW, MANY

LINES = "\n".join(anew("NAME(GIVEN)", "both")) + """
    for place, array in zip(PLACES, args):
        setattr(made, place, array)
    BOTH
    if isinstance(found, dict):
        return value, [next(found[f.format(p)] for f in FORMS if f.format(p) in found) for p in PLACES]
    several = list(found) if isinstance(found, (tuple, list)) else [found]
    return value, [several[k] for k in ORDER]""".replace("FORMS", repr(FORMS))

APART = "value = made.{0}(*args[{2}:])\n    found = made.{1}(*args[{2}:])"

TOGETHER = "value, *found = made.{0}(*args[{2}:])"
"""the lines that call both methods, or one that returns the value and then the gradients"""

STEPPED = """value = made.{0}(*args[{2}:])
    value = value[0] if isinstance(value, tuple) else value
    for rate in RATES:
        setattr(made, rate, 1.0)
    before = [getattr(made, place) for place in PLACES]
    for place, b in zip(PLACES, before):
        setattr(made, place, b * 1.0)
    made.{1}(PASSED)
    found = [b - getattr(made, place) for b, place in zip(before, PLACES)]"""
"""the lines that take a step of rate 1 with a method of the model"""


@dataclass(frozen=True)
class Step:
    """The call of a method that takes a step with a model: its arguments in Python, and the attributes that are a
    rate."""

    passed: str
    rates: tuple[str, ...]


def of_model(
    cls: type, places: Sequence[str], value: str, gradient: str, order: Sequence[int], step: Step | None = None
) -> Form:  # fmt: skip
    """places: the attributes with the parameters; order: which of the returned gradients belongs to each of them. A
    method that returns both is `value` and `gradient`. step: `gradient` is a method that takes a step.
    Raises ArgumentError if no shapes of the data are found with which both methods run.
    """
    name, k = cls.__name__, len(places)
    telling = telling_defaults(cls)
    calls = (TOGETHER if value == gradient else APART if step is None else STEPPED).format(value, gradient, k)
    lines = LINES.replace("NAME", name).replace("BOTH", calls)
    lines = lines.replace("PLACES", repr(tuple(places))).replace("ORDER", repr(tuple(order)))
    if step is not None:
        lines = lines.replace("PASSED", step.passed).replace("RATES", repr(step.rates))
    for sizes in _sizes(required(cls)):
        try:
            made = cls(*sizes, **telling)
            parameters = [getattr(made, place) for place in places]
            arrays = [np.asarray(one) if isinstance(one, float) else one for one in parameters]
            data = required(getattr(made, value))
        except Exception as error:  # foreign code with guessed sizes
            note(error)
            continue
        if not data or not all(map(is_real, arrays)) or not any(map(np.ndim, arrays)):
            continue
        given = ", ".join([*map(repr, sizes), *(f"{n}={v!r}" for n, v in telling.items())])
        beside = Beside(tuple(lines.replace("GIVEN", given).split("\n")), (cls,))
        both, shapes = beside.both(), [np.shape(a) for a in arrays]

        def fits(args: list[Any], both: Any = both, shapes: Any = shapes) -> bool:
            out, found = both([copied(a) for a in args])
            finite = count_of(out) == 1 and is_number(out) and bool(np.isfinite(float(out)))
            return finite and [np.shape(g) for g in found] == shapes

        names = (*places, *data)
        again = Again(beside.defined("new"))
        several = [[*([shape] for shape in shapes), *options_of(data, more)] for more in (FEW, MANY)]
        found = tried(names, fits, call=lambda *args, both=both: both(list(args)), first=several, only=True)
        if found is not None:
            told = "; ".join(filter(None, [found.words(names), in_words(telling)]))
            form = Form(
                f"{name}.{gradient}", "value with its gradient", strategy_of(found.strategy()), beside, beside.source,
                names=names, asked=tuple(range(k)), upstream=False, found=told, again=again,
            )  # fmt: skip
            with np.errstate(all="ignore"):
                return narrowed(form)
    call = f'value_and_gradient(f, subjects.arrays("(d,k),(n,d),(n)"))  # f(W, X, y) sets W in a {name}'
    raise not_run(f"{name}.{value} runs", "its arguments, as in these two lines in the file", call)


def _sizes(names: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """Arguments for the constructor: sizes that differ, or the usual ones."""
    if names and all(map(COUNTS.fullmatch, names)):
        yield tuple(range(2, 2 + len(names)))
    yield from constructed(names)
    if len(names) > 2:
        yield tuple(3 if k == 0 else 2 for k in range(len(names)))
