"""A class that keeps its parameters in a dict, and a method that returns a loss with a dict of their gradients; or a
method for each."""

from __future__ import annotations

from ast import literal_eval
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from hypothesis import strategies as st

from mlp_core.base.errors import ArgumentError, Described
from mlp_core.testing.engine.source import import_of, name_of
from mlp_core.testing.examples.arguments import Arguments
from mlp_core.testing.examples.foreign_arrays import copied, count_of, is_real, moved
from mlp_core.testing.examples.shapes import Shape, drawn
from mlp_core.testing.subjects.doors.again import Again, anew
from mlp_core.testing.subjects.doors.alive import alive
from mlp_core.testing.subjects.doors.assigned import Found, built, options_of
from mlp_core.testing.subjects.doors.form import Form, Run
from mlp_core.testing.subjects.doors.given import every, in_words, required, strategy_of
from mlp_core.testing.subjects.doors.held import Place, at, put, word
from mlp_core.testing.subjects.doors.held import held as all_held
from mlp_core.testing.subjects.doors.seeds import seeded
from mlp_core.testing.subjects.doors.small import smaller
from mlp_core.testing.subjects.doors.tried import tried
from mlp_core.testing.subjects.doors.wider import FEW

BATCH = 4
"""the number of classes that are tried with a batch"""

SIZES = (3, 4, 2, 3, 2)
"""the arguments with which a class is created: the sizes of its layers"""


FORMS = ("d{}", "{}", "grad_{}", "{}_grad", "d_{}")
"""names of the gradient of a parameter"""


@dataclass(frozen=True)
class Network:
    """cls(*sizes, **options), its dict of parameters, and the method that returns (loss, gradients); or the gradients
    alone, beside the method `value`.
    """

    cls: type
    sizes: tuple[int, ...]
    options: dict[str, Any]
    params: str
    method: str
    value: str = ""
    shared: tuple[tuple[str, Place], ...] = ()
    """the other places of the arrays of the dict, such as ("W1", layers['Affine1'].W)"""

    def made(self) -> Any:
        return self.cls(*self.sizes, **self.options)

    def __call__(self, args: list[Any], made: Any = None) -> Run:
        made = self.made() if made is None else made
        setattr(made, self.params, args[0])
        for key, (*way, last) in self.shared:
            put(at(made, tuple(way)), last, args[0][key])
        if not self.value:
            value, gradients = getattr(made, self.method)(*args[1:])
            return Run([value], lambda above: gradients)
        value = getattr(made, self.value)(*args[1:])
        found = getattr(made, self.method)(*args[1:])
        gradients = {p: found[f.format(p)] for p in args[0] for f in FORMS if f.format(p) in found}
        return Run([value], lambda above: gradients)

    def source(self, example: Arguments) -> list[str]:
        given = ", ".join([*map(repr, self.sizes), *(f"{name}={one!r}" for name, one in self.options.items())])
        both = [f"    value, gradients = made.{self.method}(*args[1:])"]
        apart = [
            f"    value, found = made.{self.value}(*args[1:]), made.{self.method}(*args[1:])",
            f"    gradients = {{p: found[f.format(p)] for p in args[0] for f in {FORMS} if f.format(p) in found}}",
        ]
        return [
            *import_of(self.cls), *anew(f"{name_of(self.cls)}({given})"),
            f"    made.{self.params} = args[0]",
            *(f"    made.{word(place)} = args[0][{key!r}]" for key, place in self.shared),
            *(apart if self.value else both),
            "    return [value], lambda above: gradients",
        ]  # fmt: skip

    def arrays(self) -> dict[str, Any]:
        """The parameters with which it is created."""
        with seeded():
            return dict(getattr(self.made(), self.params))


def found_in(cls: type, method: str, value: str = "") -> tuple[Form, Found, Sequence[str]] | None:
    """The form of a class, and a description of what was found by trying; None if nothing runs. Defaults that are large
    are replaced by small sizes first: a network for images of 32 x 32 takes minutes.
    """
    small = smaller(cls)
    return (_found(cls, method, small, value) if small else None) or _found(cls, method, {}, value)


def _found(cls: type, method: str, options: dict[str, Any], value: str) -> tuple[Form, Found, Sequence[str]] | None:
    sizes = SIZES[: len(required(cls))]
    names = every(getattr(cls, method))[1:]
    params = _params(lambda: cls(*sizes, **options))
    if params is None:
        return None
    network = Network(cls, sizes, options, params, method, value)
    network = replace(network, shared=_shared(network.made, params))
    held = network.arrays()

    def fits(args: list[Any]) -> bool:
        run = network([copied(held), *args])
        gradients = run.pull([1.0])
        one = count_of(run.outs[0]) == 1 and isinstance(gradients, dict)
        return one and bool(gradients) and set(gradients) <= set(held)

    images = [(BATCH, *one) for one in options.values() if isinstance(one, tuple)]
    first = [[images, *options_of(names, FEW)[1:]]] if images else []
    found = tried(names, fits, call=(lambda *args: network([copied(held), *args])) if images else None, first=first)
    if found is None:
        return None
    shapes = [Shape(tuple(np.shape(v))) for v in held.values()]
    own = drawn(shapes, "numpy", {}).map(lambda values: dict(zip(held, values, strict=True)))
    inputs = st.builds(lambda first, rest: (first, *rest), own, found.strategy())
    form = Form(
        f"{cls.__name__}.{method}", "value with its gradient", strategy_of(inputs), network, network.source,
        names=(params, *names), asked=(0,), upstream=False, found=in_words(options),
        again=Again(network.made),
    )  # fmt: skip
    _refuse_copies(network, held, found)
    return form, found, names


def _shared(make: Callable[[], Any], params: str) -> tuple[tuple[str, Place], ...]:
    """The other places of the arrays of a dict of parameters: layers may hold the same arrays."""
    with seeded():
        places = [one.places for one in all_held(make())]
    owners = [(literal_eval(p[1][1:-1]), several) for several in places for p in several if p[0] == f".{params}"]
    return tuple((key, p) for key, several in owners for p in several if p[0] != f".{params}")


EXPECTED = (
    "a loss that reads the arrays of the dict, or a function of these arrays, which makes its own object, for "
    "subjects.value_and_gradient"
)


def _refuse_copies(network: Network, held: dict[str, Any], found: Found) -> None:
    """Raises ArgumentError if parameters decide nothing although they have a gradient: a copy of them decides."""
    def run(held: dict[str, Any]) -> Run:
        with seeded(), np.errstate(all="ignore"):
            return network([{key: copied(one) for key, one in held.items()}, *built(found.options, found.lib)])

    first = run(held)
    gradients = first.pull([1.0])
    after = {key: run({**held, key: moved(held[key])}).outs[0] for key in gradients if alive(gradients[key])}
    same = [key for key, value in after.items() if np.array_equal(value, first.outs[0])]
    names = " and ".join(f"{network.params}[{key!r}]" for key in same)
    if same:
        got = f"{network.cls.__name__}.{network.value or network.method}, whose value is the same with any {names}"
        raise ArgumentError("class", Described(got), EXPECTED)


def _params(make: Callable[[], Any]) -> str | None:
    """The attribute with a dict of arrays."""
    try:
        with seeded():
            made = make()
    except Exception:  # foreign code with guessed sizes
        return None
    dicts = (n for n, v in vars(made).items() if isinstance(v, dict) and v and all(map(is_real, v.values())))
    return next(dicts, None)
