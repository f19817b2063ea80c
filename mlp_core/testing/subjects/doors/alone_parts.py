"""A gradient without its loss, or beside a cost: what runs the lines that are made of a file's definitions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np

from mlp_core.testing.engine.source import import_of, import_with
from mlp_core.testing.examples.arguments import Arguments
from mlp_core.testing.examples.foreign_arrays import copied
from mlp_core.testing.subjects.doors.again import Again
from mlp_core.testing.subjects.doors.alone_prelude import PRELUDE, scope_of
from mlp_core.testing.subjects.doors.form import Run
from mlp_core.testing.subjects.doors.parts import Parts
from mlp_core.testing.subjects.doors.seeds import Kept, kept_by, seeded


@dataclass(frozen=True)
class Alone:
    """A gradient with the loss that was found."""

    parts: Parts
    things: Sequence[Any]
    axis: int
    loss: str = "0.0"
    data: str = "0.0"
    """the loss without a penalty"""

    def scope(self) -> dict[str, Any]:
        """The namespace in which the text runs."""
        held = dict(eval(scope_of("thing", self.things[0]), {"thing": self.things[0]}))  # noqa: S307
        held.update({getattr(one, "__name__", ""): one for one in self.things})
        exec(f"{self.parts.text}\n{PRELUDE}", held)  # noqa: S102  (of lines that are the file's own)
        return held

    @cached_property
    def kept(self) -> Kept:
        """Its own random number generators."""
        return kept_by(*self.things)

    def run_of(self, scope: dict[str, Any] | None = None) -> Callable[..., Run]:
        """A function of arguments, and of two objects if they exist: one for the value, one for the gradients."""
        scope, loss = self.scope() if scope is None else scope, compile(self.loss, "loss", "eval")

        def run(args: list[Any], made: Sequence[Any] = ()) -> Run:
            with seeded(self.kept):
                scope.setdefault("MADE", [])[:] = made[:1]
                if self.parts.own:
                    value = scope["value"](*[copied(a) for a in args])
                else:
                    p, t = scope["met"](self.axis, *[copied(a) for a in args])
                    held = dict(zip(self.parts.arguments, args, strict=True))
                    value = eval(loss, {"np": np, "p": p, "t": t, **held})  # noqa: S307
            with seeded(self.kept):
                scope["MADE"][:] = made[1:]
                found = scope["gives"](*args)
            return Run([np.float64(value)], lambda above: found)

        return run

    def again(self, scope: dict[str, Any], args: list[Any]) -> Again | None:
        """How its objects run twice; None if it makes none, or if they take a step, which may depend on earlier ones.
        """
        if not self.parts.new:
            return None
        with np.errstate(all="ignore"):
            self.run_of(scope)(args)
        two = partial(_two, scope["new"])
        return None if scope["STEPPED"] else Again(two, sized=True)

    def source(self, example: Arguments) -> list[str]:
        first = import_with(self.things[0]) if len(self.things) > 1 else import_of(self.things[0])
        lines = [
            f"    p, t = scope['met']({self.axis}, *copy.deepcopy(args))",
            f"    {', '.join(self.parts.arguments)}{',' * (len(self.parts.arguments) == 1)} = copy.deepcopy(args)",
            f"    value = np.float64({self.loss})",
        ]  # fmt: skip
        if self.parts.own:
            lines = ["    value = np.float64(scope['value'](*copy.deepcopy(args)))"]
        sized = "def new(args): return [scope['new'](*copy.deepcopy(args)) for _ in range(2)]"
        made = [[f"    scope.setdefault('MADE', [])[:] = made[{part}]"] * self.parts.new for part in (":1", "1:")]
        return [
            *first, f"scope = dict({scope_of(self.things[0].__name__, self.things[0])})",
            f"exec({self.parts.text + chr(10) + PRELUDE!r}, scope)",
            *[sized] * self.parts.new, f"def run(args{', made=()' * self.parts.new}):",
            "    np.random.seed(0), torch.manual_seed(0)", *made[0], *lines,
            "    np.random.seed(0), torch.manual_seed(0)", *made[1],
            "    found = scope['gives'](*args)", "    return [value], lambda above: found",
        ]  # fmt: skip


def _two(new: Callable[..., Any], args: list[Any]) -> list[Any]:
    """Two new objects for arguments of these sizes: one for the value, one for the gradients."""
    return [new(*map(copied, args)) for _ in range(2)]
