"""A layer with given parameters, run forward and backward: its outputs, and a function to the gradients."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mlp_core.testing.engine.source import import_of, name_of
from mlp_core.testing.examples.arguments import Arguments
from mlp_core.testing.examples.foreign_arrays import copied, is_array, is_real
from mlp_core.testing.subjects.doors.again import anew
from mlp_core.testing.subjects.doors.form import Run
from mlp_core.testing.subjects.doors.held import Held, Place, at, word


@dataclass(frozen=True)
class Layered:
    """make() -> an object; args are its parameters, then the arguments of forward."""

    make: Callable[[], Any]
    parameters: tuple[Held, ...]
    gradients: Mapping[str, Place]
    """the place of the gradient of each parameter; empty if backward takes a step"""
    steps: bool
    call: str
    taken: int
    """how many outputs get an upstream gradient: a recurrent network may also return its last state"""
    kept: tuple[str, str] = ("", "")
    """the attributes with the results of forward and backward, if they return nothing"""
    nothing: bool = False
    """whether the step is all that backward does: it returns nothing"""

    def __call__(self, args: list[Any], made: Any = None) -> Run:
        n = len(self.parameters)
        made = self.make() if made is None else made
        for one, value in zip(self.parameters, args[:n], strict=True):
            one.put(made, value)
        out = given_by(made, getattr(made, self.call)(*args[n:]), self.kept[0])
        outs = (list(out) if isinstance(out, (tuple, list)) else [out])[: self.taken]

        def pull(above: Sequence[Any]) -> Any:
            before = [copied(one.of(made)) for one in self.parameters]
            found = given_by(made, made.backward(*above, *([1.0] if self.steps else [])), self.kept[1])
            below = list(found) if isinstance(found, (tuple, list)) else [found] * any(map(is_real, args[n:]))
            if self.nothing:
                below = []
            if self.steps:
                own = [b - one.of(made) for one, b in zip(self.parameters, before, strict=True)]
            else:
                own = [self._gradient(made, one) for one in self.parameters]
            return [*own, *below]

        return Run(outs, pull)

    def _gradient(self, made: Any, one: Held) -> Any:
        return at(made, self.gradients[one.name]) if one.name in self.gradients else None

    def source(self, example: Arguments) -> list[str]:
        n, rate = len(self.parameters), ", 1.0" if self.steps else ""
        names = [one.name for one in self.parameters]
        own = ", ".join(f"before[{k}] - made.{p}" if self.steps else f"made.{word(self.gradients[p])}"
                        if p in self.gradients else "None" for k, p in enumerate(names))  # fmt: skip
        sets = [f"    {' = '.join(f'made.{word(p)}' for p in one.places)} = copy.deepcopy(args[{k}])"
                for k, one in enumerate(self.parameters)]  # fmt: skip
        before = ", ".join(f"copy.deepcopy(made.{p})" for p in names)
        output, below = (
            f"; {one} = made.{attribute}" if attribute else ""
            for one, attribute in zip(("out", "below"), self.kept, strict=True)
        )
        return [
            *import_of(self.make), *anew(f"{name_of(self.make)}()"), *sets,
            f"    out = made.{self.call}(*args[{n}:]){output}", "    def pull(above):",
            f"        before = [{before}]",
            f"        below = made.backward(*above{rate}){below}",
            "        below = []" if self.nothing
            else "        below = list(below) if isinstance(below, (tuple, list)) else [below]",
            f"        return [{own}{', ' * bool(own)}*below]",
            f"    return (list(out) if isinstance(out, (tuple, list)) else [out])[:{self.taken}], pull",
        ]  # fmt: skip


def kept_in(made: Any, returned: Any, names: Sequence[str]) -> str:
    """The attribute with the result of a method that returned nothing; empty if there is none."""
    return "" if returned is not None else next((n for n in names if is_array(getattr(made, n, None))), "")


def given_by(made: Any, returned: Any, kept: str) -> Any:
    """The result of a method."""
    return getattr(made, kept) if kept else returned
