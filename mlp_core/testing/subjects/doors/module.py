"""A torch module with a backward written by hand, which fills `.grad` of its parameters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch

from mlp_core.testing.engine.source import import_of, name_of
from mlp_core.testing.examples.arguments import Arguments
from mlp_core.testing.subjects.doors.again import Again, anew
from mlp_core.testing.subjects.doors.arrays import arrays
from mlp_core.testing.subjects.doors.asked import not_run
from mlp_core.testing.subjects.doors.form import Form, Run
from mlp_core.testing.subjects.doors.given import every, required, strategy_of
from mlp_core.testing.subjects.doors.raised import note
from mlp_core.testing.subjects.doors.seeds import seeded

SIZES = (), (3,), (3, 2), (3, 4, 2), (3, 4, 5, 2)
"""per number of arguments of the constructor, the sizes with which it is tried: the first is that of a row of data"""

DATA = "(n,3)", "(n,3,4,4)", "(n,4,3)"
"""shapes with which forward is tried"""


@dataclass(frozen=True)
class ByModule:
    """make() -> a module; args are its parameters, then the argument of forward. data: whether backward returns the
    gradient of that argument.
    """

    make: Callable[[], Any]
    count: int
    data: bool

    def new(self) -> Any:
        return self.make().double()

    def __call__(self, args: list[Any], made: Any = None) -> Run:
        made = self.new() if made is None else made
        own = list(made.parameters())
        with torch.no_grad():
            for p, value in zip(own, args, strict=False):
                p.copy_(value)
        out = made(*args[self.count :])

        def pull(above: Sequence[Any]) -> Any:
            made.zero_grad(set_to_none=True)
            below = made.backward(*above)
            return [*(p.grad for p in own), below] if self.data else [p.grad for p in own]

        return Run([out.detach()], pull)

    def source(self, example: Arguments) -> list[str]:
        sizes = ", ".join(map(repr, getattr(self.make, "args", ())))
        cls = getattr(self.make, "func", self.make)
        return [
            *import_of(cls), *anew(f"{name_of(cls)}({sizes}).double()"),
            "    own = list(made.parameters())", "    with torch.no_grad():",
            "        for p, value in zip(own, args):", "            p.copy_(value)",
            f"    out = made(*args[{self.count}:]).detach()", "    def pull(above):",
            "        made.zero_grad(set_to_none=True)", "        below = made.backward(*above)",
            f"        return [*(p.grad for p in own), below][:{self.count + self.data}]", "    return [out], pull",
        ]  # fmt: skip


def of_module(cls: type) -> Form:
    """The form of such a module. Raises ArgumentError if no sizes are found with which it runs, or if its backward
    fills no `.grad`.
    """
    names = required(cls)
    sizes = SIZES[len(names)] if len(names) < len(SIZES) else ()
    make = partial(cls, *sizes) if sizes else cls
    with seeded():
        for data in DATA:
            try:
                made = make().double()
                shapes = [tuple(p.shape) for p in made.parameters()]
                x = torch.randn(*(4 if s == "n" else int(s) for s in data.strip("()").split(",")), dtype=torch.float64)
                below = made.backward(torch.ones_like(made(x)))
                filled = [p.grad for p in made.parameters()]
            except Exception as error:  # foreign code with guessed sizes
                note(error)
                continue
            if any(g is not None for g in filled):
                whole = ",".join([*(f"({','.join(map(str, s))})" for s in shapes), data])
                run = ByModule(make, len(shapes), isinstance(below, torch.Tensor))
                named = tuple(name for name, _ in made.named_parameters())
                return Form(
                    cls.__name__, "layer", strategy_of(arrays(whole, lib="torch")), run, run.source,
                    names=(*named, *every(made.forward)), asked=tuple(range(len(shapes) + run.data)), once=True,
                    again=Again(run.new),
                    found=f'shapes found by trying: "{data}"',
                )  # fmt: skip
            note(None)
    call = f'layer(lambda: {cls.__name__}(...), subjects.arrays("(n,d)", lib="torch"))'
    raise not_run(f"{cls.__name__} runs and fills .grad", "a backward that fills .grad of each parameter", call)
