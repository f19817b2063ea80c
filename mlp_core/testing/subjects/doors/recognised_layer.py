"""The door for a class of layers in a file: the sizes for its constructor and the arguments of its forward are found by
trying, and reported."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import combinations
from typing import Any

import numpy as np

from mlp_core.equality import same_bits
from mlp_core.testing.engine.source import MADE, import_of
from mlp_core.testing.examples.foreign_arrays import count_of, is_real, ones_like, tensor_of
from mlp_core.testing.subjects.doors.assigned import Found, built
from mlp_core.testing.subjects.doors.form import Form
from mlp_core.testing.subjects.doors.given import in_words, required, smaller_defaults
from mlp_core.testing.subjects.doors.guessed import constructed, ran
from mlp_core.testing.subjects.doors.held import at, gradient_of, held
from mlp_core.testing.subjects.doors.in_double import has_tensors, in_double
from mlp_core.testing.subjects.doors.layer import layer
from mlp_core.testing.subjects.doors.layer_runs import as_column, nearness, run_of
from mlp_core.testing.subjects.doors.layered import given_by, kept_in
from mlp_core.testing.subjects.doors.names import OUTPUTS
from mlp_core.testing.subjects.doors.raised import needs_torch, note
from mlp_core.testing.subjects.doors.recognised import not_found, told
from mlp_core.testing.subjects.doors.returning import returning
from mlp_core.testing.subjects.doors.seeds import seeded
from mlp_core.testing.subjects.doors.telling import telling_defaults
from mlp_core.testing.subjects.doors.tried import tried
from mlp_core.testing.subjects.doors.warmed import made_by_running, warmed


def of_layer(cls: type, forward: str = "forward", backward: str = "backward", kept: Sequence[str] = ()) -> Form:
    """forward, backward: the names of its methods. kept: the names of the gradients of parameters among the results of
    backward, as for `returning`. Raises ArgumentError if no arguments are found with which it runs.
    """
    with seeded():  # constructors draw their weights
        whole = _renamed(cls, forward, backward)
        return _of_layer(returning(whole, kept) if kept else whole)


def _of_layer(cls: type) -> Form:
    names = required(cls)
    telling = telling_defaults(cls)
    tries = [(sizes, dict[str, float]()) for sizes in constructed(names)]
    small = [((4,) * len(names), dict[str, float](smaller)) for smaller in smaller_defaults(cls)]
    for sizes, smaller in [*tries, *small]:
        made = _maker(cls, sizes, smaller)

        call = _called(made)
        if call is None:
            continue
        fitting = None
        tensors = _keeps_tensors(made)
        for lib in ("torch",) if tensors else ("numpy", "torch"):
            if fitting is None and (lib == "numpy" or tensors or needs_torch()):
                fitting = _found(made, call, lib)
        if fitting is not None:
            found, wrt = fitting
            other = _maker(cls, sizes, smaller | telling)
            if telling and ran(partial(_fits_layer, other), built(found.options, found.lib)):
                made, smaller = other, smaller | telling
            running = "forward" if hasattr(cls, "forward") else "__call__"
            if made_by_running(made, running, built(found.options, found.lib)):
                warm = warmed(made, found.options, found.lib)
                if (again := _found(warm, call, found.lib)) is not None:
                    made, (found, wrt) = warm, again
            form = told(layer(made, found.strategy(), wrt=wrt, name=cls.__name__), found, call)
            if wrt is not None and not form.omitted[1]:
                args = built(found.options, found.lib)
                others = [n for k, n in enumerate(call) if k not in wrt and is_real(args[k])]
                form = replace(form, omitted=(form.omitted[0], NO_GRADIENT.format(" and ".join(others))))
            rows = ONE if _takes_one_row(made, found) else ""
            return replace(form, found="; ".join(filter(None, [form.found, in_words(smaller), rows])))
    raise not_found(f"{cls.__name__}.forward", f'layer(lambda: {cls.__name__}(...), subjects.arrays("(n,d)"))')


NO_GRADIENT = "backward returns no gradient of {}: taken for a constant"

ONE = "tested with one row alone: its forward runs with several rows, and its backward does not"

MANY = 4
"""the number of rows with which a layer for one row is tried"""


def _takes_one_row(made: Callable[[], Any], found: Found) -> bool:
    """Whether a layer was found to run with one row, and with several rows only its forward runs."""
    for axis in (0, 1):
        wide = tuple(_with_rows(one, axis) for one in found.options)
        args = None if wide == found.options else built(wide, found.lib)
        whole = partial(_fits_layer, made, own=True)
        if args is not None and ran(partial(_gives, made), args) and not ran(whole, args):
            return True
    return False


def _with_rows(one: Any, axis: int) -> Any:
    """A shape with several rows, if it is a matrix with one; anything else as it is."""
    if type(one) is not tuple or len(one) != 2 or one[axis] != 1:
        return one
    return (MANY, one[1]) if axis == 0 else (one[0], MANY)


def _gives(made: Callable[[], Any], args: list[Any]) -> bool:
    """Whether forward runs, and gives as many rows as it takes."""
    one = made()
    out = (getattr(one, "forward", None) or one)(*args)
    return MANY in np.shape(given_by(one, out, kept_in(one, out, OUTPUTS)))


def _renamed(cls: type, forward: str, backward: str) -> type:
    """The class with its methods under the names forward and backward."""
    if (forward, backward) == ("forward", "backward"):
        return cls
    name = cls.__name__
    other = type(name, (cls,), {"forward": getattr(cls, forward), "backward": getattr(cls, backward)})
    text = f'type("{name}", ({name},), {{"forward": {name}.{forward}, "backward": {name}.{backward}}})'
    setattr(other, MADE, (import_of(cls), text))
    return other


def _found(made: Callable[[], Any], call: Sequence[str], lib: str) -> tuple[Found, tuple[int, ...] | None] | None:
    """Arguments with which a layer runs, and those whose gradients it returns; None for all. If backward returns fewer
    gradients than there are arguments, the shapes of the arguments show whose they are, or do not: then those are taken
    with which the gradients are nearest to right.
    """
    for own in (True, False):
        fits = partial(_fits_layer, made, own=own)
        shown = tried(call, fits, None, lib, partial(_ran, made))
        near = [] if shown is None else [(*nearness(made, shown), shown)]
        if shown is None or near[0][1] is not None:
            either = tried(call, partial(fits, fewer=True), None, lib, partial(_ran, made))
            near += [] if either is None else [(*nearness(made, either), either)]
        if near:
            _, wrt, found = min(near, key=lambda one: one[0])
            return as_column(made, found, fits), wrt
    return None


def _fits_layer(made: Callable[[], Any], args: list[Any], *, own: bool = False, fewer: bool = False) -> bool:
    """Whether a layer runs on arguments, and its gradients have their shapes. own: also those of its parameters, which
    may have others if the layer is one for vectors and gets matrices. fewer: whether some arguments have no gradient;
    then the shapes show which.
    """
    one = made()
    arrays = held(one) if own else []
    before = [tensor_of(each.of(one)) for each in held(one)]
    outs, pull, steps = run_of(one, *args)
    below = pull(list(map(ones_like, outs)))
    pairs = [(each.of(one), at(one, place)) for each in arrays if (place := gradient_of(one, each)) is not None]
    if min(map(count_of, outs)) < 2 or any(np.shape(array) != np.shape(gradient) for array, gradient in pairs):
        return False
    real = list(filter(is_real, args))
    if below is None and steps:  # a whole network that only takes a step
        return any(not same_bits(tensor_of(each.of(one)), value) for each, value in zip(held(one), before, strict=True))
    if below is None and not real:  # an embedding: its argument has no gradient
        return bool(pairs)
    several = list(below) if isinstance(below, (tuple, list)) and len(args) > 1 else [below]
    if len(several) < len(real):
        shapes = [np.shape(g) for g in several]
        fit = [k for k in combinations(map(np.shape, real), len(several)) if list(k) == shapes]
        return len(fit) == 1 or (fewer and len(fit) > 1)
    return [np.shape(g) for g in several] == [np.shape(a) for a in args][: len(several)]


def _ran(made: Callable[[], Any], *args: Any) -> Any:
    one = made()
    return (getattr(one, "forward", None) or one)(*args)


def _called(made: Callable[[], Any]) -> Sequence[str] | None:
    """The parameters of forward of the object; None if the object cannot be created."""
    try:
        probe = made()
        return required(getattr(probe, "forward", None) or probe)
    except Exception as error:  # foreign code with guessed sizes
        note(error)
        return None


def _maker(cls: type, sizes: tuple[Any, ...], smaller: dict[str, float]) -> Callable[[], Any]:
    made = partial(cls, *sizes, **smaller) if sizes or smaller else cls
    return in_double(made) if _keeps_tensors(made) else made


def _keeps_tensors(made: Callable[[], Any]) -> bool:
    """Whether the objects keep tensors; false if none can be created."""
    return ran(lambda args: has_tensors(made(*args)), [])
