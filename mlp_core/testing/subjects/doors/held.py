"""The arrays that an object holds: as attributes, in dicts and lists, and in the objects that it is made of."""

from __future__ import annotations

import re
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from mlp_core.testing.examples.foreign_arrays import copied, is_array, is_real

Place = tuple[str, ...]
"""the way to an array as pieces of Python: (".params", "['W']") is object.params['W']"""

FORMS = ("d{}", "{}_grad", "grad_{}", "d_{}", "g{}", "dL_d{}", "{}_gradient", "grad{}", "delta_{}")
"""names of the gradient of a parameter"""

WORDS = re.compile(
    r"_*(d|d[A-Za-z]_?d|d_?(loss|cost|error)_*(d|wrt)?|partial|del|nabla|grad(ient)?s?(_(of|wrt))?|g|(acc|accum|sum)_?d)_*",
    re.IGNORECASE,
)
"""what else may be before or behind the name of a parameter in that of its gradient: dLdW, d_loss__d_W, nabla_W"""

TOGETHER = ("grads", "grad", "gradients", "gradient", "d_params", "dparams", "grad_params", "param_grads")
"""names of a dict or list with the gradients of all parameters"""

PAIRED = {"data": "grad", "value": "grad", "w": "dw", "val": "grad"}
"""attributes of an object that is one parameter, with the attribute that is its gradient"""

DEEPEST = 3
"""the number of objects and containers on the way to an array"""


@dataclass(frozen=True)
class Held:
    """One array of an object. The same array may be at several places, such as W and params['W']."""

    places: tuple[Place, ...]

    @property
    def name(self) -> str:
        return word(self.places[0])

    def of(self, made: Any) -> Any:
        return at(made, self.places[0])

    def put(self, made: Any, value: Any) -> None:
        """Replace it at all of its places."""
        new = copied(value)
        for *way, last in self.places:
            put(at(made, tuple(way)), last, new)


def word(place: Place) -> str:
    """A place in Python, after the name of the object and a dot."""
    return "".join(place).removeprefix(".")


def held(made: Any) -> list[Held]:
    """The arrays of real numbers that an object holds."""
    places: dict[int, list[Place]] = {}
    for place, value in walked(made, is_real):
        places.setdefault(id(value), []).append(place)
    return [Held(tuple(several)) for several in places.values()]


def walked(made: Any, wanted: Callable[[Any], bool]) -> list[tuple[Place, Any]]:
    """Everything wanted inside of an object, with its place."""
    return list(_walked(made, (), wanted, set()))


def _walked(value: Any, place: Place, wanted: Callable[[Any], bool], seen: set[int]) -> Iterator[tuple[Place, Any]]:
    for piece, inner in _inside(value):
        if wanted(inner):
            yield (*place, piece), inner
        elif len(place) < DEEPEST and id(inner) not in seen:
            yield from _walked(inner, (*place, piece), wanted, {*seen, id(inner)})


def _inside(value: Any) -> Iterator[tuple[str, Any]]:
    """The values directly inside of another, with pieces of a place. Objects of libraries are not entered."""
    if type(value) in (dict, OrderedDict, defaultdict):
        yield from ((f"[{key!r}]", inner) for key, inner in value.items() if isinstance(key, (str, int)))
    elif type(value) is list:
        yield from ((f"[{k}]", inner) for k, inner in enumerate(value))
    elif not isinstance(value, type) and hasattr(value, "__dict__") and not _of_library(value):
        yield from ((f".{name}", inner) for name, inner in vars(value).items())


def _of_library(value: Any) -> bool:
    return callable(getattr(value, "parameters", None)) or type(value).__module__.partition(".")[0] in LIBRARIES


LIBRARIES = ("numpy", "torch", "jax", "jaxlib", "builtins", "functools", "types", "collections")


def at(made: Any, place: Place) -> Any:
    """The value at a place. Raises LookupError or AttributeError if nothing is there."""
    for piece in place:
        made = getattr(made, piece[1:]) if piece.startswith(".") else made[_key(piece)]
    return made


def put(owner: Any, piece: str, value: Any) -> None:
    """Replace what an object or a container has at the last piece of a place."""
    if piece.startswith("."):
        setattr(owner, piece[1:], value)
    else:
        owner[_key(piece)] = value


def removed(owner: Any, piece: str) -> None:
    """Remove it; from a list, with everything behind it."""
    if piece.startswith("."):
        delattr(owner, piece[1:])
    elif isinstance(owner, list):
        del owner[_key(piece) :]
    else:
        del owner[_key(piece)]


def _key(piece: str) -> Any:
    inner = piece[1:-1]
    return int(inner) if inner.lstrip("-").isdigit() else inner[1:-1]


def gradient_of(made: Any, one: Held, forms: tuple[str, ...] = FORMS) -> Place | None:
    """The place of the gradient of an array: an attribute with a name made of its name, or in a dict or list of
    gradients.
    """
    for place in one.places:
        for candidate in _candidates(made, place, forms):
            if candidate not in one.places and is_array(found(made, candidate)):
                return candidate
    return _by_words(made, one) if forms is FORMS else None


def _by_words(made: Any, one: Held) -> Place | None:
    """The place of an attribute beside an array, whose name has words of a gradient beside that of the array."""
    for *way, last in one.places:
        inside = vars(owner) if hasattr(owner := at(made, tuple(way)), "__dict__") else {}
        for other, value in inside.items() if last.startswith(".") else ():
            before, name, behind = other.partition(last[1:])
            shown = bool(name) and other != name and WORDS.fullmatch(before + behind)
            if shown and is_array(value) and np.shape(value) == np.shape(one.of(made)):
                return (*way, f".{other}")
    return None


def _candidates(made: Any, place: Place, forms: tuple[str, ...]) -> Iterator[Place]:
    *way, last = place
    name = last[1:] if last.startswith(".") else str(_key(last))
    owners = [tuple(way[:n]) for n in range(len(way), -1, -1)]
    for owner in owners:
        yield from ((*owner, f".{form.format(name)}") for form in forms)
    if last.startswith(".") and last[1:] in PAIRED:
        yield (*way, f".{PAIRED[last[1:]]}")
    for owner in owners:
        for together in TOGETHER:
            kept = found(made, (*owner, f".{together}"))
            if isinstance(kept, Mapping):
                yield from ((*owner, f".{together}", f"[{form.format(name)!r}]") for form in ("{}", *forms))
            elif isinstance(kept, list) and last.startswith("["):
                yield (*owner, f".{together}", last)


def found(made: Any, place: Place) -> Any:
    """The value at a place; None if nothing is there."""
    try:
        return at(made, place)
    except (LookupError, AttributeError, TypeError):
        return None

