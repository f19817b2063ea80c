"""Chooses arguments one after the other, and drops a choice as soon as the function rejects it.

The arguments that are not chosen yet are `Absent`. Without them, four arguments of 28 shapes each have 600,000
combinations, most of which differ in arguments that the function never reaches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch

from mlp_core.testing.subjects.doors.assigned import built
from mlp_core.testing.subjects.doors.missing import Absent, Missing
from mlp_core.testing.subjects.doors.raised import note, stop_if_hopeless

CALLS = 20_000
"""the number of calls of a function in one search, and of assignments that it finds"""


class Search:
    """The combinations of options that a function does not reject, in their order.

    by_use: whether the argument that the function uses next is chosen next; otherwise the first that is left.
    """

    def __init__(
        self, call: Callable[..., Any], options: Sequence[Sequence[Any]], lib: str, *, by_use: bool
    ) -> None:  # fmt: skip
        self.call, self.options, self.lib, self.by_use = call, options, lib, by_use
        self.left = CALLS

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return self._below({})

    def understood(self) -> bool:
        """Whether a use of an absent argument is noticed: compiled code may reject it as an unknown type."""
        return self._used({}) is not None

    def _below(self, chosen: dict[int, Any]) -> Iterator[tuple[Any, ...]]:
        if len(chosen) == len(self.options):
            self.left -= 1
            yield tuple(chosen[k] for k in range(len(chosen)))
            return
        used = self._used(chosen)
        if used is None or self.left <= 0:
            return
        open_ = [k for k in range(len(self.options)) if k not in chosen]
        place = used if self.by_use and used in open_ else open_[0]
        for one in self.options[place] if self.left > 0 else ():
            yield from self._below({**chosen, place: one})

    def _used(self, chosen: dict[int, Any]) -> int | None:
        """The argument that is used next, -1 if it is not known; None if the function rejects the chosen ones."""
        self.left -= 1
        places = sorted(chosen)
        values = dict(zip(places, built([chosen[k] for k in places], self.lib), strict=True))
        args = [values[k] if k in values else Absent(k) for k in range(len(self.options))]
        try:
            self.call(*args)
        except Missing as missing:
            return missing.place
        except SystemError as error:  # numpy may go on after Missing was raised
            return error.__cause__.place if isinstance(error.__cause__, Missing) else None
        except Exception as error:  # foreign code with guessed arguments
            note(error)
            stop_if_hopeless(self.lib)
            return None
        return -1


class Context:
    """Stands in for the ctx of an autograd.Function: keeps attributes, and does nothing else."""

    needs_input_grad = (True,) * 20

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *args, **options: None


def forward_of(F: Any) -> Callable[..., Any]:
    """The forward of an autograd.Function without its ctx: apply uses every argument before forward begins."""
    forward = getattr(F, "forward", F)
    apart = getattr(F, "setup_context", None)
    if forward is F or apart is not torch.autograd.Function.setup_context:
        return forward
    return lambda *args: forward(Context(), *args)
