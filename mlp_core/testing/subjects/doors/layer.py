"""A layer as an object: forward(x), backward(dout), with parameters as attributes; gradients as attributes too, or a
step."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from itertools import takewhile
from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st

from mlp_core.base.errors import ArgumentError, Described
from mlp_core.equality import same_bits
from mlp_core.testing.engine.source import name_of
from mlp_core.testing.examples.arguments import arguments
from mlp_core.testing.examples.foreign_arrays import copied, is_real, moved, ones_like, tensor_of
from mlp_core.testing.examples.sample import sample
from mlp_core.testing.examples.shapes import Drawn, Shape, drawn
from mlp_core.testing.subjects.doors.again import Again
from mlp_core.testing.subjects.doors.form import Form
from mlp_core.testing.subjects.doors.given import every, indices, required, waived
from mlp_core.testing.subjects.doors.held import FORMS, Held, Place, gradient_of, held
from mlp_core.testing.subjects.doors.layered import Layered, given_by, kept_in
from mlp_core.testing.subjects.doors.names import ABOVE, BELOW, OUTPUTS
from mlp_core.testing.subjects.doors.seeds import seeded
from mlp_core.testing.subjects.doors.ungraded import sorted_out, values_in, written
from mlp_core.testing.subjects.doors.warmed import made_by_running, of_data, outputs_of, runs_with, warmed


def layer(
    make: Callable[[], Any], inputs: st.SearchStrategy[Any], gradients: str | Mapping[str, str] | None = None, *,
    wrt: Sequence[str | int] | None = None, waives: Sequence[str] = (), name: str = "",
) -> Form:  # fmt: skip
    """A layer as an object. make() returns an object with forward(x), or a callable one, and with backward(dout).
    backward returns the gradient of x and stores those of the parameters as attributes, or backward(dout,
    learning_rate) takes a step. If they return nothing, the attributes output and dinputs are the results.

    Its parameters are its arrays of real numbers, also those in its dicts and lists and in the layers that it is made
    of: they keep their sizes, and their entries are drawn. gradients: the names of the attributes with gradients, "d{}"
    or {"W": "grad_of_W"}; found by trying if not given. An array that is not in such a dict is a constant. inputs: a
    strategy for the arguments of forward. wrt: the names of those whose gradient backward returns; all of real numbers
    if not given. waives: as for `pair`.

    Raises ArgumentError if the object has no forward and backward.

    >>> import numpy as np
    >>> from mlp_core.testing import verify
    >>> from mlp_core.testing.subjects import arrays
    >>> class Scale:
    ...     def __init__(self):
    ...         self.W = np.ones(3)
    ...     def forward(self, x):
    ...         self.x = x
    ...         return x * self.W
    ...     def backward(self, dout):
    ...         self.dW = (dout * self.x).sum(0)
    ...         return dout * self.W
    >>> verify(layer(Scale, arrays("(n,3)")), examples=10).ok
    True
    """
    probe = _made_by(make)
    call = next((c for c in ("forward", "__call__") if hasattr(probe, c)), "")
    if not call or not hasattr(probe, "backward"):
        expected = "a function that makes an object with forward(x) and backward(dout)"
        raise ArgumentError("make", Described(f"{name_of(make)}, which makes a {type(probe).__name__}"), expected)
    arrays = held(probe)
    first = sample(inputs, 3)[-1]
    args = first if isinstance(first, tuple) else (first,)
    with seeded(), np.errstate(all="ignore"):
        returned = getattr(probe, call)(*map(copied, args))
        outs = given_by(probe, returned, kept_in(probe, returned, OUTPUTS))
        every_out = list(outs) if isinstance(outs, (tuple, list)) else [outs]
        taken, steps = upstream(probe.backward, len(every_out))
        above = list(map(ones_like, every_out[:taken]))
        before = [copied(one.of(probe)) for one in arrays]
        values = values_in(probe)
        below = probe.backward(*above, *([1.0] if steps else []))
    kept = kept_in(probe, returned, OUTPUTS), kept_in(probe, below, BELOW)
    named = {one.name: g for one in arrays if (g := _gradient_of(probe, one, gradients)) is not None}
    if steps:
        pairs = zip(arrays, before, strict=True)
        graded = [one.name for one, value in pairs if not same_bits(tensor_of(one.of(probe)), tensor_of(value))]
    else:
        graded = list(named)
    others = [one for one in arrays if one.name not in graded and _matters(make, call, one, args, kept[0])]
    others = [] if isinstance(gradients, Mapping) else others
    claimed = [one.places[0] for one in arrays] + list(named.values())
    rest = sorted_out(make, others, graded, written(probe, values, claimed), steps=steps)
    wanted = tuple(one for one in arrays if one.name in graded or one in rest.missing)
    nothing = steps and below is None and not kept[1] and wrt is None
    given = Layered(make, wanted, named, steps, call, taken, kept, nothing)
    shapes = [Shape(tuple(np.shape(one.of(probe)))) for one in wanted]
    lib = "numpy" if not wanted or isinstance(wanted[0].of(probe), np.ndarray) else "torch"
    whole = inputs.map(lambda one: one if isinstance(one, tuple) else (one,))
    if wanted:
        whole = st.builds(_beside, drawn(shapes, lib, {}), whole)
    names = (*(one.name for one in wanted), *every(getattr(probe, call)))
    n = len(wanted)
    only = () if nothing else indices(wrt, every(getattr(probe, call)))
    below_of = [k for k, value in enumerate(args) if is_real(value)] if only is None else only
    judged = tuple(n + k for k in below_of) if steps else None
    late = made_by_running(make, call, args)
    own = [each.name for each in held(probe) if each.name in late and _gradient_of(probe, each, gradients) is not None]
    new = [n for n in late if n in own or not of_data(make, call, args, n)]
    if own:
        lib = "torch" if any(isinstance(a, torch.Tensor) for a in args) else "numpy"
        warm = warmed(make, [tuple(np.shape(a)) if is_real(a) else a for a in args], lib)
        if runs_with(warm, call, [one if isinstance(one, tuple) else (one,) for one in sample(inputs, SIZES)]):
            return layer(warm, inputs, gradients, wrt=wrt, waives=waives, name=name or name_of(make))
    unmade = UNMADE.format(" and ".join(new)) if new else ""
    return Form(
        name or name_of(make), "layer", arguments(whole), given, given.source, names=names, once=True,
        asked=None if only is None else (*range(n), *(n + k for k in only)),
        shared=make() is probe, waived=waived(waives), again=None if judged == () else Again(make, judged),
        omitted=(rest.untested or unmade, "; ".join(filter(None, [rest.told, _left(taken, every_out, nothing)]))),
    )  # fmt: skip


SIZES = 8
"""the number of inputs that show whether their sizes vary"""

UNMADE = (
    "the first forward makes {}: give layer() a function that makes an object on which forward has run once, with "
    "inputs of the sizes of yours"
)

NOTHING = "backward returns nothing: only the gradients of its parameters are tested"

RATE = re.compile(r"learn(ing)?_?rate|lr|step_?size", re.IGNORECASE)
"""names of the rate of a step; alpha may also be a slope, and rate that of dropout"""


def upstream(backward: Callable[..., Any], outs: int) -> tuple[int, bool]:
    """How many upstream gradients a backward takes, of so many outputs, and whether it takes the rate of a step after
    them.
    """
    needed, names = required(backward), every(backward)
    kinds = [p.kind for p in inspect.signature(backward).parameters.values()]
    if len(needed) > outs:
        return outs, True
    if not needed or inspect.Parameter.VAR_POSITIONAL in kinds:
        return outs, False
    if len(needed) > 1 and RATE.fullmatch(needed[-1]):
        return len(needed) - 1, True
    rest = names[len(needed) :]
    more = len(list(takewhile(ABOVE.fullmatch, rest)))  # backward(dh, dc=None)
    return min(outs, len(needed) + more), bool(rest) and more == 0 and RATE.fullmatch(rest[0]) is not None


def _left(taken: int, outs: Sequence[Any], nothing: bool) -> str:
    """In words: the outputs without an upstream gradient, and whether backward returns nothing."""
    words = [f"backward takes no upstream gradient of output {k}" for k in range(taken, len(outs))]
    return "; ".join([*words, *([NOTHING] * nothing)])


def _beside(own: tuple[Any, ...], rest: tuple[Any, ...]) -> tuple[Any, ...]:
    """The parameters and the arguments of forward."""
    return Drawn((*own, *rest)) if isinstance(rest, Drawn) else (*own, *rest)


def _made_by(make: Any) -> Any:
    """A first layer. Raises ArgumentError if `make` is a layer itself or needs arguments."""
    wanted = "a function without arguments that makes a new layer"
    if not callable(make):
        got = f"an object of class {type(make).__name__}"
        raise ArgumentError("make", Described(got), f"{wanted}, such as its class")
    needed = required(make) if isinstance(make, type) or inspect.isroutine(make) else ()
    if needed:
        got = f"{name_of(make)}, which needs {', '.join(needed)}"
        example = f"lambda: {name_of(make)}({', '.join(f'{one}=...' for one in needed)})"
        raise ArgumentError("make", Described(got), f"{wanted}, such as {example}")
    return make()


def _gradient_of(probe: Any, one: Held, gradients: str | Mapping[str, str] | None) -> Place | None:
    """The place of the gradient of a parameter."""
    if isinstance(gradients, Mapping):
        return (f".{gradients[one.name]}",) if one.name in gradients else None
    return gradient_of(probe, one, FORMS if gradients is None else (gradients,))


def _matters(make: Callable[[], Any], call: str, one: Held, args: Sequence[Any], kept: str) -> bool:
    """Whether the result of forward depends on an array of the object."""
    found = []
    for far in (0.0, 1.0):
        with seeded(), np.errstate(all="ignore"):
            made = make()
            one.put(made, moved(one.of(made), far))
            out = given_by(made, getattr(made, call)(*map(copied, args)), kept)
        found.append(outputs_of(out))
    return any(a.shape != b.shape or bool((a != b).any()) for a, b in zip(*found, strict=True))
