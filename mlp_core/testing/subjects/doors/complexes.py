"""Functions of complex numbers as functions of their real and imaginary parts.

autograd's gradient by a complex z is dL/dRe z + i dL/dIm z (torch, "Autograd mechanics"). So its parts are the
gradients by the real and imaginary parts, and a missing conjugate makes them wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from hypothesis import strategies as st
from torch import Tensor

from mlp_core.base.errors import ArgumentError
from mlp_core.testing.engine.guards import globals_kept
from mlp_core.testing.examples.foreign_arrays import copied
from mlp_core.testing.examples.sample import sample
from mlp_core.testing.subjects.doors.seeds import kept_by, seeded

FIRST = 4
"""the number of examples that are searched for complex numbers"""

PARTS = """\
def parts(value):
    return torch.view_as_real(value.resolve_conj()) if torch.is_tensor(value) and value.is_complex() else value
def NAME(*args):
    found = CALL(*[torch.view_as_complex(a) if k in PLACES else a for k, a in enumerate(args)])
    return tuple(map(parts, found)) if isinstance(found, (tuple, list)) else parts(found)"""
"""the lines of a snippet that define the same"""


def parts(value: Any) -> Any:
    """Real and imaginary part along a new last axis; a real value is unchanged."""
    return torch.view_as_real(value.resolve_conj()) if isinstance(value, Tensor) and value.is_complex() else value


@dataclass(frozen=True)
class ByParts:
    """A function with complex arguments at these places, and possibly complex results, as a function of their parts."""

    apply: Callable[..., Any]
    places: tuple[int, ...]

    def __call__(self, *args: Any) -> Any:
        found = self.apply(*(torch.view_as_complex(a) if k in self.places else a for k, a in enumerate(args)))
        return tuple(map(parts, found)) if isinstance(found, (tuple, list)) else parts(found)

    def of_parts(self, inputs: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        """The same arguments, with complex ones as their parts. Drawing raises ArgumentError if an argument is complex
        in only some examples.
        """

        def taken_apart(args: Any) -> Any:
            if _places(args) != self.places:
                raise ArgumentError("inputs", args, "arguments that are complex in every example or in none")
            return tuple(map(parts, args if isinstance(args, tuple) else (args,)))

        return inputs.map(taken_apart)

    def lines(self, name: str, call: str) -> list[str]:
        """Lines that define it as `name`."""
        text = PARTS.replace("NAME", name).replace("CALL", call).replace("PLACES", repr(self.places))
        return text.splitlines()


def by_parts(apply: Callable[..., Any], inputs: st.SearchStrategy[Any]) -> ByParts | None:
    """A function of the parts of its arguments and results, if any of these is complex."""
    first, *others = sample(inputs, FIRST)
    places = next(filter(None, map(_places, (first, *others))), ())
    return ByParts(apply, places) if places or _gives_some(apply, first) else None


def _places(args: Any) -> tuple[int, ...]:
    several = args if isinstance(args, tuple) else (args,)
    return tuple(k for k, a in enumerate(several) if isinstance(a, Tensor) and a.is_complex())


def _gives_some(apply: Callable[..., Any], args: Any) -> bool:
    """Whether it returns complex numbers, as torch.fft.rfft does for real arguments."""
    try:
        with globals_kept(), torch.no_grad(), seeded(kept_by(apply)):
            found = apply(*(copied(a) for a in (args if isinstance(args, tuple) else (args,))))
    except Exception:  # foreign code: its laws report it
        return False
    several = found if isinstance(found, (tuple, list)) else [found]
    return any(isinstance(o, Tensor) and o.is_complex() for o in several)
