"""Update rules that a function makes from hyperparameters: init and update, or init, update and get_params."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mlp_core.testing.subjects.functional import pair_of
from mlp_core.testing.subjects.reading import Reading


def begun(rule: Callable[..., Any], params: Any, hyper: dict[str, Any]) -> Any:
    """The first state for parameters in their container."""
    return pair_of(rule, None, hyper)[0](params)


def stepped(
    rule: Callable[..., Any], reading: Reading, roles: dict[str, Any], hyper: dict[str, Any]
) -> tuple[Any, Any]:  # fmt: skip
    """The value that one step returns for the parameters, and the state after it. roles: the container or number for
    each of reading.taken.
    """
    given = [roles[role] for role in reading.taken]
    if reading.method:  # the state has the parameters, and a third function reads them
        _, update, read = rule(**hyper)
        after = update(*given)
        return read(after), after
    moved, after = pair_of(rule, None, hyper)[1](*given)
    return moved, after
