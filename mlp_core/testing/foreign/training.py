"""Finds functions that train a torch module, by the names of their parameters and by their own name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from mlp_core.base.errors import ArgumentError, Described
from mlp_core.testing import subjects
from mlp_core.testing.foreign.reach import Statement
from mlp_core.testing.subjects.heads import Head
from mlp_core.testing.subjects.training_roles import stands_in, told, trains

LOOKS = "a function that trains (model, loss_fn, train_loader, n_epochs, lr, ...)"

TRAINS = re.compile(r"train|fit|learn|epoch|optimi[sz]e|descent|sgd|tren", re.IGNORECASE)
"""names of functions that train"""

MODULE = "one that finishes on a small torch.nn.Module with its loss and its loader"


def trainers(
    functions: Iterable[tuple[str, Head]], statements: Sequence[Statement], asked: Callable[[str], bool]
) -> Iterator[tuple[str, frozenset[str]]]:
    """The name of each such function, with the variables of the file that its subject provides."""
    assigned = {one for s in statements if not s.defines and not s.star for one in s.binds}
    used = {name: s.later for s in statements if s.defines for name in s.binds}
    for name, head in functions:
        roles = told([*head.positional, *head.others])
        wanted = [*head.positional[: len(head.positional) - head.defaults], *head.wanted]
        known = TRAINS.search(name) and set(wanted) <= set(roles.values())
        around = frozenset(one for one in assigned if stands_in(one, roles))
        both = roles | told(sorted(around & used.get(name, set())))
        if head.form() is None and trains(both) and (known or asked(name)):
            yield name, around


def subject(function: Any, sizes: Any) -> Any:
    """The subject. Raises ArgumentError if no small module works: the function may train something else."""
    made: Any = subjects.training(function)
    if made.refused:
        raise ArgumentError(function.__name__, Described(f"a training function ({made.refused})"), MODULE)
    return made
