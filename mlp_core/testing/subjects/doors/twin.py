"""Two functions of the same arguments that must return the same numbers, as a subject."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from hypothesis import strategies as st
from torch import Tensor

from mlp_core.base.errors import ArgumentError
from mlp_core.testing.engine.guards import foreign
from mlp_core.testing.engine.source import import_of, name_of
from mlp_core.testing.examples.arguments import Arguments, arguments
from mlp_core.testing.examples.farther import farther
from mlp_core.testing.examples.foreign_arrays import is_array
from mlp_core.testing.subjects.doors.results import numbers_of
from mlp_core.testing.subjects.doors.seeds import Kept, kept_by, seeded

RUN = """\
def run(f):
    torch.manual_seed(0), np.random.seed(0), random.seed(0)
    own = copy.deepcopy(args)
    return f(*own), own
def numbers(value):
    value = value if torch.is_tensor(value) else torch.as_tensor(np.asarray(value))
    return value.detach().double()"""


@dataclass(frozen=True)
class TwinSubject:
    """mine(*args) and reference(*args)."""

    name: str
    mine: Callable[..., Any]
    reference: Callable[..., Any]
    inputs: st.SearchStrategy[Arguments]
    waived: tuple[str, ...] = ()
    memo: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def kept(self) -> Kept:
        """The generators that the two functions keep for themselves."""
        return kept_by(self.mine, self.reference)

    def run(self, args: list[Any]) -> tuple[Any, list[Any]]:
        """The result of mine, and its arguments afterwards; random numbers begin at the same state."""
        with seeded(self.kept), np.errstate(all="ignore"), foreign():
            return self.mine(*args), args

    def right(self, args: list[Any]) -> tuple[Any, list[Any]]:
        """The same for the reference; its exceptions are errors of the user."""
        with seeded(self.kept), np.errstate(all="ignore"):
            return self.reference(*args), args

    def reaching(self) -> st.SearchStrategy[Arguments]:
        """Its inputs, some of which reach farther from 0."""

        def outputs(args: list[Any]) -> list[Tensor]:
            return [number for _, number in numbers_of(self.right(args)[0])]

        return farther(self.inputs, outputs)

    def snippet(self, example: Arguments, closing: str) -> str:
        """A snippet that runs both."""
        head = ["import copy, random", "import numpy as np", "import torch"]
        imports = dict.fromkeys([*import_of(self.mine), *import_of(self.reference)])
        names = [f"mine, reference = {name_of(self.mine)}, {name_of(self.reference)}"]
        plain = all(_written(a) for a in example.args)
        setup = example.setup() if plain else ["args = ...  # put here the arguments: " + example.describe()]
        return "\n".join([*head, *imports, *names, *setup, RUN, closing or "run(mine)"])


def _written(value: Any) -> bool:
    """Whether a value can be written as Python source."""
    if isinstance(value, (list, tuple)):
        return all(map(_written, value))
    if isinstance(value, dict):
        return all(map(_written, value.values()))
    return is_array(value) or isinstance(value, (int, float, str, bytes, bool, type(None)))


def twin(
    mine: Callable[..., Any], reference: Callable[..., Any], inputs: st.SearchStrategy[Any], *,
    waives: Sequence[str] = (),
) -> TwinSubject:  # fmt: skip
    """Two functions of the same arguments: mine must return the numbers of the reference, within what rounding
    explains.

    inputs: a Hypothesis strategy for the arguments (a tuple, or the only argument), or `arrays(...)`. Results may
    contain numpy, torch and jax arrays, numbers, lists, dicts, and modules, whose state is compared. Arguments that the
    reference changes are results too. Both functions draw the same random numbers. The tolerance is measured by running
    the reference with perturbed roundings (torch) and perturbed arguments (all libraries).

    Raises ArgumentError unless it gets two functions and a strategy.

    >>> import numpy as np
    >>> from mlp_core.testing import subjects, verify
    >>> mine = lambda x: np.exp(x) / np.exp(x).sum()
    >>> reference = lambda x: np.exp(x - x.max()) / np.exp(x - x.max()).sum()
    >>> verify(twin(mine, reference, subjects.arrays("(n)")), examples=10).ok
    True
    """
    for name, function in (("mine", mine), ("reference", reference)):
        if not callable(function):
            raise ArgumentError(name, function, "a function")
    if not isinstance(inputs, st.SearchStrategy):
        raise ArgumentError("inputs", inputs, "a Hypothesis strategy for the arguments, or arrays(...)")
    return TwinSubject(name_of(mine), mine, reference, arguments(inputs), tuple(waives))
