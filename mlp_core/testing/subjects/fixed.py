"""Tensors among the parameters that do not require grad, and get None as a gradient beside others that do: they are
data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from hypothesis import strategies as st

from mlp_core.testing.engine.guards import foreign
from mlp_core.testing.engine.source import MADE, import_of, name_of
from mlp_core.testing.examples.sample import sample

TOLD = "{} does not require grad and gets no gradient: taken as data"


class Fixed:
    """A function of (params, *data), as a function of the other parameters. The last arguments are the fixed ones and
    their places.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.__name__ = name_of(function)
        lines = [*import_of(function), "from mlp_core.testing.subjects.fixed import Fixed"]
        setattr(self, MADE, (lines, f"Fixed({name_of(function)})"))

    def __call__(self, params: Sequence[Any], *given: Any) -> Any:
        places = given[-1]
        n = len(given) - 1 - len(places)
        data, whole = given[:n], list(params)
        for place, value in zip(places, given[n:-1], strict=True):
            whole.insert(place, value)
        found = self.function(whole, *data)
        if not isinstance(found, (list, tuple)) or len(found) != len(whole):
            return found
        return [g for k, g in enumerate(found) if k not in places or g is not None]


def fixed_in(gradient: Callable[..., Any], inputs: st.SearchStrategy[Any]) -> tuple[int, ...]:
    """The places of the parameters that do not require grad and get no gradient, if others require grad."""
    try:
        params, *data = sample(inputs, 1)[0]
        asked = [p.requires_grad for p in params]
        if all(asked) or not any(asked):
            return ()
        with foreign():
            found = gradient([p.detach().clone() for p in params], *data)
        return tuple(k for k, one in enumerate(asked) if not one and found[k] is None)
    except Exception:  # a law reports it
        return ()


def apart(example: Any, places: Sequence[int]) -> Any:
    """An example (params, *data) with some parameters at its end."""
    params, *data = example
    others = [p for k, p in enumerate(params) if k not in places]
    return (others, *data, *(params[k].detach() for k in places), tuple(places))


def told(places: Sequence[int]) -> str:
    """A remark for the report; empty if there are none."""
    return "; ".join(TOLD.format(f"params[{k}]") for k in places)
